#include "cli/reconcile/options.h"

#include <CLI/CLI.hpp>
#include <map>

#include "base/integer.h"
#include "reconcile/status.h"

namespace iso::cli {
namespace {

// Of --memory, in bytes; "" if it will do.
std::string flaw_of_memory(const std::string& bytes) {
  constexpr std::uint64_t kLeast = std::uint64_t{32} << 20, kMost = std::uint64_t{1} << 50;
  const auto memory = read_integer<std::uint64_t>(bytes).value_or(UINT64_MAX);
  return memory < kLeast ? "at least 32MiB" : memory > kMost ? "at most 1PiB" : "";
}

void add_sides(CLI::App& app, ReconcileArgs& options) {
  app.add_option(
         "left", options.left,
         "What should be there: a file (records, an array or CSV), -, sqlite:PATH#QUEUE, amqp://…#QUEUE or "
         "http://…")
      ->type_name("LEFT")
      ->required();
  app.add_option("right", options.right, "What is there: the same, or sqlite:PATH#acks")
      ->type_name("RIGHT")
      ->required();
  app.add_option("--expect", options.expected,
                 "With a ledger as RIGHT: the applications that must have handled each message")
      ->type_name("APP,...")
      ->delimiter(',');
  app.add_option("--items", options.items,
                 "JSON Pointer to the array of items in each page, or in each file if no side is fetched")
      ->type_name("POINTER");
  app.add_option("-H,--header", options.headers,
                 "For a side that is fetched: send this header field, \"Name: value\"; may be repeated")
      ->type_name("FIELD")
      ->take_all()
      ->expected(1);
  app.add_option("--bearer-file", options.bearer_file,
                 "For a side that is fetched: send the first line of FILE as a bearer token")
      ->type_name("FILE");
  app.add_option("--password-file", options.password_file,
                 "Read the password of a broker whose URL has none from the first line of FILE")
      ->type_name("FILE");
}

void add_comparison(CLI::App& app, ReconcileArgs& options) {
  const std::string group = "Comparison";
  app.add_option("--key", options.keys,
                 "JSON Pointer to the key of an item, LEFT=RIGHT if the sides differ; may be repeated")
      ->type_name("POINTER[=POINTER]")
      ->take_all()
      ->expected(1)
      ->default_str("/message_id")
      ->group(group);
  app.add_option("--compare", options.compare,
                 "Compare only this part; otherwise the content of a message, or the whole item")
      ->type_name("POINTER[=POINTER]")
      ->expected(1)
      ->group(group);
  app.add_option("--ignore", options.ignored,
                 "Do not compare this part, such as /items/*/updated_at; may be repeated")
      ->type_name("POINTER")
      ->take_all()
      ->expected(1)
      ->group(group);
  app.add_option(
         "--unordered", options.unordered,
         "Ignore the order of this array, and match elements by the part that the second POINTER selects "
         "in them; may be repeated")
      ->type_name("POINTER[=POINTER]")
      ->take_all()
      ->expected(1)
      ->group(group);
  app.add_option("--tolerance", options.tolerances,
                 "Take numbers that differ by at most N, or times by DUR, for equal; may be repeated")
      ->type_name("POINTER=N|DUR")
      ->take_all()
      ->expected(1)
      ->group(group);
  app.add_option("--grace", options.grace, "Report an item that is missing and younger than DUR as inflight")
      ->type_name("DUR")
      ->default_str("60s")
      ->group(group);
  app.add_option("--stuck-after", options.stuck_after,
                 "Report a message that its outbox has held unsent for DUR as stuck")
      ->type_name("DUR")
      ->default_str("1h")
      ->group(group);
  app.add_flag("--sorted", options.sorted,
               "Both sides are sorted by key: compare in one pass, in constant memory")
      ->group(group);
  app.add_option("--memory", options.memory,
                 "Use at most SIZE of memory, 32MiB or more; the rest goes to TMPDIR")
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
                 "Exit with 1 only for these findings; otherwise for all except inflight")
      ->type_name("STATUS,...")
      ->delimiter(',')
      ->check(CLI::IsMember(names));
  app.add_flag("--allow-empty", options.allow_empty,
               "Allow a LEFT from a file or over HTTP that has no items");
  app.add_option("--watch", options.watch, "Compare again every DUR; report what lasts longer than --grace")
      ->type_name("DUR");
}

void add_repair(CLI::App& app, ReconcileArgs& options) {
  const std::string group = "Repair";
  app.add_option("--plan", options.plan,
                 "Write what is missing from RIGHT to FILE, as records that publish reads")
      ->type_name("FILE")
      ->excludes("--watch")
      ->group(group);
  auto* repair = app.add_flag("--repair", options.repair, "Send what is missing to RIGHT, then compare again")
                     ->excludes("--watch")
                     ->group(group);
  app.add_option("--repair-to", options.repair_to,
                 "Send it to END instead; the file of --plan records what was sent")
      ->type_name("END")
      ->needs(repair)
      ->needs("--plan")
      ->group(group);
  app.add_flag("--force", options.force, "Allow a repair of more than a tenth of LEFT")
      ->needs(repair)
      ->group(group);
}

}  // namespace

void ReconcileArgs::add_to(CLI::App& app) {
  add_sides(app, *this);
  add_answer(app, *this);
  add_comparison(app, *this);
  add_repair(app, *this);
  add_timeout_option(app, timeout, "Wait at most DUR to reach a side, and for a confirm of a repair");
  add_voice_options(app, voice);
}

}  // namespace iso::cli
