#include "reconcile/json/comparison.h"

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "reconcile/json/number.h"

namespace iso::reconcile {
namespace {

constexpr std::size_t kFew = 16;  // members: among so many a look at each is fastest

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

std::string canonical(const Value& value) {
  std::string out;
  append_canonical(out, value);
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
std::vector<Run> aligned(const std::vector<Value>& left, const std::vector<Value>& right) {
  constexpr std::size_t kMostCells = 1'000'000;
  const std::size_t shorter = std::min(left.size(), right.size());
  std::size_t head = 0, tail = 0;
  while (head < shorter && same_as_whole(left[head], right[head])) ++head;
  while (tail < shorter - head && same_as_whole(left[left.size() - 1 - tail], right[right.size() - 1 - tail]))
    ++tail;
  std::vector<Run> runs{{0, 0, head}};
  const std::size_t lefts = left.size() - head - tail, rights = right.size() - head - tail;
  if (lefts != 0 && rights != 0 && lefts <= kMostCells / rights) {
    std::unordered_map<std::string, std::size_t> numbers;
    const auto numbers_of = [&](const std::vector<Value>& elements, std::size_t count) {
      std::vector<std::size_t> row;
      for (std::size_t i = head; i < head + count; ++i)
        row.push_back(numbers.try_emplace(canonical(elements[i]), numbers.size()).first->second);
      return row;
    };
    const auto left_row = numbers_of(left, lefts), right_row = numbers_of(right, rights);
    for (Run run : common_subsequence(left_row, right_row))
      runs.push_back({run.left + head, run.right + head, run.size});
  }
  runs.push_back({left.size() - tail, right.size() - tail, tail});
  return runs;
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
  if (rule != nullptr && rule->unordered) return compare_unordered(left, right);
  const bool has_places = rule != nullptr && !rule->below.empty();
  if (writes_ && !has_places) return align_arrays(left, right);
  const std::size_t common = std::min(left.elements.size(), right.elements.size());
  for (std::size_t i = 0; i < common && !done(); ++i) {
    const Step step(*this, i);
    compare(left.elements[i], right.elements[i], has_places ? rule->find(std::to_string(i)) : nullptr);
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
void Comparison::align_arrays(const Value& left, const Value& right) {
  const auto anchors = aligned(left.elements, right.elements);
  std::size_t left_end = left.elements.size(), right_end = right.elements.size();
  for (auto anchor = anchors.rbegin(); anchor != anchors.rend(); ++anchor) {
    compare_gap(left, {anchor->left + anchor->size, left_end}, right,
                {anchor->right + anchor->size, right_end});
    left_end = anchor->left;
    right_end = anchor->right;
  }
  compare_gap(left, {0, left_end}, right, {0, right_end});
}

// Pairs by position, and what one side has beyond them.
void Comparison::compare_gap(const Value& left, Range lefts, const Value& right, Range rights) {
  const std::size_t pairs = std::min(lefts.end - lefts.begin, rights.end - rights.begin);
  for (std::size_t i = 0; i < pairs; ++i) {
    const Step step(*this, lefts.begin + i);
    compare(left.elements[lefts.begin + i], right.elements[rights.begin + i], nullptr);
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

// What there is too much of goes, the highest index first, so that the others stay right; then what is
// lacking comes at the end.
void Comparison::compare_unordered(const Value& left, const Value& right) {
  std::unordered_map<std::string, std::ptrdiff_t> surplus;  // by what is the same for all that are the same
  const auto count = [&](const Value& element, std::ptrdiff_t by) {
    std::ptrdiff_t& counted = surplus[canonical(element)];
    counted += by;
    return &counted;
  };
  std::vector<std::ptrdiff_t*> of_left, of_right;
  for (const Value& element : left.elements) of_left.push_back(count(element, 1));
  for (const Value& element : right.elements) of_right.push_back(count(element, -1));
  for (std::size_t i = of_left.size(); i > 0 && !done(); --i) {
    if (*of_left[i - 1] <= 0) continue;
    --*of_left[i - 1];
    const Step step(*this, i - 1);
    note(Change::Op::remove, left.elements[i - 1].verbatim(), {});
  }
  for (std::size_t i = 0; i < of_right.size() && !done(); ++i) {
    if (*of_right[i] >= 0) continue;
    ++*of_right[i];
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
