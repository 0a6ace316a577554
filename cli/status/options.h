#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/shared/common_options.h"

namespace iso::cli {

// What `iso status` was asked for. An empty text: not given.
struct StatusOptions {
  CommonOptions common;
  std::vector<std::string> queues;
  std::string wait, watch, max_age;  // durations
  std::optional<std::uint64_t> max_ready, min_consumers;
  std::string format;  // "table" or "records"; "": a table on a terminal, else records

  // Declares them.
  void add_to(CLI::App& app);
};

}  // namespace iso::cli
