#include "cli/publish/options.h"

#include <CLI/CLI.hpp>
#include <map>

#include "base/integer.h"
#include "base/real.h"
#include "cli/shared/state_option.h"
#include "cli/shared/waiting.h"

namespace iso::cli {
namespace {

// "original" is 1, "2x" is 2.
std::optional<double> speed_of(const std::string& text) {
  if (text == "original") return 1;
  double speed = 0;
  const auto [end, error] = read_real(text, speed);
  const bool good = error == std::errc{} && std::string_view(end) == "x" && speed > 0 && speed < 1e9;
  return good ? std::optional(speed) : std::nullopt;
}

void add_input_options(CLI::App& app, PublishOptions& options) {
  app.add_option("settings", options.settings, "Settings file: a record without a body")
      ->type_name("SETTINGS");
  auto* body = app.add_option("--body", options.body,
                              "Publish one message with this JSON body; with --count, N of them")
                   ->type_name("JSON");
  app.add_option("--file", options.files,
                 "Read message bodies from PATH, or from each file of a folder, instead of standard input; "
                 "may be repeated")
      ->type_name("PATH")
      ->excludes(body);
  auto* from = app.add_option("--from", options.from,
                              "Take messages from another end: URL#QUEUE, or a file of records")
                   ->type_name("END")
                   ->excludes(body)
                   ->excludes("--file");
  app.add_flag("--follow", options.follow, "With --from: wait for more messages when the queue is empty")
      ->needs(from);
  options.where.add_to(app);
  app.get_option("--where")->needs(from);
  add_state_option(app, options.state, "--from");
  app.add_flag("--to-origin", options.to_origin,
               "With --from: send each message to the exchange and key that it had before it was first "
               "dead-lettered; one that never was stays where it is")
      ->needs(from);
  app.add_option("--pace", options.pace,
                 "With --from: leave the pauses between messages that their received_at shows, or shorter "
                 "ones: original, or 2x for twice as fast")
      ->type_name("PACE")
      ->needs(from)
      ->check([](const std::string& text) {
        return speed_of(text) ? std::string() : "\"" + text + "\" is not original, or a speed such as 2x";
      });
  app.add_option("--max-attempts", options.max_attempts,
                 "With --from a store: a message is dead after N failed attempts")
      ->type_name("N")
      ->check(CLI::PositiveNumber)
      ->needs(from)
      ->default_str("5");
  app.add_option("--max-message", options.max_message, "Largest body to take from a queue or put in a store")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false).description(""))
      ->default_str("256MiB");
  const std::map<std::string, Framing> framings{{"json", Framing::json},
                                                {"lines", Framing::lines},
                                                {"whole", Framing::whole},
                                                {"records", Framing::records}};
  app.add_option("--in", options.framing,
                 "How input is split into messages: JSON values, lines of text, the whole input, or records")
      ->type_name("FORM")
      ->transform(CLI::CheckedTransformer(framings).description("{json,lines,whole,records}"))
      ->excludes(from)
      ->default_str("json");
}

void add_pace_options(CLI::App& app, PublishOptions& options) {
  app.add_option("--count", options.count, "Publish at most N messages; exit with 1 if there were fewer")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  app.add_option("--rate", options.rate, "Publish at most N messages per second")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  app.add_option("--window", options.window, "Most messages sent and not yet confirmed")
      ->type_name("N")
      ->check(CLI::Range(1, 65'535))
      ->default_str("1000");
}

void add_outcome_options(CLI::App& app, PublishOptions& options) {
  app.add_flag(
         "--await-replies", options.await_replies,
         "Print the replies to each message: N of them with =N, otherwise all that arrive within --timeout")
      ->type_name("[=N]")
      ->check([](const std::string& text) {
        constexpr std::uint32_t kMost = 999'999;
        const auto replies = read_integer<std::uint32_t>(text).value_or(0);
        const bool good = text == "true" || (replies != 0 && replies <= kMost);
        return good ? std::string() : "\"" + text + "\" is not a number of replies";
      });
  app.add_option(
         "--await-acks", options.await_acks,
         "With --from a store: then wait until its ledger says that each APP has handled each message")
      ->type_name("APP[,APP...]")
      ->needs("--from")
      ->excludes("--follow")
      ->excludes("--await-replies");
  app.add_option("--receipts", options.receipts, "Which receipts to print")
      ->type_name("WHICH")
      ->check(CLI::IsMember({"all", "failed", "none"}).description("{all,failed,none}"))
      ->excludes("--await-replies")
      ->default_str("all; with --quiet failed");
  app.add_option("--rejects", options.rejects,
                 "Write the records that were not confirmed to FILE, ready to be published again")
      ->type_name("FILE");
  add_wait_option(app, options.wait);
  add_grace_option(app, options.grace);
  app.add_flag("--keep-broker-headers", options.keep_broker_headers,
               "Publish the headers that a broker added, such as x-death; otherwise they are left out");
  app.add_flag("--strict", options.strict, "Stop at the first invalid input");
  app.add_flag("--dry-run", options.dry_run, "Print the records that would be published, and publish nothing")
      ->excludes("--await-replies")
      ->excludes("--await-acks");
}

}  // namespace

void PublishOptions::add_to(CLI::App& app) {
  add_input_options(app, *this);
  add_pace_options(app, *this);
  add_outcome_options(app, *this);
  record.add_to(app);
  for (const char* destination : {"--exchange", "--routing-key"})
    app.get_option("--to-origin")->excludes(destination);
  add_breaker_options(app, breaker, "the connection to the broker");
  add_common_options(app, common, "Give up after DUR without a confirm (30s; with --follow never)");
}

double PublishOptions::speed() const {
  return speed_of(pace).value_or(1);
}

}  // namespace iso::cli
