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

}  // namespace

void append_canonical(std::string& out, const Value& value) {
  Canonical(out).append(value);
}

}  // namespace iso::reconcile
