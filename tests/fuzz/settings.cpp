// A settings file is read exactly when it is a record once its comments are blanks and its holes are null,
// and then it is that record.
#include "record/settings.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "record/plain.h"
#include "record/read.h"
#include "require.h"
#include "same.h"

using namespace iso;
using fuzz::require;

namespace {

// The text as plain JSON, by a second way: byte by byte, with a depth.
struct Plain {
  std::string text;
  std::size_t holes = 0;

  explicit Plain(std::string_view from) {
    int depth = 0;
    bool after_colon = false;
    for (std::size_t at = 0; at < from.size();) {
      const char c = from[at];
      const std::size_t length = token(from, at);
      const bool is_comment = c == '/' && length > 1;
      if (!is_comment && !is_space(c)) {
        if (after_colon && depth == 1 && (c == ',' || c == '}')) {
          text += "null";
          ++holes;
        }
        after_colon = c == ':';
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
      }
      for (const char byte : from.substr(at, length)) text += is_comment && byte != '\n' ? ' ' : byte;
      at += length;
    }
  }

 private:
  // How long the string or comment that starts here is; of anything else, one byte.
  static std::size_t token(std::string_view from, std::size_t at) {
    const auto rest = from.substr(at);
    std::size_t end = 1;
    if (rest.starts_with("//")) {
      end = rest.find('\n');
    } else if (rest.starts_with("/*")) {
      end = rest.find("*/", 2);
      if (end == rest.npos) return 1;  // the slash stays, and is no JSON
      end += 2;
    } else if (rest.front() == '"') {
      while (end < rest.size() && rest[end] != '"') end += rest[end] == '\\' ? 2U : 1U;
      ++end;
    }
    return std::min(end, rest.size());
  }
};

// Each fault starts with file:line:column, and the line is one that the file has.
void check_place(std::string_view message, std::size_t lines) {
  require(message.starts_with("s.json:"), "a fault names its file", message);
  message.remove_prefix(7);
  std::size_t line = 0;
  std::from_chars(message.data(), message.data() + message.size(), line);
  require(line >= 1 && line <= lines, "a fault names a line that is there", message);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const Plain plain(text);
  Record want;
  std::string refusal;
  try {
    want = read_record(plain.text);
  } catch (const Error& error) {
    refusal = error.what();
  }
  try {
    const Settings settings = read_settings(text, "s.json");
    require(refusal.empty(), "settings are a record with comments and holes, and nothing else", refusal);
    require(settings.warnings.size() == plain.holes, "each hole has its warning");
    require(fuzz::same(settings.record, want), "settings read as the record that they are");
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::config, "bad settings are a fault of configuration", error.what());
    require(!refusal.empty(), "comments and holes are allowed", error.what());
    check_place(error.what(), static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
  }
  return 0;
}
