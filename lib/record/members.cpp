#include "record/members.h"

#include <algorithm>
#include <array>
#include <fmt/core.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/integer.h"
#include "base/suggest.h"
#include "base/text.h"
#include "record/plain.h"
#include "record/queue_arguments.h"
#include "record/read.h"
#include "record/scan.h"
#include "record/time.h"

namespace iso {
namespace {

constexpr std::size_t kLongestShortString = 255;  // AMQP 0-9-1 section 4.2.5.3

[[noreturn]] void wrong(std::string_view name, std::string_view what, std::string_view value) {
  constexpr std::size_t kShown = 40;
  throw Fault{0, fmt::format("{} must be {}, not {}", name, what, shortened(value, kShown))};
}

std::string string_member(std::string_view name, std::string_view value) {
  if (!value.starts_with('"')) wrong(name, "a string", value);
  auto text = read_json_string(value);
  if (!text) throw Fault{0, fmt::format("{} has half of a surrogate pair, which is not a character", name)};
  return *std::move(text);
}

std::string short_string(std::string_view name, std::string_view value) {
  std::string text = string_member(name, value);
  if (text.size() > kLongestShortString)
    throw Fault{
        0, fmt::format("{} has {} bytes; AMQP carries at most {}", name, text.size(), kLongestShortString)};
  return text;
}

bool bool_member(std::string_view name, std::string_view value) {
  if (value != "true" && value != "false") wrong(name, "true or false", value);
  return value == "true";
}

template <class Integer>
Integer integer_member(std::string_view name, std::string_view what, std::string_view value) {
  const auto number = read_integer<Integer>(value);
  if (!number) wrong(name, what, value);
  return *number;
}

void set_body(Record& record, BodyKind kind, std::string body) {
  if (record.body_kind) throw Fault{kAtName, "only one of body, text and base64 can be given"};
  record.body_kind = kind;
  record.body = std::move(body);
}

FieldTable table_member(std::string_view name, std::string_view value) {
  if (!value.starts_with('{')) wrong(name, "an object", value);
  try {
    return read_fields(value);
  } catch (const Error& error) {
    throw Fault{0, error.what()};
  }
}

FieldTable queue_arguments_member(std::string_view name, std::string_view value) {
  FieldTable arguments = table_member(name, value);
  for (const auto& [argument, field] : arguments)
    if (const auto fault = fault_of_queue_argument(argument, field))
      throw Fault{0, fmt::format("{}: {}", name, *fault)};
  return arguments;
}

using Setter = void (*)(Record&, std::string_view name, std::string_view value);
struct NamedSetter {
  std::string_view name;
  Setter set;
};

constexpr std::string_view kRefused = "error";  // known only to be refused

// The fields that are not plain text.
constexpr std::array<NamedSetter, 16> kSetters{{
    {"mandatory", [](Record& r, std::string_view n, std::string_view v) { r.mandatory = bool_member(n, v); }},
    {"persistent",
     [](Record& r, std::string_view n, std::string_view v) { r.persistent = bool_member(n, v); }},
    {"priority",
     [](Record& r, std::string_view n, std::string_view v) {
       r.priority = integer_member<std::uint8_t>(n, "an integer from 0 to 255", v);
     }},
    {"expiration",
     [](Record& r, std::string_view n, std::string_view v) {
       const std::string digits = v.starts_with('"') ? string_member(n, v) : std::string(v);
       if (!expiration_ms(digits)) wrong(n, "milliseconds, as an integer or a string of digits", v);
       r.expiration = digits;
     }},
    {"timestamp",
     [](Record& r, std::string_view n, std::string_view v) {
       const auto seconds = v.starts_with('"') ? read_rfc3339(string_member(n, v)) : std::nullopt;
       if (seconds && *seconds >= 0) {
         r.timestamp = static_cast<std::uint64_t>(*seconds / 1000);
       } else {
         r.timestamp = integer_member<std::uint64_t>(
             n, "seconds since the epoch, or a time such as \"2026-01-31T09:30:00Z\"", v);
       }
     }},
    {"headers", [](Record& r, std::string_view n, std::string_view v) { r.headers = table_member(n, v); }},
    {"queue_arguments", [](Record& r, std::string_view n,
                           std::string_view v) { r.queue_arguments = queue_arguments_member(n, v); }},
    {"redelivered",
     [](Record& r, std::string_view n, std::string_view v) { r.redelivered = bool_member(n, v); }},
    {"delivery_count",
     [](Record& r, std::string_view n, std::string_view v) {
       r.delivery_count = integer_member<std::uint64_t>(n, "an integer", v);
     }},
    {"offset", [](Record& r, std::string_view n,
                  std::string_view v) { r.offset = integer_member<std::uint64_t>(n, "an integer", v); }},
    {"received_at",
     [](Record& r, std::string_view n, std::string_view v) {
       r.received_at = read_rfc3339(string_member(n, v));
       if (!r.received_at) wrong(n, "a time such as \"2026-01-31T09:30:00.000Z\"", v);
     }},
    {"fetch", [](Record&, std::string_view, std::string_view) {}},  // what fetch did; it does not travel
    {"body",
     [](Record& r, std::string_view, std::string_view v) { set_body(r, BodyKind::json, std::string(v)); }},
    {"text", [](Record& r, std::string_view n,
                std::string_view v) { set_body(r, BodyKind::text, string_member(n, v)); }},
    {"base64",
     [](Record& r, std::string_view n, std::string_view v) {
       auto bytes = read_base64(string_member(n, v));
       if (!bytes) wrong(n, "base64", v);
       set_body(r, BodyKind::bytes, *std::move(bytes));
     }},
    {kRefused,
     [](Record&, std::string_view, std::string_view) {
       throw Fault{kAtName, "this record was rejected; correct it and remove its field error"};
     }},
}};

// All names by length: one comparison rejects almost every name that is not a field.
struct Names {
  static constexpr std::size_t kLongest = 16;

