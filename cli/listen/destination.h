#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "base/url.h"
#include "cli/listen/options.h"
#include "cli/shared/command.h"
#include "cli/shared/report.h"
#include "handlers/breaker_sink.h"
#include "pump/end_options.h"
#include "replies/replying_sink.h"
#include "store/ledger.h"

namespace iso::cli {

// Where messages go, what is known of the answers to them, and what guards their handler. Null: there is
// none.
struct Destination {
  std::unique_ptr<Sink> sink;
  const replies::AnswerTally* answers = nullptr;
  const store::LedgerTally* ledger = nullptr;
  handlers::BreakerSink* guarded = nullptr;
};

// Throws what opening does.
Destination open_destination(const ListenOptions& args, Url url, const Session& session,
                             const CircuitOptions& guard, Report& report);

// --prefetch, or as many as suit what is done with them.
std::uint16_t prefetch_of(const ListenOptions& args);

// How long a command may take, or to connect.
std::chrono::milliseconds longest_call(const ListenOptions& args);

}  // namespace iso::cli
