#include "cli/shared/queue_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/core.h>

#include "base/error.h"
#include "record/queue_arguments.h"
#include "record/scan.h"
#include "record/utf8.h"
#include "record/write.h"

namespace iso::cli {
namespace {

constexpr std::string_view kOption = "--queue-argument";

[[noreturn]] void wrong(std::string_view option, std::string_view value, std::string_view why) {
  throw Error(ErrorKind::usage, fmt::format("{} {}: {}", option, value, why));
}

FieldTable read_pair(const std::string& pair) {
  if (!is_utf8(pair)) throw Error(ErrorKind::usage, fmt::format("{}: not UTF-8", kOption));
  try {
    return read_fields("{" + member_of_pair(kOption, pair) + "}");
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::data) throw;
    wrong(kOption, pair, error.what());
  }
}

// A number or a flag that was given as text is easily mended.
std::string with_hint(const std::string& fault, const std::string& name, const Field& value) {
  const auto* text = std::get_if<std::string>(&value.value);
  const bool is_other = text && is_json(*text) && !text->starts_with('"');
  if (!is_other || fault_of_queue_argument(name, read_fields(fmt::format("{{\"x\":{}}}", *text))[0].second))
    return fault;
  return fmt::format("{}; write it as {}:={}", fault, name, *text);
}

void add(FieldTable& table, const FieldTable::value_type& argument, const std::string& pair) {
  if (const auto fault = fault_of_queue_argument(argument.first, argument.second))
    wrong(kOption, pair, with_hint(*fault, argument.first, argument.second));
  const auto same = std::find_if(table.begin(), table.end(),
                                 [&](const auto& entry) { return entry.first == argument.first; });
  if (same == table.end())
    table.push_back(argument);
  else if (!(same->second == argument.second))
    wrong(kOption, pair, fmt::format("{} is given twice", argument.first));
}

}  // namespace

void QueueOptions::add_to(CLI::App& app, const std::string& group) {
  app.add_option("--queue-type", type, "Type of the queue that is created, on a broker")
      ->type_name("TYPE")
      ->check(CLI::IsMember({"classic", "quorum", "stream"}).description("{classic,quorum,stream}"))
      ->group(group);
  app.add_option(std::string(kOption), arguments,
                 "Argument of the queue that is created: name=text, or name:=JSON for another type; may be "
                 "repeated")
      ->type_name("NAME=TEXT")
      ->take_all()
      ->expected(1)
      ->group(group);
}

std::optional<FieldTable> QueueOptions::table() const {
  if (type.empty() && arguments.empty()) return std::nullopt;
  FieldTable table;
  if (!type.empty()) table.emplace_back(kQueueType, Field{type});
  for (const auto& pair : arguments)
    for (const auto& argument : read_pair(pair)) add(table, argument, pair);
  return table;
}

std::string member_of_pair(std::string_view option, std::string_view pair) {
  const auto json_of = [](std::string_view text) {
    std::string json;
    append_json_string(json, text);
    return json;
  };
  const auto equals = pair.find('=');
  const bool typed = equals != pair.npos && equals != 0 && pair[equals - 1] == ':';
  const auto name = pair.substr(0, typed ? equals - 1 : equals);
  if (equals == pair.npos || name.empty()) wrong(option, pair, "use NAME=TEXT, or NAME:=JSON");
  const auto value = pair.substr(equals + 1);
  if (!typed) return fmt::format("{}:{}", json_of(name), json_of(value));
  if (!is_json(value)) wrong(option, pair, fmt::format("{} is not JSON", value));
  return fmt::format("{}:{}", json_of(name), value);
}

}  // namespace iso::cli
