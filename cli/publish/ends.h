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

// How long nothing may be heard of the far side; 0, no limit, for a relay that goes on for ever.
std::chrono::milliseconds patience_of(const PublishOptions& args);

// Where messages come from, and what they are.
struct Origin {
  std::unique_ptr<Source> source;
  Incoming incoming = Incoming::bodies;
};

// `guard` is of its connection. Throws what opening does, and ErrorKind::usage for options that do not go
// together.
Origin open_origin(const PublishOptions& args, const Session& session, const CircuitOptions& guard,
                   Report& report);

// Where messages go. `requests` is `sink`, if replies are awaited.
struct Destination {
  std::unique_ptr<Sink> sink;
  replies::RequestSink* requests = nullptr;
};

// `defaults` are the fields of a message that does not say. Replies go to `receipts`. Throws as open_origin.
Destination open_destination(const PublishOptions& args, const Session& session, const CircuitOptions& guard,
                             const Record& defaults, Receipts& receipts, Report& report);

}  // namespace iso::cli
