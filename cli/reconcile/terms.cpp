#include <algorithm>
#include <fmt/core.h>
#include <functional>
#include <utility>

#include "base/duration.h"
#include "base/error.h"
#include "cli/reconcile/sides.h"
#include "record/plain.h"
#include "record/pointer.h"
#include "record/scan.h"

// What the options say of the sides' items: which part is the key, and how the others are compared.

namespace iso::cli {
namespace {

using Tokens = std::vector<std::string>;

constexpr std::size_t kMostTokens = 100;  // a rule's place is found by recursion

Tokens tokens_of(std::string_view pointer) {
  Tokens tokens = pointer_tokens(pointer);
  if (tokens.size() > kMostTokens)
    throw Error(ErrorKind::usage,
                fmt::format("a pointer of {} names; at most {} are allowed", tokens.size(), kMostTokens));
  return tokens;
}

// "/a=/b": the place on the left, and on the right. A pointer starts with /, so = before one parts the two.
std::pair<Tokens, Tokens> pair_of(std::string_view text) {
  auto at = text.find("=/");
  if (at == std::string_view::npos && text.ends_with('=')) at = text.size() - 1;
  if (at == std::string_view::npos) return {tokens_of(text), tokens_of(text)};
  return {tokens_of(text.substr(0, at)), tokens_of(text.substr(at + 1))};
}

// The place in "/a=/b" and "/a".
std::string array_of(const std::string& text) {
  return text.substr(0, text.find("=/"));
}

// The place in "/a=0.5".
std::string tolerant_of(const std::string& text) {
  return text.substr(0, text.rfind('='));
}

bool is_within(const Tokens& place, const Tokens& outer) {
  return place.size() > outer.size() && std::equal(outer.begin(), outer.end(), place.begin());
}

// `pointer` within what is compared on the left, or all of that if `itself`.
Tokens within(const Tokens& compared, std::string_view option, std::string_view pointer, bool itself) {
  const Tokens tokens = tokens_of(pointer);
  if (tokens.size() < compared.size() + (itself ? 0 : 1) ||
      !std::equal(compared.begin(), compared.end(), tokens.begin()))
    throw Error(ErrorKind::usage,
                fmt::format("{} {}: that is not within what --compare names on the left", option, pointer));
  return {tokens.begin() + static_cast<std::ptrdiff_t>(compared.size()), tokens.end()};
}

// Each place that `below` leads to within what is compared.
void change_each(SideTerms& side, const Tokens& below, const std::function<void(reconcile::Rule&)>& change) {
  side.rule.at(side.compared).change_each(below, change);
}

bool has_wildcard(const Tokens& tokens) {
  return std::find(tokens.begin(), tokens.end(), "*") != tokens.end();
}

void add_key(SideTerms& side, Tokens tokens) {
  side.rule.at(tokens).key = static_cast<int>(side.key.size());
  side.key.push_back(std::move(tokens));
}

// The same key again adds nothing; a place that stands for two keys has no meaning.
bool is_known_key(const ReconcileSides& sides, const Tokens& left, const Tokens& right,
                  std::string_view text) {
  for (std::size_t i = 0; i < sides.left.key.size(); ++i) {
    const bool same_left = sides.left.key[i] == left, same_right = sides.right.key[i] == right;
    if (same_left && same_right) return true;
    if (same_left || same_right)
      throw Error(ErrorKind::usage, fmt::format("--key {}: another --key has the same place on the {}", text,
                                                same_left ? "left" : "right"));
  }
  return false;
}

// An element of an array whose order does not matter has no place of its own: only of all of them can
// something be said.
void check_unordered(const ReconcileArgs& args, const SideTerms& side, const Tokens& below,
                     std::string_view pointer) {
  Tokens array = side.compared;
  array.insert(array.end(), below.begin(), below.end());
  const auto refuse = [pointer](const std::string& what) {
    throw Error(
        ErrorKind::usage,
        fmt::format("{} is within the array of --unordered {}, whose elements have no place; say * for all",
                    what, pointer));
  };
  const auto check = [&](std::string_view option, const std::vector<std::string>& others, auto place_in) {
    for (const auto& other : others) {
      const Tokens tokens = tokens_of(place_in(other));
      if (is_within(tokens, array) && tokens[array.size()] != "*")
        refuse(fmt::format("{} {}", option, other));
    }
  };
  if (array.empty()) return;  // an array as an item has no key
  for (const auto& key : side.key)
    if (is_within(key, array)) refuse("a --key");
  check("--unordered", args.unordered, array_of);
  check("--ignore", args.ignored, [](const std::string& text) { return text; });
  check("--tolerance", args.tolerances, tolerant_of);
}

// "POINTER=N", "POINTER=DUR"
reconcile::Tolerance tolerance_of(const std::string& text) {
  const auto at = text.rfind('=');
  const std::string value = at == text.npos ? "" : text.substr(at + 1);
  reconcile::Tolerance tolerance;
  if (value.empty() || value[0] == '-')
    throw Error(ErrorKind::usage,
                fmt::format("--tolerance {}: say POINTER=N for numbers, or POINTER=DUR for times", text));
  if (is_json(value) && is_digit(value[0])) {
    tolerance.number = value;
    return tolerance;
  }
  try {
    tolerance.milliseconds = parse_duration(value).count();
  } catch (const Error& error) {
    throw error.during("--tolerance " + text);
  }
  return tolerance;
}

// What --compare names: up to a wildcard all of it, and below that nothing but where it leads.
void add_compared(ReconcileSides& sides, const std::string& text) {
  auto [left, right] = pair_of(text);
  const auto part = [](Tokens& tokens) {
    const auto wildcard = std::find(tokens.begin(), tokens.end(), "*");
    const Tokens rest(wildcard, tokens.end());
    tokens.erase(wildcard, tokens.end());
    return rest;
  };
  const Tokens rest = part(left);
  if (part(right) != rest)
    throw Error(ErrorKind::usage,
                fmt::format("--compare {}: from the first * on, both sides have to be the same", text));
  sides.left.compared = std::move(left);
  sides.right.compared = std::move(right);
  if (rest.empty()) return;
  for (SideTerms* const side : {&sides.left, &sides.right})
    reconcile::compare_only(side->rule.at(side->compared), rest);
}

void add_rules(const ReconcileArgs& args, const Tokens& compared, SideTerms& side) {
  side.rule.at(side.compared).compared = true;
  for (const auto& pointer : args.ignored)
    change_each(side, within(compared, "--ignore", pointer, false),
                [](reconcile::Rule& rule) { rule.ignored = reconcile::Rule::Ignored::always; });
  for (const auto& text : args.unordered) {
    const std::string pointer = array_of(text);
    const Tokens below = within(compared, "--unordered", pointer, true);
    const Tokens name = text.size() == pointer.size() ? Tokens{} : tokens_of(text.substr(pointer.size() + 1));
    change_each(side, below, [&](reconcile::Rule& rule) {
      rule.unordered = true;
      rule.matched_by = name;
    });
    check_unordered(args, side, below, pointer);
  }
  for (const auto& text : args.tolerances) {
    const reconcile::Tolerance tolerance = tolerance_of(text);
    change_each(side, within(compared, "--tolerance", tolerant_of(text), true),
                [&](reconcile::Rule& rule) { rule.tolerance = tolerance; });
  }
}

}  // namespace

ReconcileSides read_sides(const ReconcileArgs& args) {
  ReconcileSides sides;
  auto& [left, right] = sides;
  for (const auto& key : args.keys.empty() ? std::vector<std::string>{"/message_id"} : args.keys) {
    auto [of_left, of_right] = pair_of(key);
    if (is_known_key(sides, of_left, of_right, key)) continue;
    add_key(left, std::move(of_left));
    add_key(right, std::move(of_right));
  }
  for (const auto& key : left.key)
    if (has_wildcard(key))
      throw Error(ErrorKind::usage, "--key: a key is at a single place, so * cannot be a wildcard");
  if (args.compare.empty())
    for (SideTerms* const side : {&left, &right}) reconcile::ignore_delivery_fields(side->rule);
  else
    add_compared(sides, args.compare.front());
  for (SideTerms* const side : {&left, &right}) add_rules(args, left.compared, *side);
  return sides;
}

}  // namespace iso::cli
