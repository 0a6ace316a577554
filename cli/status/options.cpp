#include "cli/status/options.h"

#include <CLI/CLI.hpp>

namespace iso::cli {

void StatusOptions::add_to(CLI::App& app) {
  app.add_option("queues", queues, "Queues to look at; without one, all there are")->type_name("QUEUE...");
  app.add_option("--wait", wait,
                 "Wait at most DUR until the end can be reached, each queue exists and each limit is kept")
      ->type_name("DUR");
  app.add_option("--watch", watch, "Look again every DUR until interrupted, and show rates")
      ->type_name("DUR")
      ->excludes("--wait");
  app.add_option("--max-ready", max_ready, "Exit with 1 if a queue has more than N messages ready")
      ->type_name("N");
  app.add_option("--max-age", max_age, "Exit with 1 if the oldest message of a queue is older than DUR")
      ->type_name("DUR");
  app.add_option("--min-consumers", min_consumers, "Exit with 1 if a queue has fewer than N consumers")
      ->type_name("N");
  app.add_option("--out", format, "What to print: a table, or one record for each queue")
      ->type_name("FORM")
      ->check(CLI::IsMember({"table", "records"}).description("{table,records}"))
      ->default_str("table on a terminal, else records");
  add_common_options(app, common, "Give up after DUR without an answer (30s)");
}

}  // namespace iso::cli
