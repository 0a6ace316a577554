#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/date.h"
#include "http/fields.h"

namespace iso::http_cache {

// The directives of a request or response that a private cache obeys (RFC 9111 section 5.2, RFC 5861, RFC
// 8246). All others are ignored: s-maxage and proxy-revalidate are for shared caches. If a directive is
// repeated, the first one counts (section 4.2.1).
struct CacheControl {
  bool no_store = false;
  bool no_cache = false;  // without field names
  bool must_revalidate = false;
  bool must_understand = false;
  bool is_public = false;
  bool is_private = false;  // only means that it may be stored here; its field names are ignored
  bool immutable = false;
  bool only_if_cached = false;
  std::optional<http::Seconds> max_age;    // 0 if it is not a number, so the response is stale
  std::optional<http::Seconds> min_fresh;  // kLongest if it is not a number
  std::optional<http::Seconds> max_stale;  // Seconds::max(), any staleness, without an argument
  std::optional<http::Seconds> stale_if_error, stale_while_revalidate;  // nothing if it is not a number
  std::vector<std::string> not_without_validation;                      // field names from no-cache="…"
};

CacheControl cache_control(const http::Fields& fields);

// The same for a request. Without Cache-Control, Pragma: no-cache has its effect (RFC 9111 section 5.4).
CacheControl request_control(const http::Fields& fields);

}  // namespace iso::http_cache
