#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/shared/breaker_options.h"
#include "cli/shared/common_options.h"
#include "cli/shared/record_options.h"
#include "cli/shared/where_option.h"
#include "pump/end_options.h"
#include "record/split.h"

namespace iso::cli {

// What `iso publish` was asked for. An empty text: not given.
struct PublishOptions {
  CommonOptions common;
  BreakerFlags breaker;
  RecordOptions record;
  WhereOption where;
  std::string settings, from, rejects;
  std::string receipts;      // "all", "failed", "none"; "": all, but with --quiet those that failed
  std::string wait;          // a duration
  std::string await_acks;    // "billing,shop"
  std::string grace = "5s";  // a duration
  std::optional<std::string> body;
  std::vector<std::string> files;
  Framing framing = Framing::json;
  std::uint64_t count = 0;
  double rate = 0;
  std::size_t window = 1000;
  std::uint32_t max_attempts = 5;
  std::uint64_t max_message = kMaxMessage;  // bytes
  std::string await_replies;                // how many to each message, in decimal; "true": all in time
  std::string state;                        // of --from: "dead", "conflict"
  std::string pace;                         // "original", "2x"
  bool to_origin = false, strict = false, keep_broker_headers = false, dry_run = false, follow = false;

  double speed() const;  // of --pace, where 1 is as it was

  // Declares them.
  void add_to(CLI::App& app);
};

}  // namespace iso::cli
