#include <doctest/doctest.h>

#include "reconcile/apply.h"
#include "reconcile/json/comparison.h"
#include "reconcile/json/patch.h"
#include "reconcile/random_json.h"

using namespace iso;
using namespace iso::reconcile;
using test::Model;
using test::RandomJson;

namespace {

using Value = iso::reconcile::Value;

constexpr unsigned kRounds = 1500;

// Two items that are near one another, each in a spelling of its own.
struct Pair {
  Pair(RandomJson& random, int fields) : one(fields > 0 ? random.object() : random.value()), other(one) {
    random.mutate(other);
    if (fields > 0 && other.kind != Model::Kind::object) other = random.object();
    left_text = random.spell(one, fields);
    right_text = random.spell(other, fields);
    left = read_value(left_text);
    right = read_value(right_text);
  }

  Model one, other;
  std::string left_text, right_text;
  Value left, right;
};

std::string canonical(const Value& value) {
  std::string out;
  append_canonical(out, value);
  return out;
}

// Rules for some of the places that there are.
void add_rules(Rule& rule, const Value& value, RandomJson& random) {
  if (random.one_in(5)) rule.ignored = Rule::Ignored::always;
  if (random.one_in(2)) rule.unordered = true;
  const auto below = [&](const std::string& name, const Value& there) {
    if (random.one_in(2)) add_rules(rule.at({name}), there, random);
  };
  for (std::size_t i = 0; i < value.elements.size(); ++i) below(std::to_string(i), value.elements[i]);
  for (const auto& [name, member] : value.members) below(name, member);
}

// The patch turns left into right, and left as it would be with another value at any place tested into
// nothing.
void check_patch(const Pair& pair, const Rule* rule) {
  CAPTURE(pair.left_text);
  CAPTURE(pair.right_text);
  const auto found = changes(pair.left, pair.right, rule, "");
  std::string patch;
  append_patch(patch, found);
  CAPTURE(patch);
  REQUIRE(found.empty() == same(pair.left, pair.right, rule));
  const auto patched = test::apply(patch, pair.left);
  REQUIRE(patched.has_value());
  REQUIRE(same(*patched, pair.right, rule));
  for (const Change& change : found) {
    if (change.op == Change::Op::add) continue;
    std::string spoil;
    append_patch(spoil, {{Change::Op::replace, change.path, change.before, "\"something else\""}});
    const auto spoiled = test::apply(spoil, pair.left);
    REQUIRE(spoiled.has_value());
    REQUIRE_FALSE(test::apply(patch, *spoiled).has_value());
  }
}

}  // namespace

TEST_CASE("patch: whatever the two items are, it turns left into right, and no other item into anything") {
  RandomJson random(1);
  unsigned alike = 0;
  for (unsigned i = 0; i < kRounds; ++i) {
    const Pair pair(random, 0);
    check_patch(pair, nullptr);
    const bool same_model = test::told(pair.one) == test::told(pair.other);
    CAPTURE(pair.left_text);
    CAPTURE(pair.right_text);
    REQUIRE(same(pair.left, pair.right, nullptr) == same_model);
    REQUIRE((canonical(pair.left) == canonical(pair.right)) == same_model);
    if (same_model) ++alike;
  }
  CHECK(alike > kRounds / 50);
  CHECK(alike < kRounds / 2);
}

TEST_CASE("patch: by rules too, it makes of left what is the same as right") {
  RandomJson random(2);
  unsigned by_rules = 0;
  for (unsigned i = 0; i < kRounds; ++i) {
    const Pair pair(random, 0);
    Rule rule;
    add_rules(rule, random.one_in(2) ? pair.left : pair.right, random);
    if (!random.one_in(12)) rule.ignored = Rule::Ignored::no;
    check_patch(pair, &rule);
    if (same(pair.left, pair.right, &rule) && !same(pair.left, pair.right, nullptr)) ++by_rules;
  }
  CHECK(by_rules > kRounds / 100);  // how often depends on the order in which a compiler draws
}

TEST_CASE("patch: of messages too, with what is left out on one side or on both") {
  RandomJson random(3);
  unsigned messages = 0, by_rules = 0;
  for (unsigned i = 0; i < kRounds; ++i) {
    const Pair pair(random, 2);
    Rule rule;
    if (random.one_in(3)) add_rules(rule, pair.left, random);
    rule.ignored = Rule::Ignored::no;
    ignore_delivery_fields(rule);
    check_patch(pair, &rule);
    if (is_message(pair.left, rule) && is_message(pair.right, rule)) ++messages;
    if (same(pair.left, pair.right, &rule) && !same(pair.left, pair.right, nullptr)) ++by_rules;
  }
  CHECK(messages > kRounds / 20);
  CHECK(by_rules > kRounds / 100);  // how often depends on the order in which a compiler draws
}

TEST_CASE("changes: an item and the same in another spelling have none, with rules and without") {
  RandomJson random(4);
  for (unsigned i = 0; i < kRounds; ++i) {
    const Model model = random.value();
    const std::string left_text = random.spell(model), right_text = random.spell(model);
    CAPTURE(left_text);
    CAPTURE(right_text);
    const Value left = read_value(left_text), right = read_value(right_text);
    Rule rule;
    add_rules(rule, left, random);
    ignore_delivery_fields(rule);
    REQUIRE(changes(left, right, nullptr, "").empty());
    REQUIRE(changes(left, right, &rule, "").empty());
  }
}
