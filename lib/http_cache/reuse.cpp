#include "http_cache/reuse.h"

#include <algorithm>

#include "http_cache/freshness.h"

namespace iso::http_cache {
namespace {

// Whether the response meets the request's max-age and min-fresh (RFC 9111 sections 5.2.1.1 and 5.2.1.3).
// Ages are whole seconds, so an age of 0 may be less than one second old: max-age=0 always requires
// validation.
bool is_young_enough(const Stored& stored, const CacheControl& asked, http::Seconds stale,
                     http::Seconds now) {
  if (asked.max_age && (*asked.max_age == http::Seconds{0} ||
                        current_age(stored.response, stored.times, now) > *asked.max_age))
    return false;
  return !asked.min_fresh || (stale < http::Seconds{0} && -stale >= *asked.min_fresh);
}

// How stale the user allows the response to be; negative: not at all.
http::Seconds stale_allowed(const CacheControl& asked, const CachePolicy& reuse) {
  auto allowed =
      std::max(asked.max_stale.value_or(http::Seconds{-1}), reuse.max_stale.value_or(http::Seconds{-1}));
  if (reuse.offline && allowed < http::Seconds{0}) allowed = http::Seconds::max();
  return allowed;
}

}  // namespace

Usability may_use(const Stored& stored, const CacheControl& asked, const CachePolicy& reuse,
                  http::Seconds now) {
  const auto control = cache_control(stored.response.fields);
  if (control.no_cache || asked.no_cache || reuse.refresh) return Usability::no;
  if (asked.no_store && !only_cached(asked, reuse)) return Usability::no;

  const auto stale = staleness(stored, reuse.heuristic, now);
  const bool fresh = stale < http::Seconds{0};
  const bool reload = asked.max_age == http::Seconds{0} && !asked.min_fresh;
  if (fresh && control.immutable && reload) return Usability::as_it_is;
  if (!is_young_enough(stored, asked, stale, now)) return Usability::no;
  if (fresh) return Usability::as_it_is;

  if (control.must_revalidate) return Usability::no;
  if (stale <= stale_allowed(asked, reuse)) return Usability::as_it_is;
  if (asked.max_age || asked.min_fresh) return Usability::no;
  if (!control.stale_while_revalidate || stale > *control.stale_while_revalidate) return Usability::no;
  return only_cached(asked, reuse) ? Usability::as_it_is : Usability::then_validate;
}

bool may_use_after_error(const Stored& stored, const CacheControl& asked, const CachePolicy& reuse,
                         http::Seconds now) {
  const auto control = cache_control(stored.response.fields);
  if (control.no_cache || asked.no_cache || asked.no_store || reuse.refresh) return false;
  const auto stale = staleness(stored, reuse.heuristic, now);
  if (stale >= http::Seconds{0} && control.must_revalidate) return false;
  const bool by_request = asked.stale_if_error && stale <= *asked.stale_if_error;
  if (by_request || !is_young_enough(stored, asked, stale, now)) return by_request;
  return stale <= std::max(stale_allowed(asked, reuse), control.stale_if_error.value_or(http::Seconds{-1}));
}

}  // namespace iso::http_cache
