#include "reconcile/json/comparison.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "reconcile/json/number.h"
#include "reconcile/json/tolerance.h"

namespace iso::reconcile {
namespace {

constexpr std::size_t kMostCells = 1'000'000;  // steps, when elements of two arrays are put together
constexpr std::size_t kFew = 16;               // members: among so many a look at each is fastest

// Below this, what is not the same is replaced as a whole, so that no item is too deep for the stack.
constexpr std::size_t kDeepest = 500;

// Finds the members of one object by name, in an order of its own if there are many.
class Names {
 public:
  explicit Names(const Value& object) : object_(object) {
    if (object.members.size() <= kFew) return;
    for (const auto& member : object.members) sorted_.push_back(&member);
    std::sort(sorted_.begin(), sorted_.end(),
              [](const auto* one, const auto* other) { return one->name < other->name; });
  }

  const Value* find(std::string_view name) const {
    if (sorted_.empty()) return object_.find(name);
    const auto at = std::lower_bound(sorted_.begin(), sorted_.end(), name,
                                     [](const auto* member, auto wanted) { return member->name < wanted; });
    return at != sorted_.end() && (*at)->name == name ? &(*at)->value : nullptr;
  }

 private:
  const Value& object_;
  std::vector<const Value::Member*> sorted_;
};

const Rule* below(const Rule* rule, std::string_view name) {
  return rule == nullptr ? nullptr : rule->find(name);
}

std::string canonical(const Value& value, const Rule* rule = nullptr) {
  std::string out;
  append_canonical(out, value, rule);
  return out;
}

bool same_as_whole(const Value& left, const Value& right) {
  if (left.kind != right.kind) return false;
  switch (left.kind) {
    case Value::Kind::null:
      return true;
    case Value::Kind::boolean:
      return left.text == right.text;
    case Value::Kind::number:
      return same_number(left.text, right.text);
    case Value::Kind::string:
      return left.string == right.string;
    default:
      return canonical(left) == canonical(right);
  }
}

// Elements in a row that both arrays have.
struct Run {
  std::size_t left = 0, right = 0, size = 0;
};

// A longest common subsequence of two short rows, as runs of one.
std::vector<Run> common_subsequence(const std::vector<std::size_t>& left,
                                    const std::vector<std::size_t>& right) {
  const std::size_t width = right.size() + 1;
  std::vector<std::uint16_t> longest((left.size() + 1) * width);  // from a place in both on
  for (std::size_t i = left.size(); i-- > 0;)
    for (std::size_t j = right.size(); j-- > 0;) {
      std::uint16_t& here = longest[i * width + j];
      if (left[i] == right[j]) {
        here = static_cast<std::uint16_t>(longest[(i + 1) * width + j + 1] + 1);
      } else {
        here = std::max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
      }
    }
  std::vector<Run> runs;
  for (std::size_t i = 0, j = 0; i < left.size() && j < right.size();) {
    if (left[i] == right[j]) {
      runs.push_back({i++, j++, 1});
    } else {
      longest[(i + 1) * width + j] >= longest[i * width + j + 1] ? ++i : ++j;
    }
  }
  return runs;
}

// What both arrays have in the same order: all of a common head and tail, and between them a longest common
// subsequence, unless that would take more than kMostCells steps.
std::vector<Run> aligned(const std::vector<Value>& left, const std::vector<Value>& right, const Rule* each) {
  const std::size_t shorter = std::min(left.size(), right.size());
  std::size_t head = 0, tail = 0;
  const auto are_same = [each](const Value& one, const Value& other) {
    return each ? same(one, other, each) : same_as_whole(one, other);
  };
  while (head < shorter && are_same(left[head], right[head])) ++head;
  while (tail < shorter - head && are_same(left[left.size() - 1 - tail], right[right.size() - 1 - tail]))
    ++tail;
  std::vector<Run> runs{{0, 0, head}};
  const std::size_t lefts = left.size() - head - tail, rights = right.size() - head - tail;
  if (lefts != 0 && rights != 0 && lefts <= kMostCells / rights) {
    std::unordered_map<std::string, std::size_t> numbers;
    const auto numbers_of = [&](const std::vector<Value>& elements, std::size_t count) {
      std::vector<std::size_t> row;
      for (std::size_t i = head; i < head + count; ++i)
        row.push_back(numbers.try_emplace(canonical(elements[i], each), numbers.size()).first->second);
      return row;
    };
    const auto left_row = numbers_of(left, lefts), right_row = numbers_of(right, rights);
    for (Run run : common_subsequence(left_row, right_row))
      runs.push_back({run.left + head, run.right + head, run.size});
  }
  runs.push_back({left.size() - tail, right.size() - tail, tail});
  return runs;
}

bool has_tolerance(const Rule& rule) {
  const auto has = [](const auto& place) { return has_tolerance(place.rule); };
  return rule.tolerance || std::any_of(rule.below.begin(), rule.below.end(), has) ||
         std::any_of(rule.others.begin(), rule.others.end(), has_tolerance);
}

// Takes out pairs that are the same but for what is tolerated.
void drop_tolerated(const Value& left, std::vector<std::size_t>& lefts, const Value& right,
                    std::vector<std::size_t>& rights, const Rule* each) {
  if (!each || !has_tolerance(*each) || (!rights.empty() && lefts.size() > kMostCells / rights.size()))
    return;
  std::erase_if(lefts, [&](std::size_t i) {
    const auto pair = std::find_if(rights.begin(), rights.end(), [&](std::size_t j) {
      return same(left.elements[i], right.elements[j], each);
    });
    if (pair == rights.end()) return false;
    rights.erase(pair);
    return true;
  });
}

// A pointer cannot name what has no characters.
bool has_unnameable(const Value& object) {
  return std::any_of(object.members.begin(), object.members.end(),
                     [](const auto& member) { return member.name.starts_with(kNoCharacters); });
}

}  // namespace

// A step down, for as long as it lives.
class Comparison::Step {
 public:
  Step(Comparison& comparison, std::string_view name) : Step(comparison) {
    if (comparison.writes_) comparison.path_ += '/' + pointer_token(name);
  }
  Step(Comparison& comparison, std::size_t index) : Step(comparison) {
    if (comparison.writes_) comparison.path_ += '/' + std::to_string(index);
  }
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;
  ~Step() {
    --comparison_.depth_;
    comparison_.path_.resize(size_);
  }

