// Two lines of JSON held against each other, by four rules: what is an item is one in all three ways to read
// it, and digests, the walk through both trees and the patch agree on whether they are the same.
#include <array>
#include <string>

#include "base/error.h"
#include "reconcile/json/digest.h"
#include "reconcile/json/patch.h"
#include "reconcile/sides/item.h"
#include "record/scan.h"
#include "require.h"

using namespace iso;
using namespace iso::ends;
using namespace iso::reconcile;
using fuzz::require;

namespace {

std::array<Rule, 4> make_rules() {
  std::array<Rule, 4> rules;
  ignore_delivery_fields(rules[1]);
  rules[2].at({"a"}).unordered = true;
  rules[2].at({"b"}).ignored = Rule::Ignored::always;
  rules[2].at({"c", "0"}).ignored = Rule::Ignored::always;
  ignore_delivery_fields(rules[2]);
  rules[3].unordered = true;
  for (Rule& rule : rules) {
    rule.compared = true;
    rule.at({"id"}).key = 0;
  }
  return rules;
}

// A line as a block has it: exactly so long, that a read past its end is seen.
struct Line {
  std::string text, padded;
  Item item;

  Line(std::string_view line, const Rule& rule)
      : text(line), padded(text + '\n' + std::string(Digester::kPadding, '"')), item(text, false, rule) {}
  bool is_item() const { return item.why.empty(); }
};

Digest digest_of(Digester& digester, const Line& line) {
  Digest digest = digester.read(line.padded.data());
  if (digest.end && *digest.end != '\n') digest.state = Digest::State::invalid;
  require((digest.state != Digest::State::invalid) == line.is_item(), "a digest is of what is an item",
          line.text, line.item.why);
  return digest;
}

void check(const Line& left, const Line& right, const Rule& rule) {
  Digester digester(rule, 1, 7);
  const Digest one = digest_of(digester, left), other = digest_of(digester, right);
  if (!left.is_item() || !right.is_item()) return;
  const bool are_same = same(left.item.value, right.item.value, &rule);
  require((one.content == other.content) == are_same, "digests are equal where both say the same", left.text,
          right.text);
  const auto found = changes(left.item.value, right.item.value, &rule, "");
  std::string patch;
  append_patch(patch, found);
  require(found.empty() == are_same, "there are changes where both do not say the same", patch);
  require(is_json(patch), "a patch is JSON", patch);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto kRules = make_rules();
  const std::string_view input = fuzz::text_of(data, size);
  const auto middle = std::min(input.find('\n'), input.size());
  const auto rest = input.substr(std::min(middle + 1, input.size()));
  for (const Rule& rule : kRules) {
    const Line left(input.substr(0, middle), rule), right(rest.substr(0, rest.find('\n')), rule);
    require(left.is_item() == is_json(left.text), "an item is JSON", left.text, left.item.why);
    check(left, right, rule);
    check(left, left, rule);
  }
  return 0;
}
