#include "cli/listen/options.h"

#include <CLI/CLI.hpp>
#include <map>

namespace iso::cli {
namespace {

void add_source_options(CLI::App& app, ListenOptions& options) {
  app.add_option("queue", options.queue, "The queue to listen to; none with --bind taps the exchange")
      ->type_name("QUEUE");
  app.add_option("--bind", options.bindings, "Bind the queue to an exchange first; may be repeated")
      ->type_name("EXCHANGE[:KEY]")
      ->take_all()
      ->expected(1);
  app.add_flag("--declare", options.declare, "Create what is missing: the queue, the exchanges of --bind");
  app.add_option("--count", options.count, "Stop after N messages; fewer is a failure")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  app.add_option("--idle", options.idle, "Stop when no message came for so long")->type_name("DUR");
  app.add_flag("--drain", options.drain, "Stop when the queue is empty");
  app.add_flag("--peek", options.peek_how,
               "Look without consuming: what is there now stays there; a quorum queue counts each look, so "
               "there say =counted")
      ->type_name("[=counted]")
      ->check([](const std::string& text) {
        return text == "true" || text == "counted" ? std::string() : text + ": say --peek or --peek=counted";
      })
      ->each([&options](const std::string&) { options.peek = true; });
  app.add_option("--prefetch", options.prefetch, "Messages with us and not acknowledged yet")
      ->type_name("N")
      ->check(CLI::Range(1, 65'535))
      ->default_str("1000, with --coprocess 100, with --exec twice the jobs");
  auto* inbox = app.add_option("--inbox", options.inbox,
                               "Store each message once in this store, acknowledge it, then hand it on")
                    ->type_name("END");
  inbox->excludes("--peek");
  app.add_option("--dedupe-key", options.dedupe_key,
                 "With --inbox: what makes two messages the same, a JSON pointer; else message_id")
      ->type_name("POINTER")
      ->needs(inbox);
}

void add_handler_options(CLI::App& app, ListenOptions& options) {
  auto* exec =
      app.add_option("--exec", options.exec,
                     "Run a command for each message: exit 0 acknowledges, 75 asks for it again later, any "
                     "other rejects it")
          ->type_name("CMD")
          ->excludes("--peek");
  app.add_option("--jobs", options.jobs, "With --exec: commands at once")
      ->type_name("N")
      ->check(CLI::Range(1, 1000))
      ->needs(exec)
      ->default_str("1");
  app.add_option("--coprocess", options.coprocess,
                 "Run one command for all messages: a record a line to it, an answer a line from it")
      ->type_name("CMD")
      ->excludes("--peek")
      ->excludes(exec);
  app.add_option("--job-timeout", options.job_timeout,
                 "Kill a command that runs, or a coprocess that answers nothing, for longer, and reject")
      ->type_name("DUR");
  add_grace_option(app, options.grace);
  app.add_flag("--reply", options.reply, "Publish what the command says to the message's reply_to");
  app.add_option("--confirm-as", options.confirm_as,
                 "Publish to reply_to that this application has handled the message, or has failed to")
      ->type_name("APP")
      ->excludes("--peek");
  auto* acks = app.add_option("--acks", options.acks,
                              "Store the confirmations that come, each once, in the ledger of this store")
                   ->type_name("END");
  for (const char* other : {"--exec", "--coprocess", "--inbox", "--peek", "--reply", "--confirm-as"})
    acks->excludes(other);
}

void add_output_options(CLI::App& app, ListenOptions& options) {
  const std::map<std::string, ends::StreamFormat> formats{{"records", ends::StreamFormat::records},
                                                          {"base64", ends::StreamFormat::base64},
                                                          {"body", ends::StreamFormat::body},
                                                          {"raw", ends::StreamFormat::raw}};
  app.add_option(
         "--out", options.format,
         "What to print: records, base64 (records, bodies byte for byte), body (a line each), or raw bytes")
      ->type_name("FORM")
      ->excludes("--exec")
      ->excludes("--coprocess")
      ->excludes("--acks")
      ->transform(CLI::CheckedTransformer(formats).description("{records,base64,body,raw}"))
      ->default_str("records");
}

}  // namespace

void ListenOptions::add_to(CLI::App& app) {
  add_source_options(app, *this);
  add_handler_options(app, *this);
  add_output_options(app, *this);
  auto* registers =
      app.add_option("--register", self, "Be found as an instance of a service for as long as listen runs")
          ->type_name("NAME=HOST:PORT");
  registers->needs(add_registry_option(app, registry, "Register there"));
  add_breaker_options(app, breaker, "the command, and the connection to the broker,");
  add_common_options(app, common, "Stop after so long");
}

}  // namespace iso::cli
