#include "record/write.h"

#include "record/plain.h"

namespace iso {
namespace {

void append_escape(std::string& out, char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  switch (c) {
    case '"':
    case '\\':
      out += {'\\', c};
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default: {
      const auto code = static_cast<unsigned char>(c);
      out += {'\\', 'u', '0', '0', kDigits[code >> 4], kDigits[code & 0xF]};
    }
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    const char* const stop = skip_run(at, end, mask_not_plain, is_plain);
    out.append(at, stop);
    if (stop == end) break;
    append_escape(out, *stop);
    at = stop + 1;
  }
  out += '"';
}

void append_one_line(std::string& out, std::string_view json) {
  const std::size_t before = out.size();
  out += json;
  // No string of valid JSON holds a raw line break, so every one that is here stands between tokens.
  for (const char line_break : {'\n', '\r'})
    for (auto at = out.find(line_break, before); at != out.npos; at = out.find(line_break, at)) out[at] = ' ';
}

}  // namespace iso
