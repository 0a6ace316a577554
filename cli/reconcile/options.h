#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/shared/common_options.h"

namespace iso::cli {

enum class ReconcileForm { records, table, summary };

// What `iso reconcile` was asked for. An empty text: not given.
struct ReconcileArgs {
  Verbosity voice;
  std::string timeout;
  std::string left, right;

  std::vector<std::string> keys, compare, ignored, unordered, tolerances;
  std::vector<std::string> expected;
  std::string grace, stuck_after;
  bool sorted = false;

  ReconcileForm form = ReconcileForm::records;
  std::vector<std::string> fail_on;
  bool allow_empty = false;

  std::string plan, repair_to;
  bool repair = false, force = false;
  std::string watch;

  std::uint64_t memory = std::uint64_t{256} << 20;

  std::string items, bearer_file;  // of a side that is fetched
  std::vector<std::string> headers;
  std::string password_file;  // of a broker

  // Declares them.
  void add_to(CLI::App& app);
};

}  // namespace iso::cli
