#pragma once

#include <chrono>
#include <memory>

#include "cli/command.h"
#include "cli/layers.h"
#include "cli/publish_options.h"
#include "cli/receipts.h"
#include "cli/report.h"
#include "ends/end.h"
#include "ends/guard.h"
#include "ends/requests.h"

namespace iso {

// How long nothing may be heard of the far side; 0, no limit, for a relay that goes on for ever.
std::chrono::milliseconds patience_of(const PublishOptions& args);

// Where messages come from, and what they are.
struct Origin {
  std::unique_ptr<Source> source;
  Incoming incoming = Incoming::bodies;
};

// `guard` is of its connection. Throws what opening does, and Kind::usage for options that do not go
// together.
Origin open_origin(const PublishOptions& args, const Session& session, const Guard& guard, Report& report);

// Where messages go. `requests` is `sink`, if replies are awaited.
struct Destination {
  std::unique_ptr<Sink> sink;
  RequestSink* requests = nullptr;
};

// `defaults` are the fields of a message that does not say. Replies go to `receipts`. Throws as open_origin.
Destination open_destination(const PublishOptions& args, const Session& session, const Guard& guard,
                             const Record& defaults, Receipts& receipts, Report& report);

}  // namespace iso
