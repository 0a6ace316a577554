#include "record/write.h"

#include "record/plain.h"
#include "record/scan.h"
#include "record/utf8.h"

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

// One byte replaces one, so that AMQP's short strings stay within 255 bytes.
std::string as_utf8(std::string_view text) {
  std::string out;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end;) {
    const auto length = utf8_length(at, end);
    if (length == 0 || length > static_cast<std::size_t>(end - at)) {
      out += '?';
      ++at;
    } else {
      out.append(at, length);
      at += length;
    }
  }
  return out;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  if (!is_utf8(text)) return append_json_string(out, as_utf8(text));
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
  // Strings in valid JSON contain no raw line breaks, so each one here is between tokens.
  for (const char line_break : {'\n', '\r'})
    for (auto at = out.find(line_break, before); at != out.npos; at = out.find(line_break, at)) out[at] = ' ';
}

}  // namespace iso
