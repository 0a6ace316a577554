#include "http/fields.h"

#include <algorithm>

namespace iso::http {
namespace {

// The end of the list member that starts at `at`: the position of its comma, or the end of the value.
std::size_t member_end(std::string_view value, std::size_t at) {
  bool quoted = false;
  for (; at < value.size(); ++at) {
    if (quoted && value[at] == '\\') {
      ++at;
    } else if (value[at] == '"') {
      quoted = !quoted;
    } else if (value[at] == ',' && !quoted) {
      return at;
    }
  }
  return value.size();
}

}  // namespace

void Fields::set(std::string_view name, std::string_view value) {
  const auto is_named = [name](const Field& field) { return equal_without_case(field.name, name); };
  const auto place = std::find_if(fields_.begin(), fields_.end(), is_named);
  if (place == fields_.end()) return add(name, value);
  place->value = value;
  fields_.erase(std::remove_if(place + 1, fields_.end(), is_named), fields_.end());
}

void Fields::remove(std::string_view name) {
  std::erase_if(fields_, [name](const Field& field) { return equal_without_case(field.name, name); });
}

std::optional<std::string_view> Fields::first(std::string_view name) const {
  for (const auto& field : fields_)
    if (equal_without_case(field.name, name)) return field.value;
  return std::nullopt;
}

std::vector<std::string_view> Fields::lines(std::string_view name) const {
  std::vector<std::string_view> found;
  for (const auto& field : fields_)
    if (equal_without_case(field.name, name)) found.push_back(field.value);
  return found;
}

std::optional<std::string> Fields::joined(std::string_view name) const {
  std::optional<std::string> all;
  for (const auto& field : fields_) {
    if (!equal_without_case(field.name, name)) continue;
    if (all)
      *all += ", ";
    else
      all.emplace();
    *all += field.value;
  }
  return all;
}

std::vector<std::string_view> list_members(std::string_view value) {
  std::vector<std::string_view> members;
  for (std::size_t at = 0; at < value.size();) {
    const std::size_t end = member_end(value, at);
    if (const auto member = trimmed(value.substr(at, end - at)); !member.empty()) members.push_back(member);
    at = end + 1;
  }
  return members;
}

}  // namespace iso::http
