#include "http_cache/cache_control.h"

#include <utility>

namespace iso::http_cache {
namespace {

struct Directive {
  std::string_view name;
  bool has_argument = false;
  std::optional<std::string> argument;  // nothing if it is neither a token nor a quoted string
};

// The content of a quoted string (RFC 9110 section 5.6.4). Nothing if it is not one.
std::optional<std::string> unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"') return std::nullopt;
  std::string out;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1 == text.size() ? std::optional(out) : std::nullopt;
    if (text[i] == '\\' && ++i == text.size()) break;
    out += text[i];
  }
  return std::nullopt;
}

// Spaces around the = are invalid. The name still counts, so that no-store is not lost, but the argument is
// treated as invalid.
Directive read_directive(std::string_view member) {
  const auto equals = member.find('=');
  if (equals == member.npos) return {member, false, {}};
  const auto argument = member.substr(equals + 1);
  Directive directive{trimmed(member.substr(0, equals)), true, {}};
  if (directive.name.size() != equals || trimmed(argument) != argument) return directive;
  directive.argument = argument.starts_with('"') ? unquoted(argument) : std::string(argument);
  return directive;
}

std::optional<http::Seconds> delta(const Directive& directive) {
  return directive.argument ? http::read_delta_seconds(*directive.argument) : std::nullopt;
}

void take_no_cache(CacheControl& control, const Directive& directive) {
  const auto names = directive.argument.value_or("");
  const auto members = http::list_members(names);
  if (members.empty()) control.no_cache = true;  // also if it is invalid, to be safe
  control.not_without_validation.insert(control.not_without_validation.end(), members.begin(), members.end());
}

void take_flag(CacheControl& control, std::string_view name) {
  const struct {
    std::string_view name;
    bool CacheControl::*flag;
  } flags[] = {
      {"no-store", &CacheControl::no_store},
      {"must-revalidate", &CacheControl::must_revalidate},
      {"must-understand", &CacheControl::must_understand},
      {"public", &CacheControl::is_public},
      {"private", &CacheControl::is_private},
      {"immutable", &CacheControl::immutable},
      {"only-if-cached", &CacheControl::only_if_cached},
  };
  for (const auto& flag : flags)
    if (equal_without_case(flag.name, name)) control.*flag.flag = true;
}

// The first directive of a name counts, whether it is valid or not.
struct Seen {
  bool max_age = false, min_fresh = false, max_stale = false, if_error = false, while_revalidate = false;
};

void take_time(CacheControl& control, const Directive& directive, Seen& seen) {
  const auto first = [&directive](std::string_view name, bool& is_seen) {
    return equal_without_case(directive.name, name) && !std::exchange(is_seen, true);
  };
  const auto time = delta(directive);
  if (first("max-age", seen.max_age)) control.max_age = time.value_or(http::Seconds{0});
  if (first("min-fresh", seen.min_fresh)) control.min_fresh = time.value_or(http::kLongest);
  if (first("max-stale", seen.max_stale))
    control.max_stale = directive.has_argument ? time : std::optional(http::Seconds::max());
  if (first("stale-if-error", seen.if_error)) control.stale_if_error = time;
  if (first("stale-while-revalidate", seen.while_revalidate)) control.stale_while_revalidate = time;
}

}  // namespace

CacheControl cache_control(const http::Fields& fields) {
  CacheControl control;
  Seen seen;
  // Parse each line separately, so that an unclosed quote does not extend into the next line.
  for (const auto line : fields.lines("cache-control")) {
    for (const auto member : http::list_members(line)) {
      const auto directive = read_directive(member);
      if (equal_without_case(directive.name, "no-cache")) take_no_cache(control, directive);
      take_flag(control, directive.name);
      take_time(control, directive, seen);
    }
  }
  return control;
}

CacheControl request_control(const http::Fields& fields) {
  auto control = cache_control(fields);
  if (fields.has("cache-control")) return control;
  const auto pragma = fields.joined("pragma").value_or("");
  for (const auto member : http::list_members(pragma))
    if (equal_without_case(member, "no-cache")) control.no_cache = true;
  return control;
}

}  // namespace iso::http_cache