 private:
  explicit Step(Comparison& comparison) : comparison_(comparison), size_(comparison.path_.size()) {
    ++comparison_.depth_;
  }

  Comparison& comparison_;
  std::size_t size_;
};

Comparison::Comparison(const Value& left, const Value& right, const Rule* rule)
    : left_(left),
      right_(right),
      rule_(rule),
      messages_(rule != nullptr && is_for_messages(*rule) && is_message(left, *rule) &&
                is_message(right, *rule)) {}

bool Comparison::differs() {
  compare(left_, right_, rule_);
  return differs_;
}

std::vector<Change> Comparison::changes(std::string_view path) {
  path_ = path;
  writes_ = true;
  compare(left_, right_, rule_);
  return std::move(found_);
}

void Comparison::compare(const Value& left, const Value& right, const Rule* rule) {
  if (done() || ignored(rule)) return;
  if (rule && rule->tolerance && is_within(left, right, *rule->tolerance)) return;
  const bool deep = depth_ > kDeepest && rule == nullptr;
  if (left.kind == right.kind && !deep) {
    if (left.kind == Value::Kind::array) return compare_arrays(left, right, rule);
    if (left.kind == Value::Kind::object) return compare_objects(left, right, rule);
  }
  if (!same_as_whole(left, right)) note(Change::Op::replace, left.verbatim(), right.verbatim());
}

void Comparison::compare_objects(const Value& left, const Value& right, const Rule* rule) {
  if (writes_ && (has_unnameable(left) || has_unnameable(right))) return compare_as_whole(left, right, rule);
  const bool message = messages_ && &left == &left_;
  const Names in_left(left), in_right(right);
  for (const auto& [name, before] : left.members) {
    const Rule* const place = below(rule, name);
    if (done() || ignored(place)) continue;
    const Value* const after = in_right.find(name);
    const bool no_after = after == nullptr || (message && left_out(name, *after, place));
    if (no_after && message && left_out(name, before, place)) continue;
    const Step step(*this, name);
    if (after == nullptr) {
      note(Change::Op::remove, before.verbatim(), {});
    } else {
      compare(before, *after, place);
    }
  }
  for (const auto& [name, after] : right.members) {
    const Rule* const place = below(rule, name);
    if (done() || ignored(place) || in_left.find(name) != nullptr) continue;
    if (message && left_out(name, after, place)) continue;
    const Step step(*this, name);
    note(Change::Op::add, {}, after.verbatim());
  }
}

void Comparison::compare_as_whole(const Value& left, const Value& right, const Rule* rule) {
  const bool before = std::exchange(differs_, false);
  writes_ = false;
  compare_objects(left, right, rule);
  writes_ = true;
  if (std::exchange(differs_, before)) note(Change::Op::replace, left.verbatim(), right.verbatim());
}

void Comparison::compare_arrays(const Value& left, const Value& right, const Rule* rule) {
  if (rule != nullptr && rule->unordered) return compare_unordered(left, right, *rule);
  const Rule* const each = rule == nullptr ? nullptr : rule->of_others();
  const bool has_places = rule != nullptr && !rule->below.empty();
  if (writes_ && !has_places) return align_arrays(left, right, each);
  const std::size_t common = std::min(left.elements.size(), right.elements.size());
  for (std::size_t i = 0; i < common && !done(); ++i) {
    const Step step(*this, i);
    compare(left.elements[i], right.elements[i], has_places ? rule->find(std::to_string(i)) : each);
  }
  for (std::size_t i = left.elements.size(); i > common && !done(); --i) {
    const Step step(*this, i - 1);
    note(Change::Op::remove, left.elements[i - 1].verbatim(), {});
  }
  for (std::size_t i = common; i < right.elements.size() && !done(); ++i) {
    const Step step(*this, i);
    note(Change::Op::add, {}, right.elements[i].verbatim());
  }
}

// The elements between what both have, the last ones first, so that indices into left stay right.
void Comparison::align_arrays(const Value& left, const Value& right, const Rule* each) {
  const auto anchors = aligned(left.elements, right.elements, each);
  std::size_t left_end = left.elements.size(), right_end = right.elements.size();
  for (auto anchor = anchors.rbegin(); anchor != anchors.rend(); ++anchor) {
    compare_gap(left, {anchor->left + anchor->size, left_end}, right,
                {anchor->right + anchor->size, right_end}, each);
    left_end = anchor->left;
    right_end = anchor->right;
  }
  compare_gap(left, {0, left_end}, right, {0, right_end}, each);
}

// Pairs by position, and what one side has beyond them.
void Comparison::compare_gap(const Value& left, Range lefts, const Value& right, Range rights,
                             const Rule* each) {
  const std::size_t pairs = std::min(lefts.end - lefts.begin, rights.end - rights.begin);
  for (std::size_t i = 0; i < pairs; ++i) {
    const Step step(*this, lefts.begin + i);
    compare(left.elements[lefts.begin + i], right.elements[rights.begin + i], each);
  }
  for (std::size_t i = lefts.end; i > lefts.begin + pairs; --i) {
    const Step step(*this, i - 1);
    note(Change::Op::remove, left.elements[i - 1].verbatim(), {});
  }
  for (std::size_t i = pairs; i < rights.end - rights.begin; ++i) {
    const Step step(*this, lefts.begin + i);
    note(Change::Op::add, {}, right.elements[rights.begin + i].verbatim());
  }
}

// Each by its name, if it has one that no other has; what is left by what it is.
void Comparison::compare_unordered(const Value& left, const Value& right, const Rule& rule) {
  Indices lefts(left.elements.size()), rights(right.elements.size());
  std::iota(lefts.begin(), lefts.end(), std::size_t{0});
  std::iota(rights.begin(), rights.end(), std::size_t{0});
  if (!rule.matched_by.empty()) compare_matched(left, lefts, right, rights, rule);
  compare_bags(left, std::move(lefts), right, std::move(rights), rule.of_others());
}

// Takes out of the indices those elements whose names have a pair.
void Comparison::compare_matched(const Value& left, Indices& lefts, const Value& right, Indices& rights,
                                 const Rule& rule) {
  struct Named {
    std::size_t lefts = 0, rights = 0, right = 0;
    bool is_pair() const { return lefts == 1 && rights == 1; }
  };
  std::unordered_map<std::string, Named> all;
  const auto name_of = [&rule](const Value& element) {
    const Value* const name = find_value(element, rule.matched_by);
    return name && name->kind != Value::Kind::null ? canonical(*name) : std::string();
  };
  for (const Value& element : left.elements) ++all[name_of(element)].lefts;
  for (std::size_t i = 0; i < right.elements.size(); ++i) {
    Named& named = all[name_of(right.elements[i])];
    ++named.rights;
    named.right = i;
  }
  all[""].lefts = 0;  // without a name there is no pair
  for (std::size_t i = 0; i < left.elements.size() && !done(); ++i) {
    const Named& named = all[name_of(left.elements[i])];
    if (!named.is_pair()) continue;
    const Step step(*this, i);
    compare(left.elements[i], right.elements[named.right], rule.of_others());
  }
  std::erase_if(lefts, [&](std::size_t i) { return all[name_of(left.elements[i])].is_pair(); });
  std::erase_if(rights, [&](std::size_t i) { return all[name_of(right.elements[i])].is_pair(); });
}

// What there is too much of goes, the highest index first, so that the others stay right; then what is
// lacking comes at the end.
void Comparison::compare_bags(const Value& left, Indices lefts, const Value& right, Indices rights,
                              const Rule* each) {
  std::unordered_map<std::string, std::ptrdiff_t> surplus;  // by what is the same for all that are the same
  const auto drop_pairs = [&surplus, each](const Value& own, const Value& other, Indices& of_own,
                                           const Indices& of_other) {
    surplus.clear();
    for (const std::size_t i : of_other) ++surplus[canonical(other.elements[i], each)];
    std::erase_if(of_own, [&](std::size_t i) { return surplus[canonical(own.elements[i], each)]-- > 0; });
  };
  const Indices all_lefts = lefts;
  drop_pairs(left, right, lefts, rights);
  drop_pairs(right, left, rights, all_lefts);
  drop_tolerated(left, lefts, right, rights, each);
  for (auto i = lefts.rbegin(); i != lefts.rend() && !done(); ++i) {
    const Step step(*this, *i);
    note(Change::Op::remove, left.elements[*i].verbatim(), {});
  }
  for (const std::size_t i : rights) {
    if (done()) return;
    const Step step(*this, "-");
    note(Change::Op::add, {}, right.elements[i].verbatim());
  }
}

void Comparison::note(Change::Op op, std::string_view before, std::string_view after) {
  differs_ = true;
  if (writes_) found_.push_back({op, path_, before, after});
}

bool Comparison::ignored(const Rule* rule) const {
  if (rule == nullptr) return false;
  return rule->ignored == Rule::Ignored::always || (rule->ignored == Rule::Ignored::in_messages && messages_);
}

// Of a message: a member that might as well not be there.
bool Comparison::left_out(std::string_view name, const Value& member, const Rule* rule) const {
  if (member.kind == Value::Kind::null) return !is_body_field(name);
  return name == "headers" && member.kind == Value::Kind::object &&
         std::all_of(member.members.begin(), member.members.end(),
                     [&](const auto& header) { return ignored(below(rule, header.name)); });
}

}  // namespace iso::reconcile
