#include "cli/status/table.h"

#include <algorithm>
#include <fmt/core.h>
#include <functional>
#include <optional>

#include "cli/shared/columns.h"
#include "record/write.h"

namespace iso::cli {
namespace {

using status::QueueStatus;
using Number = std::optional<std::uint64_t>;
using Cell = std::optional<std::string>;

Cell text_of(const Number& number) {
  return number ? Cell(std::to_string(*number)) : std::nullopt;
}

Cell text_of(const std::optional<double>& rate) {
  return rate ? Cell(fmt::format("{:.1f}", *rate)) : std::nullopt;
}

struct Column {
  std::string_view head;
  bool is_number;
  std::function<Cell(const QueueStatus&)> cell;
};

std::string name_of(const QueueStatus& queue) {
  switch (queue.state) {
    case QueueStatus::State::missing:
      return queue.queue + " (missing)";
    case QueueStatus::State::held:
      return queue.queue + " (held by another connection)";
    case QueueStatus::State::there:
      return queue.queue;
  }
  return queue.queue;
}

Cell growth_of(const QueueStatus& queue, const Growth& growth) {
  const auto found = growth.find(queue.queue);
  return found == growth.end() ? std::nullopt : Cell(fmt::format("{:+.1f}", found->second));
}

std::vector<Column> all_columns(const Growth* growth) {
  std::vector<Column> columns{
      {"QUEUE", false, [](const QueueStatus& queue) { return Cell(name_of(queue)); }},
      {"READY", true, [](const QueueStatus& queue) { return text_of(queue.ready); }},
      {"UNACKED", true, [](const QueueStatus& queue) { return text_of(queue.unacked); }},
      {"CONSUMERS", true, [](const QueueStatus& queue) { return text_of(queue.consumers); }},
      {"CLAIMED", true, [](const QueueStatus& queue) { return text_of(queue.claimed); }},
      {"RESTING", true, [](const QueueStatus& queue) { return text_of(queue.resting); }},
      {"DEAD", true, [](const QueueStatus& queue) { return text_of(queue.dead); }},
      {"CONFLICT", true, [](const QueueStatus& queue) { return text_of(queue.conflict); }},
      {"OLDEST", true,
       [](const QueueStatus& queue) { return queue.oldest ? Cell(age_text(*queue.oldest)) : std::nullopt; }},
  };
  if (growth) {
    columns.push_back({"IN/S", true, [](const QueueStatus& queue) { return text_of(queue.in); }});
    columns.push_back({"OUT/S", true, [](const QueueStatus& queue) { return text_of(queue.out); }});
    columns.push_back(
        {"READY/S", true, [growth](const QueueStatus& queue) { return growth_of(queue, *growth); }});
  }
  columns.push_back({"TYPE", false, [](const QueueStatus& queue) {
                       return queue.type.empty() ? std::nullopt : Cell(queue.type);
                     }});
  columns.push_back({"DEAD-LETTERS-TO", false, [](const QueueStatus& queue) {
                       return queue.dead_letters_to && !queue.dead_letters_to->empty() ? queue.dead_letters_to
                                                                                       : std::nullopt;
                     }});
  return columns;
}

// The lines of one column, all of one width; none if no queue has a cell in it.
std::vector<std::string> lines_of(const Column& column, const std::vector<QueueStatus>& queues) {
  std::vector<std::string> lines{std::string(column.head)};
  bool any = false;
  for (const auto& queue : queues) {
    const Cell cell = column.cell(queue);
    any = any || cell;
    lines.push_back(cell ? escape_for_terminal(*cell) : "-");
  }
  if (!any) return {};
  std::size_t width = 0;
  for (const auto& line : lines) width = std::max(width, columns_of(line));
  for (auto& line : lines) {
    const std::string pad(width - columns_of(line), ' ');
    line = column.is_number ? pad + line : line + pad;
  }
  return lines;
}

void append_member(std::string& out, std::string_view name, const std::string& json) {
  out += fmt::format("{}\"{}\":{}", out.back() == '{' ? "" : ",", name, json);
}

std::string json_text(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

}  // namespace

std::string age_text(std::chrono::milliseconds age) {
  using namespace std::chrono;
  const auto seconds = age.count() / 1000, minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
  if (seconds < 10)
    return age.count() % 1000 == 0 ? fmt::format("{}s", seconds) : fmt::format("{}ms", age.count());
  if (minutes == 0) return fmt::format("{}s", seconds);
  const auto pair = [](std::int64_t large, char unit, std::int64_t small, char small_unit) {
    return small == 0 ? fmt::format("{}{}", large, unit)
                      : fmt::format("{}{} {}{}", large, unit, small, small_unit);
  };
  if (hours == 0) return pair(minutes, 'm', seconds % 60, 's');
  if (days == 0) return pair(hours, 'h', minutes % 60, 'm');
  return pair(days, 'd', hours % 24, 'h');
}

std::string queue_table(const std::vector<QueueStatus>& queues, const Growth* growth) {
  std::vector<std::string> rows(queues.size() + 1);
  for (const Column& column : all_columns(growth)) {
    const auto lines = lines_of(column, queues);
    for (std::size_t i = 0; i < lines.size(); ++i) rows[i] += (rows[i].empty() ? "" : "  ") + lines[i];
  }
  std::string table;
  for (auto& row : rows) {
    row.erase(row.find_last_not_of(' ') + 1);
    table += row + '\n';
  }
  return table;
}

void append_queue_record(std::string& out, const QueueStatus& queue, const std::vector<std::string>& broken,
                         const Growth* growth) {
  std::string line = "{";
  const auto number = [&](std::string_view name, const Number& value) {
    if (value) append_member(line, name, std::to_string(*value));
  };
  const auto rate = [&](std::string_view name, const std::optional<double>& value) {
    if (value && growth) append_member(line, name, fmt::format("{:.1f}", *value));
  };
  append_member(line, "queue", json_text(queue.queue));
  if (queue.state == QueueStatus::State::missing) append_member(line, "missing", "true");
  if (queue.state == QueueStatus::State::held) append_member(line, "held", "true");
  number("ready", queue.ready);
  number("unacked", queue.unacked);
  number("consumers", queue.consumers);
  number("claimed", queue.claimed);
  number("resting", queue.resting);
  number("dead", queue.dead);
  number("conflict", queue.conflict);
  if (queue.oldest) append_member(line, "oldest_ms", std::to_string(queue.oldest->count()));
  rate("in_per_s", queue.in);
  rate("out_per_s", queue.out);
  if (growth)
    if (const auto found = growth->find(queue.queue); found != growth->end())
      append_member(line, "ready_per_s", fmt::format("{:.1f}", found->second));
  if (!queue.type.empty()) append_member(line, "type", json_text(queue.type));
  if (queue.dead_letters_to)
    append_member(line, "dead_letters_to",
                  queue.dead_letters_to->empty() ? "null" : json_text(*queue.dead_letters_to));
  if (!broken.empty()) {
    std::string list;
    for (const auto& text : broken) list += (list.empty() ? "" : ",") + json_text(text);
    append_member(line, "unhealthy", "[" + list + "]");
  }
  out += line + "}\n";
}

}  // namespace iso::cli
