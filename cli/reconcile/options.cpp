#include "cli/reconcile/options.h"

#include <CLI/CLI.hpp>
#include <map>

#include "reconcile/status.h"

namespace iso::cli {
namespace {

// Of --memory, in bytes; "" if it will do.
std::string flaw_of_memory(const std::string& bytes) {
  constexpr std::uint64_t kLeast = std::uint64_t{32} << 20, kMost = std::uint64_t{1} << 50;
  const std::uint64_t memory = std::stoull(bytes);
  return memory < kLeast ? "32MiB is the least" : memory > kMost ? "1PiB is the most" : "";
}

void add_sides(CLI::App& app, ReconcileArgs& options) {
  app.add_option("left", options.left,
                 "What should be there: a file of records, -, sqlite:PATH#QUEUE, amqp://…#QUEUE or http://…")
      ->type_name("LEFT")
      ->required();
  app.add_option("right", options.right, "What is there: the same, or sqlite:PATH#acks")
      ->type_name("RIGHT")
      ->required();
  app.add_option("--expect", options.expected,
                 "With RIGHT an acks ledger: the applications that must have handled each message")
      ->type_name("APP,...")
      ->delimiter(',');
  app.add_option("--items", options.items, "Of a side that is fetched: where in each page its items are")
      ->type_name("POINTER");
  app.add_option("-H,--header", options.headers,
                 "Fetch with this header field, \"Name: value\"; may be repeated")
      ->type_name("FIELD")
      ->take_all()
      ->expected(1);
  app.add_option("--bearer-file", options.bearer_file, "Fetch with this file's first line as a bearer token")
      ->type_name("FILE");
  app.add_option("--password-file", options.password_file,
                 "Take the password of a broker whose URL has none from this file's first line")
      ->type_name("FILE");
}

void add_comparison(CLI::App& app, ReconcileArgs& options) {
  const std::string group = "Comparison";
  app.add_option("--key", options.keys,
                 "What makes two items the same, by another name on the right if need be; may be repeated")
      ->type_name("POINTER[=POINTER]")
      ->take_all()
      ->expected(1)
      ->default_str("/message_id")
      ->group(group);
  app.add_option("--compare", options.compare,
                 "Compare this part; else what a message says, or the whole item")
      ->type_name("POINTER[=POINTER]")
      ->expected(1)
      ->group(group);
  app.add_option("--ignore", options.ignored, "Do not compare this place; may be repeated")
      ->type_name("POINTER")
      ->take_all()
      ->expected(1)
      ->group(group);
  app.add_option("--unordered", options.unordered, "The order of this array does not matter; may be repeated")
      ->type_name("POINTER")
      ->take_all()
      ->expected(1)
      ->group(group);
  app.add_option("--grace", options.grace, "What is younger may still be on its way")
      ->type_name("DUR")
      ->default_str("60s")
      ->group(group);
  app.add_option("--stuck-after", options.stuck_after,
                 "What an outbox has held for so long without sending it is stuck")
      ->type_name("DUR")
      ->default_str("1h")
      ->group(group);
  app.add_flag("--sorted", options.sorted,
               "Both sides are in the order of their keys: hold nothing in memory")
      ->group(group);
  app.add_option("--memory", options.memory,
                 "Stay below this, 32MiB or more; what has no room goes to TMPDIR")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false).description(""))
      ->check(flaw_of_memory)
      ->default_str("256MiB")
      ->group(group);
}

void add_answer(CLI::App& app, ReconcileArgs& options) {
  const std::map<std::string, ReconcileForm> forms{{"records", ReconcileForm::records},
                                                   {"table", ReconcileForm::table},
                                                   {"summary", ReconcileForm::summary}};
  app.add_option("--out", options.form,
                 "Print findings as records, as a table for people, or only their counts")
      ->type_name("FORM")
      ->transform(CLI::CheckedTransformer(forms).description("{records,table,summary}"))
      ->default_str("records");
  std::vector<std::string> names;
  for (const auto name : reconcile::kStatusNames)
    if (name != name_of(reconcile::Status::inflight)) names.emplace_back(name);
  app.add_option("--fail-on", options.fail_on,
                 "Only these findings make the exit status 1; else all but inflight")
      ->type_name("STATUS,...")
      ->delimiter(',')
      ->check(CLI::IsMember(names));
  app.add_flag("--allow-empty", options.allow_empty, "A LEFT that is fetched or a file may have no items");
  app.add_option("--watch", options.watch, "Compare again every DUR; report what stays longer than --grace")
      ->type_name("DUR");
}

void add_repair(CLI::App& app, ReconcileArgs& options) {
  const std::string group = "Repair";
  app.add_option("--plan", options.plan, "Write what RIGHT lacks to FILE, as records that publish reads")
      ->type_name("FILE")
      ->excludes("--watch")
      ->group(group);
  auto* repair = app.add_flag("--repair", options.repair, "Send what RIGHT lacks there, then look again")
                     ->excludes("--watch")
                     ->group(group);
  app.add_option("--repair-to", options.repair_to,
                 "Send it to this end instead; FILE of --plan remembers what was sent")
      ->type_name("END")
      ->needs(repair)
      ->needs("--plan")
      ->group(group);
  app.add_flag("--force", options.force, "Send even more than a tenth of LEFT")->needs(repair)->group(group);
}

}  // namespace

void ReconcileArgs::add_to(CLI::App& app) {
  add_sides(app, *this);
  add_answer(app, *this);
  add_comparison(app, *this);
  add_repair(app, *this);
  add_timeout_option(app, timeout, "Wait so long for a side to be reached, and for a confirm of a repair");
  add_voice_options(app, voice);
}

}  // namespace iso::cli
