#pragma once

#include <chrono>
#include <memory>

#include "cli/publish/options.h"
#include "cli/publish/receipts.h"
#include "cli/shared/command.h"
#include "cli/shared/layers.h"
#include "cli/shared/report.h"
#include "pump/end.h"
#include "pump/end_options.h"
#include "replies/requests.h"

namespace iso::cli {

// How long the far side may be silent; 0, no limit, for a relay that runs for ever.
std::chrono::milliseconds stall_timeout_of(const PublishOptions& args);

// Where messages come from, and what they are.
struct PublishOrigin {
  std::unique_ptr<Source> source;
  Incoming incoming = Incoming::bodies;
};

// `guard` is of its connection. Throws what opening does, and ErrorKind::usage for options that do not go
// together.
PublishOrigin open_origin(const PublishOptions& args, const Session& session, const CircuitOptions& guard,
                          Report& report);

// Where messages go: one of the two.
struct PublishDestination {
  std::unique_ptr<Sink> sink;
  std::unique_ptr<replies::RequestSink> requests;  // if replies are awaited

  Sink& end() const { return requests ? *requests : *sink; }
};

// `defaults` are the fields of a message that does not say. Replies go to `receipts`. Throws as open_origin.
PublishDestination open_destination(const PublishOptions& args, const Session& session,
                                    const CircuitOptions& guard, const Record& defaults, Receipts& receipts,
                                    Report& report);

}  // namespace iso::cli
