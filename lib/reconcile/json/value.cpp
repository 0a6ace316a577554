#include "reconcile/json/value.h"

#include <algorithm>
#include <fmt/core.h>
#include <numeric>

#include "base/error.h"
#include "reconcile/json/rules.h"
#include "record/members.h"
#include "record/plain.h"
#include "record/scan.h"

namespace iso::reconcile {
namespace {

constexpr std::size_t kUsual = 8;  // members of an object that is not deep: room for so many is made at once
constexpr std::size_t kFew = 16;   // members: among so many a look at each is fastest

using Members = std::vector<Value::Member>;

std::string characters(std::string_view json) {
  if (json.find('\\') == json.npos) return std::string(json.substr(1, json.size() - 2));
  if (auto text = read_json_string(json)) return *std::move(text);
  return kNoCharacters + std::string(json.substr(1, json.size() - 2));
}

// Among a few members.
bool has_repeats(const Members& members) {
  for (std::size_t i = 1; i < members.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (members[i].name == members[j].name) return true;
  return false;
}

// Of members of one name leaves the last.
void drop_repeats(Members& members) {
  if (members.size() <= kFew && !has_repeats(members)) return;
  std::vector<std::size_t> order(members.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::size_t one, std::size_t other) {
    const int by_name = members[one].name.compare(members[other].name);
    return by_name != 0 ? by_name < 0 : one < other;
  });
  std::vector<bool> dropped(members.size());
  for (std::size_t i = 1; i < order.size(); ++i)
    dropped[order[i - 1]] = members[order[i - 1]].name == members[order[i]].name;
  if (std::find(dropped.begin(), dropped.end(), true) == dropped.end()) return;
  Members kept;
  for (std::size_t i = 0; i < members.size(); ++i)
    if (!dropped[i]) kept.push_back(std::move(members[i]));
  members = std::move(kept);
}

// Builds the tree of a text that is known to be one JSON value, in one pass and without recursion: a value
// may be nested kMaxDepth deep.
class Builder {
 public:
  explicit Builder(std::string_view json) : json_(json) {}

  Value build() {
    while (at_ < json_.size()) step();
    return std::move(root_);
  }

 private:
  void step() {
    switch (const char c = json_[at_]) {
      case '{':
      case '[':
        open_.push_back(&place(c == '{' ? Value::Kind::object : Value::Kind::array));
        open_.back()->text = json_.substr(at_++);
        if (c == '{' && open_.size() <= 2) open_.back()->members.reserve(kUsual);
        break;
      case '}':
      case ']':
        close();
        break;
      case '"':
        string();
        break;
      case ':':
        named_ = true;
        ++at_;
        break;
      default:
        if (c == ',' || is_space(c)) {
          ++at_;
        } else {
          word(c);
        }
    }
  }

  // Where the next value goes. It stays there until its array or object gets another one, which is after it
  // was closed.
  Value& place(Value::Kind kind) {
    Value* value = &root_;
    if (!open_.empty()) {
      Value& in = *open_.back();
      value = in.kind == Value::Kind::array
                  ? &in.elements.emplace_back()
                  : &in.members.emplace_back(Value::Member{std::move(name_), {}}).value;
    }
    named_ = false;
    value->kind = kind;
    return *value;
  }

  void close() {
    Value& value = *open_.back();
    open_.pop_back();
    ++at_;
    const auto start = static_cast<std::size_t>(value.text.data() - json_.data());
    value.text = json_.substr(start, at_ - start);
    drop_repeats(value.members);
  }

  void string() {
    std::size_t end = at_ + 1;
    while (json_[end] != '"') end += json_[end] == '\\' ? 2U : 1U;
    const auto text = json_.substr(at_, end + 1 - at_);
    at_ = end + 1;
    if (!open_.empty() && open_.back()->kind == Value::Kind::object && !named_) {
      name_ = characters(text);
      return;
    }
    Value& value = place(Value::Kind::string);
    value.text = text;
    value.string = characters(text);
  }

  void word(char first) {
    Value& value = place(first == 'n'                   ? Value::Kind::null
                         : first == 't' || first == 'f' ? Value::Kind::boolean
                                                        : Value::Kind::number);
    const auto end = std::min(json_.find_first_of(",]} \t\r\n", at_), json_.size());
    value.text = json_.substr(at_, end - at_);
    at_ = end;
  }

  std::string_view json_;
  std::size_t at_ = 0;
  Value root_;
  std::vector<Value*> open_;
  std::string name_;    // of the member whose value comes next
  bool named_ = false;  // its colon was there
};

}  // namespace

const Value* Value::find(std::string_view name) const {
  for (const auto& [known, value] : members)
    if (known == name) return &value;
  return nullptr;
}

Value read_value(std::string_view json) {
  const auto start = std::find_if_not(json.begin(), json.end(), is_space) - json.begin();
  const auto text = json.substr(static_cast<std::size_t>(start));
  const auto fail = [&](std::size_t at, std::string_view why) {
    throw Error(ErrorKind::data, fmt::format("byte {}: {}", static_cast<std::size_t>(start) + at + 1, why));
  };
  JsonScanner scanner;
  if (scanner.scan(text, true) != JsonScanner::Status::complete) fail(scanner.position(), scanner.what());
  const auto rest = text.substr(scanner.position());
  const auto more = std::find_if_not(rest.begin(), rest.end(), is_space) - rest.begin();
  if (more != static_cast<std::ptrdiff_t>(rest.size()))
    fail(scanner.position() + static_cast<std::size_t>(more), "expected nothing after the value");
  return read_scanned_value(text.substr(0, scanner.position()));
}

Value read_scanned_value(std::string_view json) {
  return Builder(json).build();
}

bool is_message(const Value& item, const Rule& rule) {
  bool body = false;
  for (const auto& [name, value] : item.members) {
    const Rule* const below = rule.find(name);
    if (below && below->ignored == Rule::Ignored::always) continue;
    if (!is_message_field(name)) return false;
    body = body || is_body_field(name);
  }
  return body;
}

const Value* find_value(const Value& root, const std::vector<std::string>& tokens) {
  const Value* value = &root;
  for (const auto& token : tokens) {
    if (value->kind == Value::Kind::array) {
      const auto index = index_of(token);
      value = index && *index < value->elements.size() ? &value->elements[*index] : nullptr;
    } else {
      value = value->find(token);
    }
    if (value == nullptr) return nullptr;
  }
  return value;
}

std::size_t tree_bytes(std::string_view json) {
  const auto values =
      std::count_if(json.begin(), json.end(), [](char c) { return c == ',' || c == '[' || c == '{'; });
  return 2 * json.size() + static_cast<std::size_t>(values + 1) * (sizeof(Value) + sizeof(std::string));
}

}  // namespace iso::reconcile
