#include "reconcile/json/spelling.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/base64.h"
#include "record/plain.h"
#include "record/record.h"
#include "record/scan.h"
#include "record/time.h"
#include "record/write.h"

namespace iso::reconcile {
namespace {

constexpr std::array<std::string_view, 9> kTypesOfNumbers{"$int8",   "$uint8",  "$int16", "$uint16", "$int32",
                                                          "$uint32", "$uint64", "$float", "$double"};

class Respeller {
 public:
  explicit Respeller(Respelling& respelling) : respelling_(respelling) {}

  bool respell(Value& message) {
    const auto bodies = std::count_if(message.members.begin(), message.members.end(),
                                      [](const auto& member) { return is_body_field(member.name); });
    for (auto& member : message.members) {
      if (bodies == 1 && (member.name == "text" || member.name == "base64")) respell_body(member);
      if (member.name == "timestamp") respell_timestamp(member.value);
      if (member.name == "expiration" && member.value.kind == Value::Kind::number)
        become(member.value, Value::Kind::string, std::string(member.value.text));
      if (member.name == "headers") respell_headers(member.value, 0);
    }
    return changed_;
  }

 private:
  std::string_view keep(std::string text) { return respelling_.made.emplace_back(std::move(text)); }

  // A string by its characters, or a number by its digits.
  void become(Value& value, Value::Kind kind, std::string text) {
    Value made;
    made.kind = kind;
    made.as_it_stands = value.verbatim();
    if (kind == Value::Kind::string) {
      made.string = text;
      std::string json;
      append_json_string(json, text);
      text = std::move(json);
    }
    made.text = keep(std::move(text));
    value = std::move(made);
    changed_ = true;
  }

  void respell_body(Value::Member& member) {
    Value& value = member.value;
    if (value.kind != Value::Kind::string || value.string.starts_with(kNoCharacters)) return;
    std::optional<std::string> bytes = value.string;
    if (member.name == "base64") bytes = read_base64(value.string);
    if (!bytes) return;
    const BodyKind kind = body_kind_of(*bytes);
    if (kind == BodyKind::text && member.name == "text") return;
    respelling_.body = SpelledBody{member.name, value.text};
    member.name = kind == BodyKind::json ? "body" : kind == BodyKind::text ? "text" : "base64";
    if (kind == BodyKind::json) {
      const std::string_view stands = value.text;
      value = read_value(keep(*std::move(bytes)));
      value.as_it_stands = stands;
      changed_ = true;
    } else if (kind == BodyKind::text) {
      become(value, Value::Kind::string, *std::move(bytes));
    } else {
      std::string base64;
      append_base64(base64, *bytes);
      become(value, Value::Kind::string, std::move(base64));
    }
  }

  // As a record has it: in whole seconds.
  void respell_timestamp(Value& value) {
    if (value.kind != Value::Kind::string) return;
    const auto milliseconds = read_rfc3339(value.string);
    if (milliseconds && *milliseconds >= 0)
      become(value, Value::Kind::number, std::to_string(*milliseconds / 1000));
  }

  void respell_headers(Value& value, int depth) {
    if (depth > kDeepestHeaders) return;
    if (value.kind == Value::Kind::object && value.members.size() == 1 &&
        value.members[0].name.starts_with('$'))
      return respell_typed(value);
    for (auto& member : value.members) respell_headers(member.value, depth + 1);
    for (Value& element : value.elements) respell_headers(element, depth + 1);
  }

  void respell_typed(Value& typed) {
    const auto& [type, value] = typed.members[0];
    const bool of_number =
        std::find(kTypesOfNumbers.begin(), kTypesOfNumbers.end(), type) != kTypesOfNumbers.end();
    if (of_number && value.kind == Value::Kind::number) {
      become(typed, Value::Kind::number, std::string(value.text));
    } else if (type == "$decimal" && value.kind == Value::Kind::string && is_number(value.string)) {
      become(typed, Value::Kind::number, std::string(value.string));
    } else if (type == "$string" && value.kind == Value::Kind::string) {
      auto bytes = read_base64(value.string);
      if (bytes && is_utf8(*bytes)) become(typed, Value::Kind::string, *std::move(bytes));
    }
  }

  static bool is_number(std::string_view text) {
    JsonScanner scanner;
    return (text.starts_with('-') || (!text.empty() && is_digit(text.front()))) &&
           scanner.scan(text, true) == JsonScanner::Status::complete && scanner.position() == text.size();
  }

  Respelling& respelling_;
  bool changed_ = false;
};

void append_name(std::string& out, const std::string& name) {
  if (name.starts_with(kNoCharacters)) {
    out += '"' + name.substr(1) + '"';
  } else {
    append_json_string(out, name);
  }
  out += ':';
}

// Headers, all the way down; `depth` tells where nothing was respelled any more.
void append_headers(std::string& out, const Value& value, int depth) {
  const bool object = value.kind == Value::Kind::object;
  if (depth > kDeepestHeaders || !value.as_it_stands.empty() || (!object && value.elements.empty()))
    return append_one_line(out, value.text);
  const char* between = "";
  out += object ? '{' : '[';
  for (const auto& [name, member] : value.members) {
    append_name(out += std::exchange(between, ","), name);
    append_headers(out, member, depth + 1);
  }
  for (const Value& element : value.elements)
    append_headers(out += std::exchange(between, ","), element, depth + 1);
  out += object ? '}' : ']';
}

}  // namespace

bool respell(Value& message, Respelling& respelling) {
  return Respeller(respelling).respell(message);
}

void append_respelled(std::string& out, const Value& message) {
  const char* between = "";
  out += '{';
  for (const auto& [name, member] : message.members) {
    append_name(out += std::exchange(between, ","), name);
    if (name == "headers") {
      append_headers(out, member, 0);
    } else {
      append_one_line(out, member.text);
    }
  }
  out += '}';
}

}  // namespace iso::reconcile
