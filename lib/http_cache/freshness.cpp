#include "http_cache/freshness.h"

#include <algorithm>
#include <array>

#include "http_cache/cache_control.h"

namespace iso::http_cache {
namespace {

using std::chrono::hours;

// How far the clock may be behind a response's arrival before iso concludes that it was set back.
constexpr http::Seconds kClockSlack{60};
constexpr http::Seconds kLongestGuess{hours{24}};

template <std::size_t N>
bool is_one_of(int status, const std::array<int, N>& all) {
  return std::find(all.begin(), all.end(), status) != all.end();
}

// RFC 9110 section 15.1.
bool is_heuristically_cacheable(int status) {
  constexpr std::array kAll{200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501};
  return is_one_of(status, kAll);
}

// Statuses that a cache handles as RFC 9110 section 15 requires, so that must-understand is met.
bool is_understood(int status) {
  constexpr std::array kAll{200, 201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 307,
                            308, 400, 401, 402, 403, 404, 405, 406, 409, 410, 411, 413,
                            414, 415, 417, 421, 422, 426, 500, 501, 502, 503, 504, 505};
  return is_one_of(status, kAll);
}

// Statuses that depend on the request's conditions or range, which are not part of the key.
bool answers_fields(int status) {
  constexpr std::array kAll{304, 412, 416};
  return is_one_of(status, kAll);
}

bool has_lifetime(const http::Response& response, const CacheControl& control) {
  return control.max_age || response.fields.has("expires");
}

// A range of bytes that can be served again for the same request (RFC 9111 section 3.3).
bool is_known_part(const http::Request& request, const http::Response& response) {
  const auto range = response.fields.first("content-range");
  return request.fields.has("range") && range && equal_without_case(range->substr(0, 6), "bytes ");
}

http::Seconds guessed_lifetime(const http::Response& response, const http::Times& times,
                               const CacheControl& control) {
  if (!is_heuristically_cacheable(response.status) && !control.is_public) return http::Seconds{0};
  const auto line = response.fields.first("last-modified");
  const auto modified = line ? http::read_http_date(*line, times.response) : std::nullopt;
  if (!modified) return http::Seconds{0};
  return std::clamp((date_of(response, times) - *modified) / 10, http::Seconds{0}, kLongestGuess);
}

// The value of Age: the first member of the first line, or 0 if it is not a number (RFC 9111 section 5.1).
http::Seconds age_received(const http::Response& response) {
  const auto line = response.fields.first("age").value_or("");
  const auto members = http::list_members(line);
  return members.empty() ? http::Seconds{0}
                         : http::read_delta_seconds(members.front()).value_or(http::Seconds{0});
}

}  // namespace

http::Seconds date_of(const http::Response& response, const http::Times& times) {
  const auto date = response.fields.first("date");
  return date ? http::read_http_date(*date, times.response).value_or(times.response) : times.response;
}

bool may_store(const http::Request& request, const http::Response& response) {
  if (response.status < 200 || response.status > 599 || answers_fields(response.status)) return false;
  const auto control = cache_control(response.fields);
  const bool understood = is_understood(response.status);
  if (control.must_understand ? !understood : control.no_store) return false;
  if (request_control(request.fields).no_store) return false;
  const bool lives = has_lifetime(response, control);
  if (request.method == "POST") return response.status == 200 && lives;
  if (request.method != "GET") return false;
  if (response.status == 206 && !is_known_part(request, response)) return false;
  return lives || control.is_public || control.is_private || is_heuristically_cacheable(response.status);
}

http::Seconds freshness_lifetime(const http::Response& response, const http::Times& times, bool heuristic) {
  const auto control = cache_control(response.fields);
  if (control.max_age) return *control.max_age;
  if (const auto line = response.fields.first("expires")) {
    const auto expires = http::read_http_date(*line, times.response);
    return expires ? std::max(*expires - date_of(response, times), http::Seconds{0}) : http::Seconds{0};
  }
  return heuristic ? guessed_lifetime(response, times, control) : http::Seconds{0};
}

http::Seconds current_age(const http::Response& response, const http::Times& times, http::Seconds now) {
  const auto apparent = std::max(times.response - date_of(response, times), http::Seconds{0});
  const auto corrected = age_received(response) + std::max(times.response - times.request, http::Seconds{0});
  return std::max(apparent, corrected) + std::max(now - times.response, http::Seconds{0});
}

http::Seconds staleness(const Stored& stored, bool heuristic, http::Seconds now) {
  if (stored.times.response > now + kClockSlack) return http::Seconds::max();
  return current_age(stored.response, stored.times, now) -
         freshness_lifetime(stored.response, stored.times, heuristic);
}

}  // namespace iso::http_cache
