#include "cli/shared/people.h"

#include <cstdio>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <string>
#include <unistd.h>

using namespace iso;

namespace {

// What `tell` writes to standard error.
template <class Tell>
std::string told_by(Tell tell) {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  const int before = dup(STDERR_FILENO);
  dup2(ends[1], STDERR_FILENO);
  close(ends[1]);
  tell();
  dup2(before, STDERR_FILENO);
  close(before);
  std::string text(4096, '\0');
  const ssize_t got = read(ends[0], text.data(), text.size());
  close(ends[0]);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

}  // namespace

TEST_CASE("tell_people: no text drives the terminal, passes for a line of ours or shows a secret") {
  const struct {
    std::string text, want;
  } rows[] = {
      {"plain", "iso: plain\n"},
      {"\033]52;c;aGk=\a\x9b", "iso: \\u001b]52;c;aGk=\\u0007\\x9b\n"},
      {"bad\niso: all is well", "iso: bad\n  iso: all is well\n"},
      {"bad\r\niso: all is well", "iso: bad\\r\n  iso: all is well\n"},
      {"a.json:1:2: no\n  {]\n   ^", "iso: a.json:1:2: no\n  {]\n   ^\n"},
      {"\u202Etxt", "iso: \\u202etxt\n"},
      {"amqp://u:secret@h/ is away", "iso: amqp://u:***@h/ is away\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(told_by([&] { cli::tell_people("iso", row.text); }) == row.want);
  }
}
