#include "record/pointer.h"

#include <algorithm>
#include <fmt/core.h>
#include <span>

#include "base/error.h"
#include "base/integer.h"
#include "record/elements.h"
#include "record/members.h"
#include "record/write.h"

namespace iso {
namespace {

using Slice = std::optional<std::string_view>;

[[noreturn]] void not_a_pointer(std::string_view text) {
  throw Error(ErrorKind::usage,
              fmt::format("{}: a JSON pointer starts with /, as in /message_id or /body/id", text));
}

std::string unescaped(std::string_view token, std::string_view pointer) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const bool escape = token[i] == '~';
    const char next = escape && i + 1 < token.size() ? token[++i] : '\0';
    if (escape && next != '0' && next != '1')
      throw Error(ErrorKind::usage, fmt::format("{}: after ~ comes 0 (for ~) or 1 (for /)", pointer));
    out += !escape ? token[i] : next == '0' ? '~' : '/';
  }
  return out;
}

Slice member(std::string_view object, std::string_view name) {
  ObjectWalker walker(object);
  Slice found;
  while (const auto member = walker.next())
    if (read_json_string(member->name) == name) found = member->value;  // the last of a name wins
  return found;
}

Slice element(std::string_view array, std::string_view token) {
  const auto index = index_of(token);
  if (!index) return std::nullopt;
  ElementWalker walker(array);
  auto found = walker.next();
  for (std::size_t left = *index; found && left > 0; --left) found = walker.next();
  return found;
}

Slice find(std::string_view json, std::span<const std::string> tokens) {
  for (const auto& token : tokens) {
    Slice next;
    json.remove_prefix(std::min(json.find_first_not_of(" \t\r\n"), json.size()));
    if (json.starts_with('{')) next = member(json, token);
    if (json.starts_with('[')) next = element(json, token);
    if (!next) return std::nullopt;
    json = *next;
  }
  return json;
}

std::optional<std::string> text_of(Slice found) {
  if (!found || *found == "null") return std::nullopt;
  if (found->starts_with('"')) return read_json_string(*found);
  return std::string(*found);
}

}  // namespace

std::vector<std::string> pointer_tokens(std::string_view pointer) {
  if (!pointer.empty() && !pointer.starts_with('/')) not_a_pointer(pointer);
  std::vector<std::string> tokens;
  for (std::string_view rest = pointer; !rest.empty();) {
    rest.remove_prefix(1);
    const auto end = std::min(rest.find('/'), rest.size());
    tokens.push_back(unescaped(rest.substr(0, end), pointer));
    rest.remove_prefix(end);
  }
  return tokens;
}

std::string pointer_token(std::string_view name) {
  std::string token;
  for (const char c : name) {
    if (c == '~' || c == '/') {
      token += c == '~' ? "~0" : "~1";
    } else {
      token += c;
    }
  }
  return token;
}

std::optional<std::size_t> index_of(std::string_view token) {
  if (token.size() > 1 && token.front() == '0') return std::nullopt;
  return read_integer<std::size_t>(token);
}

Pointer::Pointer(std::string_view text) : text_(text), tokens_(pointer_tokens(text)) {
  if (text.empty()) not_a_pointer(text);
}

std::optional<std::string> Pointer::text_at(const Record& record) const {
  if (tokens_.size() == 1 && tokens_.front() == "body") return record.body;
  const auto json = json_at(record);
  return json ? text_of(*json) : std::nullopt;
}

std::optional<std::string> Pointer::json_at(const Record& record) const {
  const bool in_body = tokens_.front() == "body";
  if (in_body && record.body_kind != BodyKind::json) return std::nullopt;
  std::string rest;
  if (!in_body) append_record(rest, record, BodyAs::left_out);
  const auto tokens = std::span(tokens_).subspan(in_body ? 1 : 0);
  const Slice found = find(in_body ? std::string_view(record.body) : rest, tokens);
  return found && *found != "null" ? std::optional(std::string(*found)) : std::nullopt;
}

std::optional<std::string> Pointer::text_in(std::string_view json) const {
  return text_of(find(json, tokens_));
}

}  // namespace iso
