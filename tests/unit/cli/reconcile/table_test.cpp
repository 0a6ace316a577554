#include "cli/reconcile/table.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "cli/shared/columns.h"
#include "record/scan.h"

using namespace iso;
using namespace iso::cli;
using reconcile::Change;
using Op = Change::Op;

namespace {

std::string table(const std::vector<TableFinding>& findings, std::size_t columns, bool colour = false) {
  TableWriter writer(columns, colour);
  std::string out;
  for (const auto& finding : findings) writer.append(out, finding);
  return out;
}

TableFinding missing() {
  return {"missing", "\"o-1\"", "", {"orders.ndjson, line 3", 1}, {}, {}};
}

TableFinding different() {
  return {"different",
          "\"o-2\"",
          "",
          {"orders.ndjson, line 4", 1},
          {"sqlite:in.db#orders, row 9", 2},
          {{Op::replace, "/body/amount", "10", "11"},
           {Op::remove, "/body/customer/name", "\"M\u00fcller\"", ""},
           {Op::add, "/body/\u65e5\u672c", "", "[1,\n2]"}}};
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> found;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    found.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return found;
}

}  // namespace

TEST_CASE("table: a block a finding, left beside right, and nothing after the last word of a line") {
  CHECK(table({missing(), different()}, 80) ==
        "missing    \"o-1\"\n"
        "  left   orders.ndjson, line 3\n"
        "\n"
        "different  \"o-2\"\n"
        "  left   orders.ndjson, line 4\n"
        "  right  sqlite:in.db#orders, row 9, 2 times\n"
        "  /body/amount         10        11\n"
        "  /body/customer/name  \"M\u00fcller\"\n"
        "  /body/\u65e5\u672c                     [1, 2]\n");
}

TEST_CASE("table: what a finding is shows in its colour, and only if colours are wanted") {
  const std::string text = table({different()}, 80, true);
  CHECK(text.starts_with("\033[36mdifferent\033[0m  \"o-2\"\n"));
  CHECK(text.find("\033[31m10\033[0m        \033[32m11\033[0m\n") != std::string::npos);
  CHECK(table({missing()}, 80, true).starts_with("\033[31mmissing\033[0m    \"o-1\"\n"));
  CHECK(table({missing(), different()}, 80).find('\033') == std::string::npos);
}

TEST_CASE("table: where it is too narrow for two values beside one another they stand one above the other") {
  CHECK(table({different()}, 20) ==
        "different\n"
        "  \"o-2\"\n"
        "  left   …on, line 4\n"
        "  right  …9, 2 times\n"
        "  /body/amount\n"
        "  - 10\n"
        "  + 11\n"
        "  …ody/customer/name\n"
        "  - \"M\u00fcller\"\n"
        "  /body/\u65e5\u672c\n"
        "  + [1, 2]\n");
}

TEST_CASE("table: long values are shown from where they part") {
  const std::string before = "\"" + std::string(500, 'a') + "1" + std::string(500, 'b') + "\"";
  const std::string after = "\"" + std::string(500, 'a') + "2" + std::string(500, 'b') + "\"";
  TableFinding finding{"different", "1", "", {}, {}, {{Op::replace, "/x", before, after}}};
  for (const std::size_t columns : {20U, 40U, 80U, 200U}) {
    CAPTURE(columns);
    const std::string text = table({finding}, columns);
    CAPTURE(text);
    CHECK(text.find("a1b") != std::string::npos);
    CHECK(text.find("a2b") != std::string::npos);
  }
  finding.changes[0].before = "\"short\"";
  CHECK(table({finding}, 40) ==
        "different  1\n"
        "  /x  \"short\"  \"aaaaaaaaaaaaaaaaaaaaaaa…\n");
}

TEST_CASE("table: a key is never cut, but goes on in the next line") {
  TableFinding finding = missing();
  finding.key = "[\"0123456789012345678901234567890123456789\",\"\u65e5\u672c\"]";
  CHECK(table({finding}, 44) ==
        "missing    [\"0123456789012345678901234567890\n"
        "           123456789\",\"\u65e5\u672c\"]\n"
        "  left   orders.ndjson, line 3\n");
}

TEST_CASE("table: what else there is to say stands below the key") {
  CHECK(table({{"unacked", "\"o-1\"", "no answer from billing, shipping", {"a.db, row 1", 1}, {}, {}}}, 80) ==
        "unacked    \"o-1\"\n"
        "  no answer from billing, shipping\n"
        "  left   a.db, row 1\n");
  CHECK(table({{"invalid", "", "line 7, byte 4: expected a value", {}, {"a.ndjson, line 7", 1}, {}}}, 80) ==
        "invalid\n"
        "  line 7, byte 4: expected a value\n"
        "  right  a.ndjson, line 7\n");
}

TEST_CASE("table: no message drives the terminal") {
  const TableFinding nasty{"different",
                           "\"\u009b2J\"",
                           "\033]0;title\a",
                           {"evil\033[2J\n.ndjson, line 1", 1},
                           {},
                           {{Op::replace, "/\033[1m\u202e", "\"\x7F\"", "\"\xFF\""}}};
  const std::string text = table({nasty}, 80);
  CHECK(escape_for_terminal(text).find("\\u") != std::string::npos);
  for (const auto& line : lines(text)) CHECK(escape_for_terminal(line) == line);
  CHECK(text.find("evil\\u001b[2J\\n.ndjson, line 1") != std::string::npos);
  CHECK(text.find("/\\u001b[1m\\u202e  \"\\u007f\"  \"\\xff\"") != std::string::npos);
}

TEST_CASE("table: at any width no line is too long, and a coloured one is the same but for its colours") {
  TableFinding finding = different();
  finding.why = "something that takes more than a few words to say, \u65e5\u672c\u8a9e";
  finding.changes.push_back({Op::replace, "/a\tb", "{\"k\":\"\u65e5\u672c\u8a9e\",\"e\u0301\":[1,2,3,4,5,6]}",
                             "{\"k\":\"\u65e5\u672c\u4eba\",\"\u001b\\u0000\":[1,2,3,4,5,6]}"});
  for (std::size_t columns = 20; columns <= 120; ++columns) {
    CAPTURE(columns);
    const std::string text = table({missing(), finding}, columns);
    CHECK(is_utf8(text));
    for (const auto& line : lines(text)) {
      CAPTURE(line);
      CHECK(columns_of(line) <= columns);
      CHECK_FALSE((line.starts_with("  /") && line.ends_with(' ')));
    }
    std::string plain = table({missing(), finding}, columns, true);
    for (auto at = plain.find('\033'); at != std::string::npos; at = plain.find('\033'))
      plain.erase(at, plain.find('m', at) - at + 1);
    CHECK(plain == text);
  }
  for (std::size_t columns = 0; columns < 20; ++columns) CHECK_FALSE(table({finding}, columns).empty());
}

TEST_CASE("table: the counts stand below one another at the end") {
  TableWriter writer(80, false);
  std::string out;
  writer.append(out, missing());
  writer.append_counts(out, {{"left", 1000}, {"right", 999}, {"missing", 1}, {"extra", 0}});
  CHECK(out.ends_with("line 3\n\n1000  left\n 999  right\n   1  missing\n   0  extra\n"));
}
