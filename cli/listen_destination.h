#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "base/url.h"
#include "cli/command.h"
#include "cli/listen_options.h"
#include "cli/report.h"
#include "ends/answering.h"
#include "ends/guard.h"
#include "ends/guarded_sink.h"
#include "ends/ledger.h"

namespace iso {

// Where messages go, what is known of the answers to them, and what guards their handler. Null: there is
// none.
struct Destination {
  std::unique_ptr<Sink> sink;
  const AnswerTally* answers = nullptr;
  const LedgerTally* ledger = nullptr;
  GuardedSink* guarded = nullptr;
};

// Throws what opening does.
Destination open_destination(const ListenOptions& args, Url url, const Session& session, const Guard& guard,
                             Report& report);

// --prefetch, or as many as suit what is done with them.
std::uint16_t prefetch_of(const ListenOptions& args);

// How long a command may take, or to connect.
std::chrono::milliseconds longest_call(const ListenOptions& args);

}  // namespace iso
