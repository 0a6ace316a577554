#pragma once

#include "http_cache/cache_control.h"
#include "http_cache/policy.h"

namespace iso::http_cache {

// Whether a stored response that fits may be used without asking the origin (RFC 9111 sections 4 and 5.2, RFC
// 5861 section 3, RFC 8246).
enum class Usability {
  no,
  as_it_is,
  then_validate,
};
Usability may_use(const Stored& stored, const CacheControl& asked, const CachePolicy& reuse,
                  http::Seconds now);

// Whether it may be used because the origin could not be reached or returned an error (RFC 9111 section
// 4.2.4, RFC 5861 section 4).
bool may_use_after_error(const Stored& stored, const CacheControl& asked, const CachePolicy& reuse,
                         http::Seconds now);

// Whether no request may be sent to the origin.
inline bool only_cached(const CacheControl& asked, const CachePolicy& reuse) {
  return reuse.offline || asked.only_if_cached;
}

}  // namespace iso::http_cache
