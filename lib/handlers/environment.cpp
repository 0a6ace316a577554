#include "handlers/environment.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "record/members.h"
#include "record/write.h"

namespace iso::handlers {
namespace {

constexpr std::string_view kHeader = "ISO_HEADER_";
constexpr std::size_t kLargest = std::size_t{32} * 4096 - 1;  // MAX_ARG_STRLEN of Linux, without the NUL
constexpr std::array<std::string_view, 9> kOtherFields{"priority",       "timestamp", "persistent",
                                                       "mandatory",      "headers",   "redelivered",
                                                       "delivery_count", "offset",    "received_at"};

std::string variable(std::string_view prefix, std::string_view field) {
  std::string name(prefix);
  for (const char c : field) {
    const auto byte = static_cast<unsigned char>(c);
    name += byte < 0x80 && std::isalnum(byte) ? static_cast<char>(std::toupper(byte)) : '_';
  }
  return name;
}

std::string_view name_of(std::string_view entry) {
  return entry.substr(0, entry.find('='));
}

bool names_a_field(std::string_view entry) {
  if (entry.starts_with(kHeader)) return true;
  const auto name = name_of(entry);
  const auto is = [&](std::string_view field) { return variable("ISO_", field) == name; };
  return std::any_of(kTextFields.begin(), kTextFields.end(),
                     [&](const TextField& field) { return is(field.name); }) ||
         std::any_of(kOtherFields.begin(), kOtherFields.end(), is);
}

std::string text_of(std::string_view json) {
  if (!json.starts_with('"')) return std::string(json);
  auto text = read_json_string(json).value_or("");
  return text.find('\0') == text.npos ? text : std::string(json);
}

void set(std::vector<std::string>& environment, std::string_view prefix, const Member& member) {
  const std::string start = variable(prefix, read_json_string(member.name).value_or("")) + "=";
  std::erase_if(environment, [&](const std::string& entry) { return entry.starts_with(start); });
  environment.push_back(start + text_of(member.value));
}

}  // namespace

std::vector<std::string> handler_environment(const std::vector<std::string>& base, const Record& record,
                                             const std::function<void(std::string_view name)>& left_out) {
  std::vector<std::string> environment;
  std::copy_if(base.begin(), base.end(), std::back_inserter(environment),
               [](const std::string& entry) { return !names_a_field(entry); });
  std::string json;
  append_record(json, record, BodyAs::left_out);
  ObjectWalker fields(json);
  while (const auto field = fields.next()) {
    if (field->name != "\"headers\"") {
      set(environment, "ISO_", *field);
      continue;
    }
    ObjectWalker headers(field->value);
    while (const auto header = headers.next()) set(environment, kHeader, *header);
  }
  std::erase_if(environment, [&](const std::string& entry) {
    const bool too_large = entry.size() > kLargest && names_a_field(entry);
    if (too_large) left_out(name_of(entry));
    return too_large;
  });
  return environment;
}

std::string leave_out_largest(std::vector<std::string>& environment) {
  auto largest = environment.end();
  for (auto entry = environment.begin(); entry != environment.end(); ++entry)
    if (names_a_field(*entry) && (largest == environment.end() || entry->size() > largest->size()))
      largest = entry;
  if (largest == environment.end()) return {};
  std::string name(name_of(*largest));
  environment.erase(largest);
  return name;
}

}  // namespace iso::handlers
