#include "http_cache/vary.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "base/text.h"
#include "http_cache/freshness.h"
#include "http_cache/range.h"

namespace iso::http_cache {
namespace {

using Names = std::vector<std::string>;

// Content negotiation fields, which are unordered lists (RFC 9110 section 12.5).
bool is_preference(std::string_view name) {
  constexpr std::array<std::string_view, 4> kPreferences{"accept", "accept-charset", "accept-encoding",
                                                         "accept-language"};
  return std::any_of(kPreferences.begin(), kPreferences.end(),
                     [name](std::string_view each) { return equal_without_case(each, name); });
}

// Reads a qvalue in thousandths (RFC 9110 section 12.4.2). Nothing if it is invalid.
std::optional<int> read_weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  int weight = (text[0] - '0') * 1000, place = 100;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  for (std::size_t i = 2; i < text.size(); ++i, place /= 10) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    weight += (text[i] - '0') * place;
  }
  return weight <= 1000 ? std::optional(weight) : std::nullopt;
}

// One member of a negotiation field: the value with its parameters, and its weight.
struct Preference {
  std::string what;
  int weight = 1000;
};

// Splits a member at its semicolons, except within quoted strings.
std::vector<std::string_view> parameters(std::string_view member) {
  std::vector<std::string_view> parts;
  bool quoted = false;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= member.size(); ++i) {
    if (i < member.size() && member[i] == '"') quoted = !quoted;
    if (i < member.size() && (member[i] != ';' || quoted)) continue;
    parts.push_back(trimmed(member.substr(start, i - start)));
    start = i + 1;
  }
  return parts;
}

Preference read_preference(std::string_view member) {
  Preference preference;
  const auto parts = parameters(member);
  preference.what = lowered(parts.front());
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto equals = std::min(parts[i].find('='), parts[i].size());
    const auto name = lowered(trimmed(parts[i].substr(0, equals)));
    const auto value = equals < parts[i].size() ? trimmed(parts[i].substr(equals + 1)) : std::string_view{};
    const auto weight = name == "q" ? read_weight(value) : std::nullopt;
    if (weight)
      preference.weight = *weight;
    else
      preference.what.append(";").append(name).append("=").append(value);
  }
  return preference;
}

std::string joined(const Names& members) {
  std::string out;
  for (const auto& member : members) {
    if (!out.empty()) out += ", ";
    out += member;
  }
  return out;
}

// The field names in Vary, in lower case.
Names varied_names(const http::Response& response) {
  Names names;
  for (const auto line : response.fields.lines("vary"))
    for (const auto name : http::list_members(line)) names.push_back(lowered(name));
  return names;
}

// The same, sorted and without duplicates. For a 206 also Range: it answers only the range that was requested
// (RFC 9111 section 3.3).
Names selecting_names(const http::Response& response) {
  auto names = varied_names(response);
  if (response.status == 206) names.emplace_back("range");
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

// The language with the highest weight, if it is the only one.
std::optional<std::string> best_language(const http::Request& request) {
  const auto value = request.fields.joined("accept-language").value_or("");
  std::optional<Preference> best;
  bool alone = false;
  for (const auto member : http::list_members(value)) {
    auto preference = read_preference(member);
    if (best && preference.weight < best->weight) continue;
    alone = !best || preference.weight > best->weight;
    best = std::move(preference);
  }
  if (!best || !alone || best->weight == 0 || best->what == "*") return std::nullopt;
  return best->what;
}

// Whether the response is in the one language that the request prefers. Then no other response could be
// better, whatever languages the first request asked for. RFC 9111 section 4.1 allows ranking stored
// responses by qvalues.
bool speaks(const http::Request& request, const http::Response& response) {
  const auto languages = response.fields.joined("content-language").value_or("");
  const auto members = http::list_members(languages);
  const auto best = best_language(request);
  return best && members.size() == 1 && equal_without_case(members.front(), *best);
}

enum class Fit { no, within_part, by_language, yes };

Fit fit(const http::Request& request, const Stored& stored) {
  if (varies_on_all(stored.response)) return Fit::no;
  auto wanted = selecting_fields(request, stored.response);
  if (wanted == stored.selecting) return Fit::yes;
  auto had = stored.selecting;
  if (part_within(request, stored)) {
    had.remove("range");
    wanted.remove("range");
    return had == wanted ? Fit::within_part : Fit::no;
  }
  had.remove("accept-language");
  wanted.remove("accept-language");
  return had == wanted && speaks(request, stored.response) ? Fit::by_language : Fit::no;
}

// Ranks stored responses; larger is better.
std::pair<Fit, http::Seconds> rank(Fit fit, const Stored& stored) {
  return {fit, date_of(stored.response, stored.times)};
}

}  // namespace

std::string normalised(std::string_view name, std::string_view value) {
  const bool preference = is_preference(name);
  Names members;
  for (const auto member : http::list_members(value)) {
    if (!preference) {
      members.emplace_back(member);
      continue;
    }
    auto [what, weight] = read_preference(member);
    if (weight != 1000) what.append(";q=").append(std::to_string(weight));
    members.push_back(std::move(what));
  }
  if (preference) {
    std::sort(members.begin(), members.end());
    members.erase(std::unique(members.begin(), members.end()), members.end());
  }
  return joined(members);
}

http::Fields selecting_fields(const http::Request& request, const http::Response& response) {
  http::Fields fields;
  for (const auto& name : selecting_names(response))
    if (const auto value = request.fields.joined(name)) fields.add(name, normalised(name, *value));
  return fields;
}

bool varies_on_all(const http::Response& response) {
  const auto names = varied_names(response);
  return std::find(names.begin(), names.end(), "*") != names.end();
}

std::optional<std::size_t> choose(const http::Request& request, std::span<const Stored> stored) {
  std::optional<std::size_t> best, plain;
  std::pair<Fit, http::Seconds> best_rank{Fit::no, http::Seconds::min()};
  http::Seconds latest_vary = http::Seconds::min(), latest_plain = http::Seconds::min();
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const auto ranked = rank(fit(request, stored[i]), stored[i]);
    const bool selects = !varied_names(stored[i].response).empty();
    if (selects && !varies_on_all(stored[i].response)) latest_vary = std::max(latest_vary, ranked.second);
    if (ranked.first == Fit::no) continue;
    if (selects && ranked >= best_rank) {
      best = i;
      best_rank = ranked;
    } else if (!selects && ranked.second >= latest_plain) {
      plain = i;
      latest_plain = ranked.second;
    }
  }
  if (best) return best;
  return latest_plain > latest_vary || latest_vary == http::Seconds::min() ? plain : std::nullopt;
}

}  // namespace iso::http_cache
