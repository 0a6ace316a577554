#include "cli/fetch/pages.h"

#include <fmt/core.h>

#include "base/error.h"
#include "base/secrets.h"
#include "http/uri.h"
#include "record/elements.h"
#include "record/members.h"
#include "record/pointer.h"
#include "record/scan.h"

namespace iso::cli {
namespace {

std::string_view without_space(std::string_view json) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto start = json.find_first_not_of(kSpace);
  return json.substr(start, json.find_last_not_of(kSpace) - start + 1);
}

// If a name occurs twice, the last one counts.
std::optional<std::string_view> member_of(std::string_view object, std::string_view name) {
  std::optional<std::string_view> value;
  ObjectWalker walker(object);
  while (const auto member = walker.next())
    if (read_json_string(member->name) == name) value = member->value;
  return value;
}

std::optional<std::string_view> element_of(std::string_view array, std::string_view token) {
  const auto index = index_of(token);
  ElementWalker walker(array);
  auto element = index ? walker.next() : std::nullopt;
  for (std::size_t i = 0; element && i < *index; ++i) element = walker.next();
  return element;
}

// The value at a place in a JSON text, as a slice of it.
std::optional<std::string_view> slice_at(std::string_view json, const std::vector<std::string>& tokens) {
  std::optional<std::string_view> value = without_space(json);
  for (const auto& token : tokens) {
    if (value->starts_with('{'))
      value = member_of(*value, token);
    else if (value->starts_with('['))
      value = element_of(*value, token);
    else
      return std::nullopt;
    if (!value) return std::nullopt;
  }
  return value;
}

}  // namespace

http::NextPage next_in_body(std::string_view body, const std::vector<std::string>& next,
                            std::string_view url) {
  if (!is_json(body)) return {{}, "the page is not JSON, so --next finds no URL in it"};
  const auto value = slice_at(body, next);
  if (!value || *value == "null" || *value == "false" || *value == "\"\"") return {};
  const auto text = value->starts_with('"') ? read_json_string(*value) : std::nullopt;
  if (!text) return {{}, "what --next selects is not a URL"};
  auto followed = http::followed_url(url, *text);
  if (!followed)
    return {{}, fmt::format("its next page is {}, which is not an http(s) URL", without_secrets(*text))};
  return {std::move(followed), {}};
}

void for_each_item(std::string_view body, const std::vector<std::string>& items,
                   const std::function<void(std::string_view)>& take) {
  if (!is_json(body)) throw Error(ErrorKind::data, "the page is not JSON, so it has no items");
  const auto array = slice_at(body, items);
  if (!array || !array->starts_with('['))
    throw Error(ErrorKind::data, "no array of items where --items says");
  ElementWalker walker(*array);
  while (const auto item = walker.next()) take(*item);
}

}  // namespace iso::cli