  std::array<std::string_view, kTextFields.size() + kSetters.size()> names{};
  std::array<std::size_t, kLongest + 2> starts{};  // of each length; the last is the end
};

constexpr Names names_by_length() {
  Names all;
  std::size_t count = 0;
  for (std::size_t length = 0; length <= Names::kLongest; ++length) {
    all.starts[length] = count;
    for (const TextField& field : kTextFields)
      if (field.name.size() == length) all.names[count++] = field.name;
    for (const NamedSetter& field : kSetters)
      if (field.name.size() == length && field.name != kRefused) all.names[count++] = field.name;
  }
  all.starts[Names::kLongest + 1] = count;
  return all;
}

constexpr Names kNames = names_by_length();
static_assert(kNames.starts.back() == kNames.names.size() - 1, "a name is longer than kLongest");

void set_null(Record& record, std::string_view name) {
  if (name == "message_id") record.no_message_id = true;
  if (name == "correlation_id") record.no_correlation_id = true;
}

[[noreturn]] void unknown(std::string_view name) {
  std::vector<std::string_view> known;
  for (const TextField& field : kTextFields) known.push_back(field.name);
  for (const NamedSetter& field : kSetters) known.push_back(field.name);
  const auto meant = nearest(name, known);
  throw Fault{kAtName, fmt::format("unknown field \"{}\"{}", name,
                                   meant.empty() ? "" : fmt::format("; did you mean \"{}\"?", meant))};
}

// ---- strings

std::optional<std::uint32_t> hex4(std::string_view json, std::size_t at) {
  return read_integer<std::uint32_t>(json.substr(at, 4), 16);
}

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
  } else if (code < 0x10000) {
    out += {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3F)),
            static_cast<char>(0x80 | (code & 0x3F))};
  } else {
    out += {static_cast<char>(0xF0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 0x3F)),
            static_cast<char>(0x80 | (code >> 6 & 0x3F)), static_cast<char>(0x80 | (code & 0x3F))};
  }
}

