#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/date.h"
#include "http/fields.h"

namespace iso::http_cache {

// The directives that a private cache heeds, of a request or of a response (RFC 9111 section 5.2, RFC 5861,
// RFC 8246). All others are as if they were not there: s-maxage and proxy-revalidate are for shared caches.
// Of one that is given twice the first counts (section 4.2.1).
struct CacheControl {
  bool no_store = false;
  bool no_cache = false;  // without field names
  bool must_revalidate = false;
  bool must_understand = false;
  bool is_public = false;
  bool is_private = false;  // says only that it may be stored here; its field names mean nothing to us
  bool immutable = false;
  bool only_if_cached = false;
  std::optional<http::Seconds> max_age;    // 0 if it is no number: what cannot be read is stale
  std::optional<http::Seconds> min_fresh;  // kLongest if it is no number
  std::optional<http::Seconds> max_stale;  // Seconds::max() without an argument, for however stale
  std::optional<http::Seconds> stale_if_error, stale_while_revalidate;  // nothing if it is no number
  std::vector<std::string> not_without_validation;  // the fields that no-cache="…" names
};

CacheControl cache_control(const http::Fields& fields);

// The same of a request, where Pragma: no-cache is heeded if there is no Cache-Control (RFC 9111 section
// 5.4).
CacheControl request_control(const http::Fields& fields);

}  // namespace iso::http_cache
