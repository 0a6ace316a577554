#include "http_cache/policy.h"

#include <algorithm>
#include <array>

#include "http/uri.h"
#include "http_cache/cache_control.h"
#include "http_cache/freshness.h"
#include "http_cache/range.h"
#include "http_cache/reuse.h"
#include "http_cache/validate.h"
#include "http_cache/vary.h"

namespace iso::http_cache {
namespace {

bool is_lookup(const http::Request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

// RFC 9110 section 9.2.1. Unknown methods are not safe.
bool is_safe(const http::Request& request) {
  return is_lookup(request) || request.method == "OPTIONS" || request.method == "TRACE";
}

// Conditions that only the origin can evaluate (RFC 9111 section 4.3.2).
bool is_for_the_origin(const http::Request& request) {
  return request.fields.has("if-match") || request.fields.has("if-unmodified-since");
}

// Forwards the user's request to the origin, unless only the cache may be used.
Plan asking(bool cached_only) {
  Plan plan;
  plan.step = cached_only ? Step::gateway_timeout : Step::fetch;
  return plan;
}

// No stored response fits, but the origin may select one of them by its tag.
Plan missing(const http::Request& request, const CacheControl& asked, std::span<const Stored> stored) {
  Plan plan;
  const bool plain = request.method == "GET" && !asked.no_store && !has_own_condition(request);
  if (plain && !request.fields.has("range")) plan.conditions = variant_conditions(stored);
  plan.step = plan.conditions.empty() ? Step::fetch : Step::validate;
  return plan;
}

// The chosen response must be validated before use.
void plan_validation(Plan& plan, const http::Request& request, const CacheControl& asked,
                     const http::Response& chosen) {
  if (asked.no_store) {
    plan = Plan{};
  } else if (has_own_condition(request)) {
    plan.step = covers(request, chosen) ? Step::validate : Step::fetch;
  } else if (request.method == "GET") {
    plan.conditions = conditions_for(chosen);
    plan.step = plan.conditions.empty() ? Step::fetch : Step::validate;
  } else {
    plan.step = Step::fetch;
  }
}

// A stored partial response cannot answer a HEAD, or a request whose If-Range does not hold.
bool is_wrong_part(const http::Request& request, const Stored& stored) {
  return stored.response.status == 206 &&
         (request.method != "GET" || !if_range_holds(request, stored.response, stored.times));
}

// The part of a stored partial response that the request asks for, unless it is all of it.
std::optional<Part> other_part(const http::Request& request, const Stored& stored) {
  const auto part = part_within(request, stored);
  return part && part->length != stored.length ? part : std::nullopt;
}

Plan plan_lookup(const http::Request& request, std::span<const Stored> stored, const CachePolicy& reuse,
                 http::Seconds now) {
  const auto asked = request_control(request.fields);
  const bool cached_only = only_cached(asked, reuse);
  if (!is_lookup(request) || (is_for_the_origin(request) && !cached_only)) return asking(cached_only);
  const auto chosen = choose(request, stored);
  if (!chosen) return cached_only ? asking(cached_only) : missing(request, asked, stored);

  const auto& entry = stored[*chosen];
  const auto ranged = range_of(request, entry);
  if ((ranged.not_ours && !cached_only) || is_wrong_part(request, entry)) return asking(cached_only);
  Plan plan;
  plan.chosen = *chosen;
  plan.has_chosen = true;
  plan.age = current_age(entry.response, entry.times, now);
  plan.stale = staleness(entry, reuse.heuristic, now) >= http::Seconds{0};
  plan.part = entry.response.status == 206 ? other_part(request, entry) : ranged.part;

  const auto use = may_use(entry, asked, reuse, now);
  const bool conditional = has_own_condition(request);
  if (use == Usability::as_it_is) {
    plan.step = is_unmodified(request, entry.response, entry.times) ? Step::not_modified : Step::serve;
  } else if (use == Usability::then_validate && !conditional) {
    plan.step = Step::serve_then_validate;
    plan.conditions = conditions_for(entry.response);
  } else if (cached_only) {
    plan.step = Step::gateway_timeout;
  } else {
    plan_validation(plan, request, asked, entry.response);
  }
  return plan;
}

// RFC 5861 section 4.
bool is_error(const http::Response& answer) {
  constexpr std::array kErrors{500, 502, 503, 504};
  return std::find(kErrors.begin(), kErrors.end(), answer.status) != kErrors.end();
}

ResponseDecision kept(const http::Request& request, const http::Response& answer, const http::Times& times) {
  ResponseDecision answered;
  if (!may_store(request, answer)) return answered;
  answered.conclusion = Conclusion::store;
  answered.merged = as_stored(answer, times.response);
  return answered;
}

ResponseDecision after_304(const http::Request& request, const Plan& plan, std::span<const Stored> stored,
                           const http::Response& answer, const http::Times& times) {
  ResponseDecision answered;
  const bool asked = plan.step == Step::validate || plan.step == Step::serve_then_validate;
  if (!asked) return answered;
  const auto chosen = plan.has_chosen ? std::optional(plan.chosen) : std::nullopt;
  const auto named = named_by(answer, stored, chosen);
  const bool conditional = has_own_condition(request);
  if (!named) {
    answered.conclusion = conditional ? Conclusion::pass : Conclusion::repeat;
    return answered;
  }
  answered.conclusion = Conclusion::freshen;
  answered.chosen = *named;
  answered.merged = freshened(stored[*named].response, answer, times.response);
  answered.only_deliver = cache_control(answer.fields).no_store;
  answered.not_modified = is_unmodified(request, answered.merged, times);
  return answered;
}

// RFC 9111 section 4.3.5.
ResponseDecision after_head(const http::Request& request, const Plan& plan, std::span<const Stored> stored,
                            const http::Response& answer, const http::Times& times) {
  ResponseDecision answered;
  if (!plan.has_chosen || answer.status != 200 || request_control(request.fields).no_store) return answered;
  const auto& entry = stored[plan.chosen];
  if (!same_as_head(entry, answer)) {
    answered.invalidates = true;
    return answered;
  }
  answered.conclusion = Conclusion::freshen;
  answered.chosen = plan.chosen;
  answered.merged = freshened(entry.response, answer, times.response);
  answered.only_deliver = cache_control(answer.fields).no_store;
  return answered;
}

// The URL in a field of the response. Nothing if it is missing or cannot be fetched.
std::optional<std::string> named_url(const http::Request& request, const http::Response& answer,
                                     std::string_view field) {
  const auto value = answer.fields.first(field);
  return value ? http::http_url(http::resolve_uri(request.url, trimmed(*value))) : std::nullopt;
}

// RFC 9111 section 4.4.
ResponseDecision after_change(const http::Request& request, const http::Response& answer,
                              const http::Times& times) {
  ResponseDecision answered;
  if (is_safe(request) || answer.status < 200 || answer.status > 399) return answered;
  const auto own = http::http_url(request.url);
  // RFC 9110 section 9.3.3: the response to a POST may be that of a GET.
  if (own && named_url(request, answer, "content-location") == own) answered = kept(request, answer, times);
  answered.invalidates = true;
  for (const char* field : {"location", "content-location"}) {
    const auto url = named_url(request, answer, field);
    if (url && url != own && http::same_origin(*url, request.url)) answered.also_invalid.push_back(*url);
  }
  return answered;
}

}  // namespace

Plan plan(const http::Request& request, std::span<const Stored> stored, const CachePolicy& reuse,
          http::Seconds now) {
  auto plan = plan_lookup(request, stored, reuse, now);
  const bool asks = plan.step == Step::fetch || plan.step == Step::validate;
  // Caches along the way must validate too (RFC 9111 section 5.2.1.4).
  if (asks && reuse.refresh && is_lookup(request) && !request.fields.has("cache-control"))
    plan.conditions.add("Cache-Control", "no-cache");
  return plan;
}

ResponseDecision decide_response(const http::Request& request, const Plan& plan,
                                 std::span<const Stored> stored, const http::Response* answer,
                                 const http::Times& times, const CachePolicy& reuse, http::Seconds now) {
  if (!is_lookup(request)) return answer ? after_change(request, *answer, times) : ResponseDecision{};
  if ((!answer || is_error(*answer)) && plan.has_chosen &&
      may_use_after_error(stored[plan.chosen], request_control(request.fields), reuse, now)) {
    ResponseDecision stale;
    stale.conclusion = Conclusion::serve_stale;
    stale.chosen = plan.chosen;
    return stale;
  }
  if (!answer) return {};
  if (request.method == "HEAD") return after_head(request, plan, stored, *answer, times);
  if (answer->status == 304) return after_304(request, plan, stored, *answer, times);
  return kept(request, *answer, times);
}

http::Response reused(const Stored& stored, http::Seconds now) {
  auto response = stored.response;
  for (const auto& name : cache_control(stored.response.fields).not_without_validation)
    response.fields.remove(name);
  response.fields.set("Age", std::to_string(current_age(stored.response, stored.times, now).count()));
  return response;
}

http::Response not_modified(const http::Response& whole) {
  http::Response response{304, whole.fields};
  for (const char* name :
       {"content-type", "content-length", "content-encoding", "content-language", "content-range"})
    response.fields.remove(name);
  if (response.fields.has("etag")) response.fields.remove("last-modified");
  return response;
}

}  // namespace iso::http_cache
