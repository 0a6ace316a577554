#include "cli/shared/columns.h"

#include <doctest/doctest.h>

#include "record/scan.h"

using namespace iso;
using namespace iso::cli;

TEST_CASE("escape_for_terminal: nothing is left that a terminal would obey, and all else stays") {
  using namespace std::string_view_literals;
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"plain \"text\" \\u001b", "plain \"text\" \\u001b"},
      {"\033[31mred", "\\u001b[31mred"},
      {"a\0b\n\r\t\x7F"sv, "a\\u0000b\\n\\r\\t\\u007f"},
      {"\u009b2J", "\\u009b2J"},
      {"\u202eabc\u2066", "\\u202eabc\\u2066"},
      {"\u2028\ufeff", "\\u2028\\ufeff"},
      {"\xFF\xC3", "\\xff\\xc3"},
      {"\xED\xA0\x80", "\\xed\\xa0\\x80"},
      {"M\u00fcller \u65e5\u672c \U0001F600 e\u0301", "M\u00fcller \u65e5\u672c \U0001F600 e\u0301"}};
  for (const auto& [text, want] : rows) {
    const auto& shown = text;  // clang captures no structured binding
    CAPTURE(shown);
    CHECK(escape_for_terminal(text) == want);
  }
}

TEST_CASE("columns_of: wide characters take two columns and marks none") {
  const std::pair<std::string_view, std::size_t> rows[] = {{"", 0},
                                                           {"abc", 3},
                                                           {"M\u00fcller", 6},
                                                           {"\u65e5\u672c", 4},
                                                           {"\uff21\uac00", 4},
                                                           {"\U0001F600\U00020000", 4},
                                                           {"e\u0301\u0323x", 2},
                                                           {"\u0928\u093f\u0902", 2},
                                                           {"\u2764\ufe0f", 1},
                                                           {"\u20ac\u2026\u2502", 3},
                                                           {"\\u001b", 6}};
  for (const auto& [text, want] : rows) {
    const auto& shown = text;  // clang captures no structured binding
    CAPTURE(shown);
    CHECK(columns_of(text) == want);
  }
}

TEST_CASE("cut_end and cut_start: neither a character nor its marks nor an escape is cut in half") {
  const struct {
    std::string_view text;
    std::size_t columns;
    std::string_view end, start;
  } rows[] = {{"abcdef", 6, "abcdef", "abcdef"},
              {"abcdef", 5, "abcd…", "…cdef"},
              {"abcdef", 1, "…", "…"},
              {"abcdef", 0, "", ""},
              {"\u65e5\u672c\u8a9e", 5, "\u65e5\u672c…", "…\u672c\u8a9e"},
              {"\u65e5\u672c\u8a9e", 4, "\u65e5…", "…\u8a9e"},
              {"e\u0301e\u0301e\u0301", 2, "e\u0301…", "…e\u0301"},
              {"a\\u001bbc", 8, "a\\u001b…", "…bc"},
              {"a\\u001bb\\n", 6, "a…", "…b\\n"},
              {"\\\"\\\"", 2, "…", "…"}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CAPTURE(row.columns);
    CHECK(cut_end(row.text, row.columns) == row.end);
    CHECK(cut_start(row.text, row.columns) == row.start);
  }
}

TEST_CASE("columns: whatever the text and the width, what is cut fits and is UTF-8") {
  const std::string text = escape_for_terminal("a\u65e5e\u0301\033[0m\xFF\U0001F600\\\"\\u12\u00e9\t\\");
  for (std::size_t columns = 0; columns <= columns_of(text) + 1; ++columns) {
    CAPTURE(columns);
    for (const auto& cut : {cut_end(text, columns), cut_start(text, columns)}) {
      CAPTURE(cut);
      CHECK(columns_of(cut) <= columns);
      CHECK(is_utf8(cut));
      CHECK(escape_for_terminal(cut) == cut);
    }
    std::string_view rest = text;
    std::string together;
    while (!rest.empty()) together += take_columns(rest, columns);
    CHECK(together == text);
  }
}

TEST_CASE("common_columns: as far as both are the same") {
  CHECK(common_columns("abc", "abd") == 2);
  CHECK(common_columns("\u65e5\u672c", "\u65e5\u8a9e") == 2);
  CHECK(common_columns("\\u001b", "\\u001c") == 0);
  CHECK(common_columns("abc", "abc") == 3);
  CHECK(common_columns("", "a") == 0);
}
