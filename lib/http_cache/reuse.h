#pragma once

#include "http_cache/cache_control.h"
#include "http_cache/policy.h"

namespace iso::http_cache {

// What may be done with a stored response that fits, without asking the origin (RFC 9111 section 4, 5.2,
// RFC 5861 section 3, RFC 8246).
enum class Usability {
  no,
  as_it_is,
  then_validate,
};
Usability may_use(const Stored& stored, const CacheControl& asked, const CachePolicy& reuse,
                  http::Seconds now);

// Whether it may be used since the origin could not be reached, or answered with an error (RFC 9111 section
// 4.2.4, RFC 5861 section 4).
bool may_use_after_error(const Stored& stored, const CacheControl& asked, const CachePolicy& reuse,
                         http::Seconds now);

// Whether the origin must be left alone.
inline bool only_cached(const CacheControl& asked, const CachePolicy& reuse) {
  return reuse.offline || asked.only_if_cached;
}

}  // namespace iso::http_cache
