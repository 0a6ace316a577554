#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "base/url.h"
#include "cli/listen/options.h"
#include "cli/shared/command.h"
#include "cli/shared/report.h"
#include "pump/end_options.h"
#include "replies/replying_sink.h"
#include "store/ledger.h"

namespace iso::cli {

// Where messages go: one of these.
struct ListenDestination {
  std::unique_ptr<store::LedgerSink> ledger;        // --acks
  std::unique_ptr<replies::ReplyingSink> replying;  // --reply, --confirm-as: a handler and what answers it
  std::unique_ptr<Sink> handler;                    // or standard output

  Sink& end() const;
};

// Throws what opening does.
ListenDestination open_destination(const ListenOptions& args, Url url, const Session& session,
                                   const CircuitOptions& guard, Report& report);

// --prefetch, or as many as suit what is done with them.
std::uint16_t prefetch_of(const ListenOptions& args);

// How many messages a handler may begin at once, of those that were prefetched.
std::uint16_t at_once_of(const ListenOptions& args);

// How long a command may take, or to connect.
std::chrono::milliseconds longest_call(const ListenOptions& args);

}  // namespace iso::cli
