#include "http_cache/validate.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "http_cache/freshness.h"

namespace iso::http_cache {
namespace {

// How many variants' tags are sent: some servers refuse a header of more than 8 KiB.
constexpr std::size_t kMostTags = 32;

bool is_weak(std::string_view tag) {
  return tag.starts_with("W/\"");
}
std::string_view opaque(std::string_view tag) {
  return is_weak(tag) ? tag.substr(2) : tag;
}

std::string_view tag_of(const http::Response& response) {
  return trimmed(response.fields.first("etag").value_or(""));
}

bool is_whole(const http::Response& response) {
  return response.status == 200 || response.status == 203;
}

// Whether its tag can be sent among those of the variants.
bool is_variant(const http::Response& response) {
  return is_whole(response) && !tag_of(response).empty() && !response.fields.has("content-encoding");
}

bool any_is(std::span<const std::string_view> names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [name](std::string_view each) { return equal_without_case(each, name); });
}

// Fields that are not stored (RFC 9111 section 3.1, RFC 9110 section 7.6.1).
constexpr std::array<std::string_view, 9> kOfConnection{"connection",
                                                        "keep-alive",
                                                        "te",
                                                        "transfer-encoding",
                                                        "upgrade",
                                                        "proxy-connection",
                                                        "proxy-authenticate",
                                                        "proxy-authentication-info",
                                                        "proxy-authorization"};
constexpr std::array<std::string_view, 3> kOfBody{"content-length", "content-encoding", "content-range"};

// Fields that Connection names count too.
bool is_of_connection(const http::Response& response, std::string_view name) {
  if (any_is(kOfConnection, name)) return true;
  const auto named = response.fields.joined("connection").value_or("");
  const auto members = http::list_members(named);
  return any_is(members, name);
}

// The most recent stored response whose tag equals `tag`.
template <typename Equal>
std::optional<std::size_t> latest(std::span<const Stored> stored, std::string_view tag, Equal equal) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    if (!is_variant(stored[i].response) || !equal(tag, tag_of(stored[i].response))) continue;
    if (!best ||
        date_of(stored[i].response, stored[i].times) >= date_of(stored[*best].response, stored[*best].times))
      best = i;
  }
  return best;
}

// Whether a 304 agrees with the stored response: same tag or, without a tag, same Last-Modified. An origin
// may mark the tag of an encoded body as weak and still send a 304 with the unmarked one, so tags are
// compared weakly, as the origin does (RFC 9110 section 13.1.2).
bool agrees(const http::Response& answer, const http::Response& stored) {
  const auto tag = tag_of(answer);
  if (!tag.empty()) return weakly_equal(tag, tag_of(stored));
  const auto modified = answer.fields.first("last-modified"), had = stored.fields.first("last-modified");
  return !modified || !had || *modified == *had;
}

}  // namespace

bool weakly_equal(std::string_view a, std::string_view b) {
  return !a.empty() && (a == b || (opaque(a) == opaque(b) && opaque(a).starts_with('"')));
}

bool strongly_equal(std::string_view a, std::string_view b) {
  return a == b && a.size() >= 2 && a.front() == '"' && a.back() == '"';
}

http::Fields conditions_for(const http::Response& stored) {
  http::Fields conditions;
  if (!is_whole(stored) && stored.status != 206) return conditions;
  if (const auto tag = tag_of(stored); !tag.empty()) conditions.add("If-None-Match", tag);
  if (const auto date = stored.fields.first("last-modified");
      date && http::read_http_date(*date, http::Seconds{0}))
    conditions.add("If-Modified-Since", *date);
  return conditions;
}

http::Fields variant_conditions(std::span<const Stored> stored) {
  std::vector<std::string_view> tags;
  for (const auto& entry : stored) {
    const auto tag = tag_of(entry.response);
    if (!is_variant(entry.response) || tags.size() == kMostTags) continue;
    if (std::find(tags.begin(), tags.end(), tag) == tags.end()) tags.push_back(tag);
  }
  std::string list;
  for (const auto tag : tags) list.append(list.empty() ? "" : ", ").append(tag);
  http::Fields conditions;
  if (!list.empty()) conditions.add("If-None-Match", list);
  return conditions;
}

