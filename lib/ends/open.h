#pragma once

#include <memory>

#include "base/url.h"
#include "pump/end_options.h"

namespace iso::ends {

// The one line a scheme. An end that is reached over a network is connected again when it went away. Throws
// ErrorKind::unavailable (cannot be reached, or its circuit is open), refused (login, permission), missing
// (no such queue: the text shows
// --declare), usage (an end that cannot be this).
std::unique_ptr<Sink> open_sink(const Url& url, const SinkOptions& options);
std::unique_ptr<Source> open_source(const Url& url, const SourceOptions& options);

// Whether its sinks can have direct replies.
bool has_direct_replies(const Url& url);

}  // namespace iso::ends
