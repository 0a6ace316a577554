#include <algorithm>

#include "reconcile/json/comparison.h"
#include "reconcile/json/number.h"

namespace iso::reconcile {
namespace {

void append_size(std::string& out, std::size_t size) {
  out += std::to_string(size);
  out += ':';
}

void append_sized(std::string& out, std::string_view text) {
  append_size(out, text.size());
  out += text;
}

// Without recursion: a value may be nested kMaxDepth deep.
class Canonical {
 public:
  explicit Canonical(std::string& out) : out_(out) {}

  void append(const Value& value) {
    start(value);
    while (!open_.empty()) {
      Open& last = open_.back();
      if (last.next == last.below.size()) {
        open_.pop_back();
        continue;
      }
      const auto [name, below] = last.below[last.next++];
      if (name != nullptr) append_sized(out_, *name);
      start(*below);
    }
  }

 private:
  // An array or an object, and what is in it, in the order to append it; an element has no name.
  struct Open {
    std::vector<std::pair<const std::string*, const Value*>> below;
    std::size_t next = 0;
  };

  void start(const Value& value) {
    switch (value.kind) {
      case Value::Kind::null:
        out_ += 'n';
        return;
      case Value::Kind::boolean:
        out_ += value.text.front();
        return;
      case Value::Kind::number:
        return Number(value.text).append_ordered(out_ += '0');
      case Value::Kind::string:
        return append_sized(out_ += '"', value.string);
      case Value::Kind::array:
        return open_array(value);
      case Value::Kind::object:
        return open_object(value);
    }
  }

  void open_array(const Value& value) {
    append_size(out_ += '[', value.elements.size());
    auto& below = open_.emplace_back().below;
    for (const Value& element : value.elements) below.emplace_back(nullptr, &element);
  }

  void open_object(const Value& value) {
    append_size(out_ += '{', value.members.size());
    auto& below = open_.emplace_back().below;
    for (const auto& [name, member] : value.members) below.emplace_back(&name, &member);
    std::sort(below.begin(), below.end(),
              [](const auto& one, const auto& other) { return *one.first < *other.first; });
  }

  std::string& out_;
  std::vector<Open> open_;
};

bool says_nothing(const Rule* rule) {
  return rule == nullptr || (rule->below.empty() && rule->others.empty() && !rule->unordered &&
                             rule->ignored != Rule::Ignored::always);
}

void append_object(std::string& out, const Value& value, const Rule& rule) {
  std::vector<std::string> members;
  for (const auto& [name, member] : value.members) {
    const Rule* const place = rule.find(name);
    if (place && place->ignored == Rule::Ignored::always) continue;
    append_sized(members.emplace_back(), name);
    append_canonical(members.back(), member, place);
  }
  std::sort(members.begin(), members.end());
  append_size(out += '{', members.size());
  for (const auto& member : members) append_sized(out, member);
}

void append_array(std::string& out, const Value& value, const Rule& rule) {
  std::vector<std::string> elements;
  for (std::size_t i = 0; i < value.elements.size(); ++i)
    append_canonical(elements.emplace_back(), value.elements[i],
                     rule.unordered || rule.below.empty() ? rule.of_others() : rule.find(std::to_string(i)));
  if (rule.unordered) std::sort(elements.begin(), elements.end());
  append_size(out += '[', elements.size());
  for (const auto& element : elements) append_sized(out, element);
}

}  // namespace

// A rule goes no deeper than a pointer.
void append_canonical(std::string& out, const Value& value, const Rule* rule) {
  if (rule && rule->ignored == Rule::Ignored::always)
    out += 'i';
  else if (says_nothing(rule))
    Canonical(out).append(value);
  else if (value.kind == Value::Kind::object)
    append_object(out, value, *rule);
  else if (value.kind == Value::Kind::array)
    append_array(out, value, *rule);
  else
    Canonical(out).append(value);
}

}  // namespace iso::reconcile