bool has_own_condition(const http::Request& request) {
  return request.fields.has("if-none-match") || request.fields.has("if-modified-since");
}

bool covers(const http::Request& request, const http::Response& stored) {
  if (const auto tags = request.fields.joined("if-none-match")) {
    const auto members = http::list_members(*tags);
    return std::any_of(members.begin(), members.end(),
                       [&stored](std::string_view tag) { return weakly_equal(tag, tag_of(stored)); });
  }
  const auto since = request.fields.first("if-modified-since");
  return since && since == stored.fields.first("last-modified");
}

bool is_unmodified(const http::Request& request, const http::Response& stored, const http::Times& times) {
  if (stored.status != 200) return false;  // RFC 9110 section 13.2.1
  if (const auto tags =
          request.fields.first("if-none-match"))  // takes precedence over dates: RFC 9110 section 13.2.2
    return trimmed(*tags) == "*" || covers(request, stored);
  const auto line = request.fields.first("if-modified-since");
  const auto since = line ? http::read_http_date(*line, times.response) : std::nullopt;
  if (!since) return false;
  const auto modified = stored.fields.first("last-modified");
  const auto date = modified ? http::read_http_date(*modified, times.response) : std::nullopt;
  return date.value_or(date_of(stored, times)) <= *since;
}

std::optional<std::size_t> named_by(const http::Response& answer, std::span<const Stored> stored,
                                    std::optional<std::size_t> chosen) {
  if (chosen) return agrees(answer, stored[*chosen].response) ? chosen : std::nullopt;
  const auto tag = tag_of(answer);
  if (!tag.empty()) {
    const auto strong = latest(stored, tag, strongly_equal);
    return strong || !is_weak(tag) ? strong : latest(stored, tag, weakly_equal);
  }
  // Without a tag in the 304 it is certain only if all variants have one and the same tag.
  std::string_view asked;
  std::optional<std::size_t> only;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const auto other = tag_of(stored[i].response);
    if (!is_variant(stored[i].response)) continue;
    if (!asked.empty() && asked != other) return std::nullopt;
    asked = other;
    only = i;
  }
  return only;
}

http::Response as_stored(const http::Response& response, http::Seconds received) {
  http::Response kept{response.status, {}};
  for (const auto& field : response.fields)
    if (!is_of_connection(response, field.name)) kept.fields.add(field.name, field.value);
  if (!kept.fields.has("date")) kept.fields.add("Date", http::http_date(received));
  return kept;
}

http::Response freshened(const http::Response& stored, const http::Response& answer, http::Seconds received) {
  auto news = as_stored(answer, received);
  for (const auto name : kOfBody) news.fields.remove(name);
  // A weak tag stays weak, since the body may not be the one that the strong tag names. A 304 without a tag
  // leaves the stored one in place.
  if (tag_of(news).empty() || (is_weak(tag_of(stored)) && !is_weak(tag_of(news)))) news.fields.remove("etag");

  http::Response merged{stored.status, {}};
  for (const auto& field : stored.fields)
    if (!news.fields.has(field.name) && !equal_without_case(field.name, "age"))  // the stored Age is obsolete
      merged.fields.add(field.name, field.value);
  for (const auto& field : news.fields) merged.fields.add(field.name, field.value);
  return merged;
}

bool same_as_head(const Stored& stored, const http::Response& head) {
  const auto& had = stored.response.fields;
  for (const char* name : {"etag", "last-modified"})
    if (const auto value = head.fields.first(name); value && value != had.first(name)) return false;
  const auto length = head.fields.first("content-length");
  const auto counted = std::to_string(stored.length);
  return !length || *length == had.first("content-length").value_or(counted);
}

}  // namespace iso::http_cache
