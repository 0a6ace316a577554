#pragma once

#include <memory>
#include <string>

#include "amqp/connection.h"
#include "base/url.h"
#include "pump/end_options.h"

namespace iso::amqp {

// Where a source of this URL is to begin, if it or the options say so: only a stream has offsets. Throws
// ErrorKind::usage.
std::optional<StreamOffset> offset_of(const Url& url, const SourceOptions& options);

// Reads a stream, from `start` or else from where the options say. What is read stays there, so nothing can
// be given back: requeued and rejected are as good as acknowledged. Opened again, it goes on behind what was
// settled without a gap. `options` have their progress. Throws ErrorKind::usage for a reader that may give
// back, and what opening a queue does.
std::unique_ptr<Source> read_stream(std::unique_ptr<Connection> connection, const std::string& queue,
                                    std::optional<StreamOffset> start, const SourceOptions& options);

}  // namespace iso::amqp
