#include "cli/listen/pretty.h"

#include <algorithm>
#include <fmt/core.h>
#include <vector>

#include "cli/shared/columns.h"
#include "record/death.h"
#include "record/plain.h"
#include "record/time.h"

namespace iso::cli {
namespace {

constexpr std::string_view kPlain = "\033[0m", kBold = "\033[1m", kDim = "\033[2m", kName = "\033[34m",
                           kText = "\033[32m", kNumber = "\033[36m", kWord = "\033[35m";
constexpr std::size_t kIdShown = 8;

void append(std::string& out, std::string_view text, std::string_view color, bool colored) {
  if (colored) out += color;
  out += escape_for_terminal(text);
  if (colored) out += kPlain;
}

// The string, number or word at the front, which is taken off.
std::string_view take_token(std::string_view& json) {
  std::size_t end = 0;
  if (json.front() == '"') {
    for (end = 1; end < json.size() && json[end] != '"'; ++end)
      if (json[end] == '\\') ++end;
    end = std::min(end + 1, json.size());
  } else {
    end = std::min(json.find_first_of(",:]}[{ \t\r\n"), json.size());
  }
  const auto token = json.substr(0, std::max<std::size_t>(end, 1));
  json.remove_prefix(token.size());
  return token;
}

void skip_space(std::string_view& json) {
  while (!json.empty() && is_space(json.front())) json.remove_prefix(1);
}

std::string_view color_of(std::string_view token, bool is_name) {
  if (is_name) return kName;
  if (token.front() == '"') return kText;
  return is_digit(token.front()) || token.front() == '-' ? kNumber : kWord;
}

std::string time_of(const Record& record) {
  if (!record.received_at) return "";
  std::string text;
  append_rfc3339(text, *record.received_at);
  return text.substr(11, 8);  // of 2026-01-31T09:30:00.000Z
}

std::vector<std::string> notes_of(const Record& record) {
  std::vector<std::string> notes;
  if (record.message_id)
    notes.push_back(record.message_id->size() > kIdShown ? record.message_id->substr(0, kIdShown) + "…"
                                                         : *record.message_id);
  if (record.type) notes.push_back("type " + *record.type);
  if (record.offset) notes.push_back(fmt::format("offset {}", *record.offset));
  if (record.redelivered.value_or(false))
    notes.push_back(record.delivery_count.value_or(0) > 1
                        ? fmt::format("redelivered ×{}", *record.delivery_count)
                        : "redelivered");
  if (const auto death = first_death(record))
    notes.push_back(fmt::format("dead: {} in {}", death->reason, death->queue));
  return notes;
}

std::string body_of(const Record& record, bool color) {
  if (record.body_kind == BodyKind::json) return indented_json(record.body, color);
  if (record.body_kind == BodyKind::bytes) return fmt::format("({} bytes)", record.body.size());
  std::string text;
  std::string_view rest = record.body;
  while (rest.ends_with('\n')) rest.remove_suffix(1);
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    text += (text.empty() ? "" : "\n") + escape_for_terminal(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return text;
}

}  // namespace

std::string indented_json(std::string_view json, bool color) {
  std::string out;
  std::vector<bool> is_object;
  bool is_name = false;
  const auto new_line = [&] { out += '\n' + std::string(2 * is_object.size(), ' '); };
  for (skip_space(json); !json.empty(); skip_space(json)) {
    const char c = json.front();
    if (c == '{' || c == '[') {
      json.remove_prefix(1);
      out += c;
      skip_space(json);
      if (!json.empty() && (json.front() == '}' || json.front() == ']')) {
        out += json.front();
        json.remove_prefix(1);
        continue;
      }
      is_object.push_back(c == '{');
      is_name = c == '{';
      new_line();
    } else if (c == '}' || c == ']') {
      json.remove_prefix(1);
      if (!is_object.empty()) is_object.pop_back();
      new_line();
      out += c;
    } else if (c == ',') {
      json.remove_prefix(1);
      out += c;
      is_name = !is_object.empty() && is_object.back();
      new_line();
    } else if (c == ':') {
      json.remove_prefix(1);
      out += ": ";
      is_name = false;
    } else {
      const auto token = take_token(json);
      append(out, token, color_of(token, is_name), color);
    }
  }
  return out;
}

void append_pretty(std::string& out, const Record& record, const PrettyOptions& options) {
  std::string head = time_of(record);
  const auto add = [&](std::string_view text, std::string_view color) {
    if (!head.empty()) head += "  ";
    append(head, text, color, options.color);
  };
  const std::string exchange = record.exchange.value_or(""), queue = record.queue.value_or("");
  add(exchange.empty() ? queue : fmt::format("{} → {}", exchange, queue), kBold);
  if (const auto key = record.routing_key.value_or(""); !key.empty() && key != queue) add(key, kName);
  for (const auto& note : notes_of(record)) add(note, kDim);
  out += head + '\n';
  const std::string body = body_of(record, options.color);
  std::string_view rest = body;
  std::size_t shown = 0;
  for (; !rest.empty() && (options.lines == 0 || shown < options.lines); ++shown) {
    const auto end = std::min(rest.find('\n'), rest.size());
    out += "  " + std::string(rest.substr(0, end)) + '\n';
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (!rest.empty()) {
    const auto more = 1 + std::count(rest.begin(), rest.end(), '\n');
    append(out, fmt::format("  … {} more lines; -v shows all", more), kDim, options.color);
    out += '\n';
  }
  out += '\n';
}

}  // namespace iso::cli
