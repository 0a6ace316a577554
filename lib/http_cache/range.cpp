#include "http_cache/range.h"

#include <algorithm>
#include <fmt/core.h>
#include <limits>

#include "base/integer.h"
#include "http_cache/freshness.h"
#include "http_cache/validate.h"

namespace iso::http_cache {
namespace {

// The minimum age of a modification date, relative to the response, that can tell two versions apart.
constexpr http::Seconds kSettled{60};

// Reads a number of digits only; caps it at the maximum.
std::optional<std::uint64_t> read_number(std::string_view text) {
  if (!is_digits(text)) return std::nullopt;
  return read_integer<std::uint64_t>(text).value_or(std::numeric_limits<std::uint64_t>::max());
}

// Reads one range as a part of `length` bytes; an empty part if it starts beyond them. Nothing if it is
// invalid.
std::optional<Part> read_range(std::string_view text, std::uint64_t length) {
  const auto dash = text.find('-');
  if (dash == text.npos) return std::nullopt;
  const auto left = text.substr(0, dash), right = text.substr(dash + 1);
  const auto last = read_number(right);
  if (left.empty()) {  // suffix range: the last N bytes
    if (!last) return std::nullopt;
    const auto wanted = std::min(*last, length);
    return Part{length - wanted, wanted};
  }
  const auto first = read_number(left);
  if (!first || (!right.empty() && (!last || *last < *first))) return std::nullopt;
  if (*first >= length) return Part{};
  const auto end = last ? std::min(*last, length - 1) : length - 1;
  return Part{*first, end - *first + 1};
}

bool is_encoded(const http::Response& response) {
  const auto codings = response.fields.joined("content-encoding").value_or("");
  const auto members = http::list_members(codings);
  return std::any_of(members.begin(), members.end(),
                     [](std::string_view coding) { return !equal_without_case(coding, "identity"); });
}

std::optional<std::uint64_t> length_of(const http::Response& response) {
  const auto length = response.fields.first("content-length");
  return length ? read_number(*length) : std::nullopt;
}

}  // namespace

bool if_range_holds(const http::Request& request, const http::Response& response, const http::Times& times) {
  const auto line = request.fields.first("if-range");
  if (!line) return true;
  const auto named = trimmed(*line);
  if (const auto date = http::read_http_date(named, times.response)) {
    const auto modified = response.fields.first("last-modified").value_or("");
    return http::read_http_date(modified, times.response) == date &&
           *date + kSettled <= date_of(response, times);
  }
  return strongly_equal(named, response.fields.first("etag").value_or(""));
}

Ranged range_of(const http::Request& request, const Stored& stored) {
  const auto line = request.fields.joined("range");
  if (!line || request.method != "GET" || stored.response.status != 200) return {};
  const auto equals = line->find('=');
  if (equals == line->npos) return {};
  if (!if_range_holds(request, stored.response, stored.times)) return {};
  if (!equal_without_case(trimmed(std::string_view(*line).substr(0, equals)), "bytes")) return {true, {}};
  const auto ranges = http::list_members(std::string_view(*line).substr(equals + 1));
  // The stored body may be decoded, while the range refers to the encoded one.
  if (ranges.size() > 1 || is_encoded(stored.response)) return {true, {}};
  return {false, ranges.empty() ? std::nullopt : read_range(ranges.front(), stored.length)};
}

std::optional<Part> part_within(const http::Request& request, const Stored& stored) {
  const auto line = request.fields.joined("range");
  const auto tag = stored.response.fields.first("etag").value_or("");
  const auto range = read_content_range(stored.response.fields.first("content-range").value_or(""));
  if (!line || !range || !range->complete || !strongly_equal(tag, tag)) return std::nullopt;
  constexpr std::string_view kUnit = "bytes=";
  const auto ranges =
      http::list_members(std::string_view(*line).substr(std::min(kUnit.size(), line->size())));
  if (!equal_without_case(line->substr(0, kUnit.size()), kUnit) || ranges.size() != 1) return std::nullopt;
  const auto part = read_range(ranges.front(), *range->complete);
  if (!part || part->length == 0 || part->first < range->first ||
      part->first + part->length - 1 > range->last || stored.length != range->last - range->first + 1)
    return std::nullopt;
  return Part{part->first - range->first, part->length};
}

std::optional<ContentRange> read_content_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (!equal_without_case(text.substr(0, kUnit.size()), kUnit)) return std::nullopt;
  text.remove_prefix(kUnit.size());
  const auto dash = text.find('-'), slash = text.find('/');
  if (dash == text.npos || slash == text.npos || slash < dash) return std::nullopt;
  const auto first = read_number(text.substr(0, dash));
  const auto last = read_number(text.substr(dash + 1, slash - dash - 1));
  const auto complete = text.substr(slash + 1);
  const auto length = read_number(complete);
  if (!first || !last || *last < *first || (!length && complete != "*")) return std::nullopt;
  if (length && *last >= *length) return std::nullopt;
  return ContentRange{*first, *last, length};
}

http::Response partial(const http::Response& whole, std::uint64_t length, const Part& part) {
  if (part.length == 0) {
    http::Response none{416, {}};
    for (const char* name : {"Date", "Age"})
      if (const auto value = whole.fields.first(name)) none.fields.add(name, *value);
    none.fields.add("Content-Range", fmt::format("bytes */{}", length));
    none.fields.add("Content-Length", "0");
    return none;
  }
  http::Response out{206, whole.fields};
  std::uint64_t first = part.first;
  if (whole.status == 206)
    if (const auto stored = read_content_range(whole.fields.first("content-range").value_or(""))) {
      first += stored->first;
      length = stored->complete.value_or(length);
    }
  out.fields.set("Content-Range", fmt::format("bytes {}-{}/{}", first, first + part.length - 1, length));
  out.fields.set("Content-Length", std::to_string(part.length));
  return out;
}

std::optional<http::Fields> resume_fields(const http::Response& begun, std::uint64_t got) {
  const auto tag = begun.fields.first("etag").value_or("");
  const auto accepted = begun.fields.joined("accept-ranges").value_or("bytes");
  // The offset in a decoded body does not match the origin's bytes.
  if (begun.status != 200 || got == 0 || !strongly_equal(tag, tag) || is_encoded(begun)) return std::nullopt;
  const auto units = http::list_members(accepted);
  if (std::none_of(units.begin(), units.end(),
                   [](std::string_view unit) { return equal_without_case(unit, "bytes"); }))
    return std::nullopt;
  if (const auto length = length_of(begun); length && got >= *length) return std::nullopt;
  return http::Fields{{"Range", fmt::format("bytes={}-", got)}, {"If-Range", std::string(tag)}};
}

Resumed resumed(const http::Response& begun, std::uint64_t got, const http::Response& answer) {
  if (answer.status == 200) return Resumed::restarts;
  const auto range = read_content_range(answer.fields.first("content-range").value_or(""));
  if (answer.status != 206 || !range || range->first != got) return Resumed::unusable;
  const auto length = length_of(begun);
  const auto complete = range->complete ? range->complete : length;
  const bool to_the_end = complete && range->last == *complete - 1;
  const bool same_length = !length || length == complete;
  const auto sent = length_of(answer);
  const bool as_said = !sent || *sent == range->last - range->first + 1;
  const bool same =
      strongly_equal(begun.fields.first("etag").value_or(""), answer.fields.first("etag").value_or(""));
  return to_the_end && same_length && as_said && same ? Resumed::continues : Resumed::unusable;
}

}  // namespace iso::http_cache
