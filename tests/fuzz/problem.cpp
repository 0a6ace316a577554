// What a problem says in a body that is JSON is a line that is harmless to a terminal, and not too long.
#include "http/problem.h"

#include "record/scan.h"
#include "require.h"

using namespace iso;
using namespace iso::http;
using fuzz::require;

namespace {

constexpr std::size_t kLongest = 1000;  // bytes: three texts, a status and what joins them

bool has_controls(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto byte = static_cast<unsigned char>(line[i]);
    if (byte < ' ' || byte == 0x7F) return true;
    if (byte == 0xC2 && i + 1 < line.size() && static_cast<unsigned char>(line[i + 1]) < 0xA0) return true;
  }
  return false;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = fuzz::text_of(data, size);
  const auto line = problem_line(body);
  if (!line) return 0;
  require(is_json(body), "only JSON has a problem", body);
  require(!line->empty() && line->size() <= kLongest, "a problem is a line that can be read", *line);
  require(!has_controls(*line), "a problem has no controls", *line);
  require(is_utf8(*line), "a problem is text", *line);
  return 0;
}
