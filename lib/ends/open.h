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

// What an end can do, so that nobody asks for the name of its scheme.
struct Traits {
  bool remote = false;          // it is connected again when it went away
  bool is_store = false;        // it has queues of its own: it can be an inbox, an outbox
  bool has_ledger = false;      // it keeps who answered what
  bool direct_replies = false;  // its sinks can have direct replies
};
// All false for what is no end of messages (a file).
Traits traits_of(const Url& url);
inline bool is_store(const Url& url) {
  return traits_of(url).is_store;
}

}  // namespace iso::ends