// Decodes the \u escape at `at`, or the two of a surrogate pair, and moves past it.
bool append_unicode(std::string& out, std::string_view json, std::size_t& at) {
  std::uint32_t code = *hex4(json, at + 2);
  at += 6;
  if (code >= 0xDC00 && code < 0xE000) return false;
  if (code >= 0xD800 && code < 0xDC00) {
    if (json.substr(at, 2) != "\\u") return false;
    const std::uint32_t low = *hex4(json, at + 2);
    if (low < 0xDC00 || low >= 0xE000) return false;
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    at += 6;
  }
  append_utf8(out, code);
  return true;
}

char unescaped(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
  }
}

}  // namespace

ObjectWalker::ObjectWalker(std::string_view json, Holes holes) : json_(json), holes_(holes) {
  skip_space();
  if (!at('{')) throw Fault{at_, "expected a JSON object"};
  ++at_;
}

std::optional<Member> ObjectWalker::next() {
  if (done_) return std::nullopt;
  skip_space();
  if (at('}')) {
    finish();
    return std::nullopt;
  }
  if (!first_) {
    if (!at(',')) throw Fault{at_, "expected ',' or '}' after a value"};
    ++at_;
    skip_space();
  }
  first_ = false;
  Member member;
  member.name_at = at_;
  if (!at('"')) throw Fault{at_, "expected a name in double quotes"};
  member.name = value();
  skip_space();
  if (!at(':')) throw Fault{at_, "expected ':' after a name"};
  const std::size_t colon = at_++;
  skip_space();
  member.value_at = at_;
  if (holes_ == Holes::allowed && (at(',') || at('}'))) {
    member.value_at = colon;
  } else {
    member.value = value();
  }
  return member;
}

void ObjectWalker::skip_space() {
  while (at_ < json_.size() && is_space(json_[at_])) ++at_;
}

std::string_view ObjectWalker::value() {
  JsonScanner scanner;
  const auto rest = json_.substr(at_);
  if (scanner.scan(rest, true) != JsonScanner::Status::complete)
    throw Fault{at_ + scanner.position(), std::string(scanner.what())};
  at_ += scanner.position();
  return rest.substr(0, scanner.position());
}

void ObjectWalker::finish() {
  done_ = true;
  ++at_;
  skip_space();
  if (at_ != json_.size()) throw Fault{at_, "expected nothing after the object"};
}

std::optional<std::string> read_json_string(std::string_view json) {
  json = json.substr(1, json.size() - 2);
  std::string out;
  for (std::size_t at = 0; at < json.size();) {
    const auto stop = std::min(json.find('\\', at), json.size());
    out.append(json, at, stop - at);
    at = stop;
    if (at == json.size()) break;
    if (json[at + 1] == 'u') {
      if (!append_unicode(out, json, at)) return std::nullopt;
    } else {
      out += unescaped(json[at + 1]);
      at += 2;
    }
  }
  return out;
}

void set_member(Record& record, std::string_view name, std::string_view value) {
  const bool is_null = value == "null" && name != "body";
  for (const TextField& field : kTextFields) {
    if (field.name != name) continue;
    if (is_null) return set_null(record, name);
    record.*field.member = short_string(name, value);
    return;
  }
  for (const NamedSetter& field : kSetters) {
    if (field.name != name) continue;
    if (!is_null) field.set(record, name, value);
    return;
  }
  unknown(name);
}

std::span<const std::string_view> record_fields() {
  return std::span(kNames.names).first(kNames.starts.back());
}

bool is_record_field(std::string_view name) {
  if (name.size() > Names::kLongest) return false;
  const auto* const end = kNames.names.begin() + kNames.starts[name.size() + 1];
  return std::find(kNames.names.begin() + kNames.starts[name.size()], end, name) != end;
}

}  // namespace iso
