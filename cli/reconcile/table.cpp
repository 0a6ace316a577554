#include "cli/reconcile/table.h"

#include <algorithm>
#include <array>
#include <fmt/core.h>
#include <utility>

#include "cli/shared/columns.h"
#include "record/write.h"

namespace iso::cli {
namespace {

constexpr std::string_view kRed = "\033[31m", kGreen = "\033[32m", kYellow = "\033[33m",
                           kMagenta = "\033[35m", kCyan = "\033[36m", kFaint = "\033[2m", kPlain = "\033[0m";

constexpr std::size_t kNarrow = 40;  // below that nothing stands beside anything
constexpr std::string_view kIndent = "  ", kGap = "  ";
constexpr std::size_t kStatusColumns = 11;  // the longest verdict and a gap
constexpr std::size_t kCells = 3;

using Cells = std::array<std::string, kCells>;
using Widths = std::array<std::size_t, kCells>;

constexpr std::array<std::string_view, kCells> kCellColors{"", kRed, kGreen};

std::string_view color_of(std::string_view status) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kColors{{
      {"missing", kRed},
      {"invalid", kRed},
      {"stuck", kRed},
      {"unacked", kMagenta},
      {"conflict", kMagenta},
      {"extra", kYellow},
      {"duplicate", kYellow},
      {"different", kCyan},
      {"recovered", kGreen},
      {"inflight", kFaint},
  }};
  for (const auto& [name, color] : kColors)
    if (name == status) return color;
  return "";
}

std::string told(std::string_view json) {
  std::string line;
  append_one_line(line, json);
  return escape_for_terminal(line);
}

// Path, left and right. What is not there is no value of JSON, and so it can be empty.
Cells cells_of(const reconcile::Change& change) {
  return {escape_for_terminal(change.path.empty() ? "(all)" : change.path), told(change.before),
          told(change.after)};
}

// So much of `room` for each that those who need less than an equal share leave the rest to the others.
Widths shared(const Widths& wanted, std::size_t room) {
  std::array<std::size_t, kCells> order{0, 1, 2};
  std::sort(order.begin(), order.end(), [&](auto one, auto other) { return wanted[one] < wanted[other]; });
  Widths widths{};
  std::size_t left_over = kCells;
  for (const std::size_t cell : order) {
    widths[cell] = std::min(wanted[cell], room / left_over--);
    room -= widths[cell];
  }
  return widths;
}

// Takes off the start that both values share, if where they part would be cut away.
void show_where_they_part(Cells& cells, std::size_t left, std::size_t right) {
  auto& [path, before, after] = cells;
  const std::size_t least = std::min(left, right), common = common_columns(before, after);
  if (columns_of(before) <= left && columns_of(after) <= right) return;
  if (common < least - least / 3) return;
  const std::size_t skipped = common - least / 3;
  for (std::string* const cell : {&before, &after}) {
    std::string_view rest = *cell;
    if (take_columns(rest, skipped).size() < cell->size()) *cell = "…" + std::string(rest);
  }
}

}  // namespace

void TableWriter::append(std::string& out, const TableFinding& finding) {
  if (!std::exchange(first_, false)) out += '\n';
  append_head(out, finding);
  append_wrapped(out, escape_for_terminal(finding.why), kIndent.size(), false);
  append_side(out, "left   ", finding.left);
  append_side(out, "right  ", finding.right);
  if (finding.changes.empty()) return;
  if (columns_ < kNarrow) {
    append_above(out, finding.changes);
  } else {
    append_beside(out, finding.changes);
  }
}

void TableWriter::append_head(std::string& out, const TableFinding& finding) const {
  append_colored(out, color_of(finding.status), finding.status);
  const bool beside = columns_ >= kNarrow && !finding.key.empty();
  if (beside) {
    out.append(kStatusColumns - std::min(kStatusColumns - 1, finding.status.size()), ' ');
  } else {
    out += '\n';
  }
  append_wrapped(out, told(finding.key), beside ? kStatusColumns : kIndent.size(), beside);
}

// All of it, on as many lines as it takes; `begun` says that the first one is indented already.
void TableWriter::append_wrapped(std::string& out, std::string_view tamed, std::size_t indent,
                                 bool begun) const {
  while (!tamed.empty()) {
    if (!std::exchange(begun, false)) out.append(indent, ' ');
    out += take_columns(tamed, columns_ > indent ? columns_ - indent : 1);
    out += '\n';
  }
}

void TableWriter::append_side(std::string& out, std::string_view name, const TableFinding::Side& side) const {
  if (side.where.empty()) return;
  const std::string times = side.count == 1 ? "" : fmt::format(", {} times", side.count);
  const std::size_t taken = kIndent.size() + name.size() + times.size();
  const std::size_t room = columns_ > taken ? columns_ - taken : 1;
  out += kIndent;
  append_colored(out, kFaint, name);
  out += cut_start(escape_for_terminal(side.where), room) + times + '\n';
}

void TableWriter::append_beside(std::string& out, const std::vector<reconcile::Change>& changes) const {
  std::vector<Cells> rows;
  Widths wanted{};
  for (const reconcile::Change& change : changes) {
    const Cells& row = rows.emplace_back(cells_of(change));
    for (std::size_t i = 0; i < kCells; ++i) wanted[i] = std::max(wanted[i], columns_of(row[i]));
  }
  const Widths widths = shared(wanted, columns_ - kIndent.size() - (kCells - 1) * kGap.size());
  for (Cells& row : rows) {
    show_where_they_part(row, widths[1], widths[2]);
    row = {cut_start(row[0], widths[0]), cut_end(row[1], widths[1]), cut_end(row[2], widths[2])};
    out += kIndent;
    for (std::size_t i = 0, owed = 0; i < kCells; ++i) {
      if (!row[i].empty()) out.append(std::exchange(owed, 0), ' ');
      append_colored(out, kCellColors[i], row[i]);
      owed += widths[i] - columns_of(row[i]) + kGap.size();
    }
    out += '\n';
  }
}

void TableWriter::append_above(std::string& out, const std::vector<reconcile::Change>& changes) const {
  const std::size_t room = columns_ > 4 ? columns_ - 4 : 1;
  for (const reconcile::Change& change : changes) {
    Cells cells = cells_of(change);
    show_where_they_part(cells, room, room);
    append_line(out, kIndent, "", cut_start(cells[0], room + 2));
    if (!cells[1].empty()) append_line(out, "  - ", kRed, cut_end(cells[1], room));
    if (!cells[2].empty()) append_line(out, "  + ", kGreen, cut_end(cells[2], room));
  }
}

void TableWriter::append_counts(std::string& out,
                                const std::vector<std::pair<std::string, std::uint64_t>>& counts) {
  if (!std::exchange(first_, false)) out += '\n';
  std::size_t digits = 1;
  for (const auto& [name, count] : counts) digits = std::max(digits, std::to_string(count).size());
  for (const auto& [name, count] : counts) {
    out += fmt::format("{:>{}}  ", count, digits);
    append_colored(out, count == 0 ? "" : color_of(name), name);
    out += '\n';
  }
}

void TableWriter::append_line(std::string& out, std::string_view indent, std::string_view color,
                              std::string_view text) const {
  out += indent;
  append_colored(out, color, text);
  out += '\n';
}

void TableWriter::append_colored(std::string& out, std::string_view color, std::string_view text) const {
  const bool colored = colour_ && !color.empty() && !text.empty();
  if (colored) out += color;
  out += text;
  if (colored) out += kPlain;
}

}  // namespace iso::cli
