#include "base/words.h"

#include <doctest/doctest.h>

#include "support/errors.h"

using namespace iso;

TEST_CASE("split_words: cuts at blanks, keeps what is quoted, and expands nothing") {
  const struct {
    const char* line;
    std::vector<std::string> want;
  } rows[] = {{"cat", {"cat"}},
              {"  python3\t-u  handle.py\n", {"python3", "-u", "handle.py"}},
              {R"(sh -c 'jq .a; echo "b c"')", {"sh", "-c", R"(jq .a; echo "b c")"}},
              {R"(a "b \"c\" \n" d\ e)", {"a", R"(b "c" \n)", "d e"}},
              {R"(x'y'"z" '' "")", {"xyz", "", ""}},
              {"echo $HOME * | > ~ `id`", {"echo", "$HOME", "*", "|", ">", "~", "`id`"}}};
  for (const auto& row : rows) {
    CAPTURE(row.line);
    CHECK(split_words(row.line) == row.want);
  }
}

TEST_CASE("split_words: an open quote, a lone backslash and nothing at all are usage errors") {
  for (const auto* line : {"a 'b", "a \"b", "a\\", "", "  "}) {
    CAPTURE(line);
    CHECK(test::error_of([&] { split_words(line); }).kind() == ErrorKind::usage);
  }
}
