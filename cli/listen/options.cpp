#include "cli/listen/options.h"

#include <CLI/CLI.hpp>
#include <map>

#include "cli/shared/state_option.h"
#include "cli/shared/waiting.h"

namespace iso::cli {
namespace {

// A flag of its own, or from the environment: ISO_PEEK=1.
bool is_on(std::string_view text) {
  return text == "true" || text == "1" || text == "yes" || text == "on";
}
bool is_switch(std::string_view text) {
  return is_on(text) || text == "false" || text == "0" || text == "no" || text == "off";
}

void add_source_options(CLI::App& app, ListenOptions& options) {
  app.add_option("queue", options.queue,
                 "Queue to listen to; without one, --bind taps the exchange through a private queue")
      ->type_name("QUEUE");
  app.add_option("--bind", options.bindings, "Bind the queue to EXCHANGE first; may be repeated")
      ->type_name("EXCHANGE[:KEY]")
      ->take_all()
      ->expected(1);
  app.add_flag("--declare", options.declare,
               "Create the queue and the exchanges of --bind if they do not exist");
  options.created.add_to(app, "Options");
  app.get_option("--queue-type")->needs("--declare");
  app.add_option("--offset", options.offset,
                 "Where to begin in a stream: first, last, next, an offset, a time, or a duration ago")
      ->type_name("OFFSET")
      ->default_str("next, with --drain or --peek first");
  app.add_option("--count", options.count, "Stop after N messages; exit with 1 if there were fewer")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  options.where.add_to(app);
  app.add_option("--idle", options.idle, "Stop after DUR without a message")->type_name("DUR");
  add_wait_option(app, options.wait);
  app.add_flag("--drain", options.drain, "Stop when the queue is empty");
  app.add_flag("--peek", options.peek_how,
               "Print the messages without consuming them; a quorum queue counts each look as a delivery, so "
               "for one use --peek=counted")
      ->type_name("[=counted]")
      ->check([](const std::string& text) {
        return text == "counted" || is_switch(text)
                   ? std::string()
                   : "\"" + text + "\" is unknown here: use --peek or --peek=counted";
      })
      ->each([&options](const std::string& text) { options.peek = text == "counted" || is_on(text); });
  add_state_option(app, options.state, "--peek");
  app.add_option("--prefetch", options.prefetch, "Most messages held unacknowledged at a time")
      ->type_name("N")
      ->check(CLI::Range(1, 65'535))
      ->default_str("1000, with --coprocess 100, with --exec the jobs");
  app.add_option("--max-message", options.max_message,
                 "Largest body to take from a queue; a larger message ends the run")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false).description(""))
      ->default_str("256MiB");
  auto* inbox =
      app.add_option("--inbox", options.inbox,
                     "Store each message once in this store, acknowledge it, then print or handle it")
          ->type_name("END");
  inbox->excludes("--peek");
  app.add_option("--dedupe-key", options.dedupe_key,
                 "With --inbox: JSON Pointer to the key that identifies a message; otherwise message_id")
      ->type_name("POINTER")
      ->needs(inbox);
}

void add_handler_options(CLI::App& app, ListenOptions& options) {
  auto* exec =
      app.add_option("--exec", options.exec,
                     "Run CMD for each message: exit 0 acknowledges it, 75 requeues it with increasing "
                     "delays, any other status rejects it")
          ->type_name("CMD")
          ->excludes("--peek");
  app.add_option("--jobs", options.jobs, "With --exec: run at most N commands at a time")
      ->type_name("N")
      ->check(CLI::Range(1, 1000))
      ->needs(exec)
      ->default_str("1");
  app.add_option("--coprocess", options.coprocess,
                 "Run one CMD for all messages: it reads a record per line and writes an answer per line")
      ->type_name("CMD")
      ->excludes("--peek")
      ->excludes(exec);
  app.add_option("--job-timeout", options.job_timeout,
                 "Kill a command that runs longer than DUR, or a coprocess that answers nothing for DUR, and "
                 "reject the message")
      ->type_name("DUR");
  add_grace_option(app, options.grace);
  app.add_flag("--reply", options.reply, "Publish the command's output to the message's reply_to");
  app.add_option("--confirm-as", options.confirm_as,
                 "Publish to reply_to whether application APP handled the message")
      ->type_name("APP")
      ->excludes("--peek");
  auto* acks = app.add_option("--acks", options.acks,
                              "Store each confirmation that arrives, once, in the ledger of this store")
                   ->type_name("END");
  for (const char* other : {"--exec", "--coprocess", "--inbox", "--peek", "--reply", "--confirm-as"})
    acks->excludes(other);
}

void add_output_options(CLI::App& app, ListenOptions& options) {
  app.add_option("--rejects", options.rejects,
                 "Also write the messages that were rejected to FILE, ready to be published again")
      ->type_name("FILE")
      ->excludes("--peek");
  const std::map<std::string, ends::StreamFormat> formats{{"records", ends::StreamFormat::records},
                                                          {"base64", ends::StreamFormat::base64},
                                                          {"body", ends::StreamFormat::body},
                                                          {"raw", ends::StreamFormat::raw},
                                                          {"pretty", ends::StreamFormat::pretty}};
  app.add_option("--out", options.format,
                 "What to print: records, base64 (records with exact bodies), body (one per line), raw "
                 "(only the bytes), or pretty (for people)")
      ->type_name("FORM")
      ->excludes("--exec")
      ->excludes("--coprocess")
      ->excludes("--acks")
      ->transform(CLI::CheckedTransformer(formats).description("{records,base64,body,raw,pretty}"))
      ->default_str("pretty on a terminal, else records");
}

}  // namespace

void ListenOptions::add_to(CLI::App& app) {
  add_source_options(app, *this);
  add_handler_options(app, *this);
  add_output_options(app, *this);
  auto* registers = app.add_option("--register", self,
                                   "Register HOST:PORT as an instance of service NAME while listen runs")
                        ->type_name("NAME=HOST:PORT");
  registers->needs(add_registry_option(app, registry, "Registry to register in"));
  add_breaker_options(app, breaker, "the handler and the connection to the broker");
  add_common_options(app, common, "Stop after DUR");
}

}  // namespace iso::cli
