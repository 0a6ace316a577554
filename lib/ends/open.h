#pragma once

#include <memory>

#include "base/url.h"
#include "pump/end_options.h"

namespace iso::ends {

// Opens an end by the scheme of its URL. An end on a network is reconnected when its connection is lost.
// Throws ErrorKind::unavailable (cannot be reached, or its circuit is open), refused (login, permission),
// missing (no such queue; the text mentions --declare), usage (not an end of this kind).
std::unique_ptr<Sink> open_sink(const Url& url, const SinkOptions& options);
std::unique_ptr<Source> open_source(const Url& url, const SourceOptions& options);

// What an end can do, so that no command compares the names of schemes.
struct Traits {
  bool remote = false;          // on a network: it is reconnected
  bool is_store = false;        // has queues of its own: it can be an inbox or an outbox
  bool has_ledger = false;      // records which application has answered which message
  bool direct_replies = false;  // its sinks can receive direct replies
};
// All false for a file.
Traits traits_of(const Url& url);
inline bool is_store(const Url& url) {
  return traits_of(url).is_store;
}

}  // namespace iso::ends
