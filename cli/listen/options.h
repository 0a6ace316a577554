#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/shared/breaker_options.h"
#include "cli/shared/common_options.h"
#include "cli/shared/queue_options.h"
#include "cli/shared/registry_options.h"
#include "cli/shared/where_option.h"
#include "ends/stream.h"
#include "pump/end_options.h"

namespace iso::cli {

// What `iso listen` was asked for. An empty text: not given.
struct ListenOptions {
  CommonOptions common;
  BreakerFlags breaker;
  std::string queue, offset, idle, wait, rejects, state, inbox, dedupe_key, exec, coprocess, job_timeout,
      confirm_as, acks;
  WhereOption where;
  RegistryFlags registry;
  std::string self;          // NAME=HOST:PORT
  std::string grace = "5s";  // a duration
  std::vector<std::string> bindings;
  QueueOptions created;  // what the queue of --declare is
  std::string peek_how;  // "true", "counted"
  bool declare = false, drain = false, peek = false, reply = false;
  std::uint64_t count = 0;
  std::uint64_t max_message = kMaxMessage;  // bytes
  std::uint16_t prefetch = 0;               // 0: as many as suit what is done with them
  std::uint16_t jobs = 1;
  std::optional<ends::StreamFormat> format;  // nothing: pretty on a terminal, else records

  bool has_handler() const { return !exec.empty() || !coprocess.empty(); }

  // Declares them.
  void add_to(CLI::App& app);
};

}  // namespace iso::cli
