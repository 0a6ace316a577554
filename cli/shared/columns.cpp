#include "cli/shared/columns.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fmt/core.h>

#include "record/utf8.h"

namespace iso::cli {
namespace {

constexpr std::string_view kGone = "…";

struct Range {
  char32_t first, last;
};

// Marks that join the character before, and characters of no width, in the scripts that messages hold most.
// Unicode's categories Mn, Me and some of Cf, and the medial and final Hangul jamo.
constexpr std::array kNoColumn{
    Range{0x0300, 0x036F}, Range{0x0483, 0x0489}, Range{0x0591, 0x05BD}, Range{0x05BF, 0x05BF},
    Range{0x05C1, 0x05C2}, Range{0x05C4, 0x05C5}, Range{0x05C7, 0x05C7}, Range{0x0610, 0x061A},
    Range{0x064B, 0x065F}, Range{0x0670, 0x0670}, Range{0x06D6, 0x06DC}, Range{0x06DF, 0x06E4},
    Range{0x06E7, 0x06E8}, Range{0x06EA, 0x06ED}, Range{0x0711, 0x0711}, Range{0x0730, 0x074A},
    Range{0x0900, 0x0902}, Range{0x093A, 0x093A}, Range{0x093C, 0x093C}, Range{0x0941, 0x0948},
    Range{0x094D, 0x094D}, Range{0x0951, 0x0957}, Range{0x0962, 0x0963}, Range{0x0981, 0x0981},
    Range{0x09BC, 0x09BC}, Range{0x09C1, 0x09C4}, Range{0x09CD, 0x09CD}, Range{0x0E31, 0x0E31},
    Range{0x0E34, 0x0E3A}, Range{0x0E47, 0x0E4E}, Range{0x1160, 0x11FF}, Range{0x1AB0, 0x1ACE},
    Range{0x1DC0, 0x1DFF}, Range{0x200B, 0x200D}, Range{0x20D0, 0x20F0}, Range{0x302A, 0x302D},
    Range{0x3099, 0x309A}, Range{0xFE00, 0xFE0F}, Range{0xFE20, 0xFE2F}, Range{0xE0100, 0xE01EF},
};

// Unicode's East Asian Width W and F (UAX 11), blocks as a whole where they are nearly so.
constexpr std::array kTwoColumns{
    Range{0x1100, 0x115F},   Range{0x231A, 0x231B},   Range{0x2329, 0x232A},   Range{0x23E9, 0x23EC},
    Range{0x23F0, 0x23F0},   Range{0x23F3, 0x23F3},   Range{0x25FD, 0x25FE},   Range{0x2614, 0x2615},
    Range{0x2648, 0x2653},   Range{0x267F, 0x267F},   Range{0x2693, 0x2693},   Range{0x26A1, 0x26A1},
    Range{0x26AA, 0x26AB},   Range{0x26BD, 0x26BE},   Range{0x26C4, 0x26C5},   Range{0x26CE, 0x26CE},
    Range{0x26D4, 0x26D4},   Range{0x26EA, 0x26EA},   Range{0x26F2, 0x26F3},   Range{0x26F5, 0x26F5},
    Range{0x26FA, 0x26FA},   Range{0x26FD, 0x26FD},   Range{0x2705, 0x2705},   Range{0x270A, 0x270B},
    Range{0x2728, 0x2728},   Range{0x274C, 0x274C},   Range{0x274E, 0x274E},   Range{0x2753, 0x2755},
    Range{0x2757, 0x2757},   Range{0x2795, 0x2797},   Range{0x27B0, 0x27B0},   Range{0x27BF, 0x27BF},
    Range{0x2B1B, 0x2B1C},   Range{0x2B50, 0x2B50},   Range{0x2B55, 0x2B55},   Range{0x2E80, 0x303E},
    Range{0x3041, 0x4DBF},   Range{0x4E00, 0xA4CF},   Range{0xA960, 0xA97F},   Range{0xAC00, 0xD7A3},
    Range{0xF900, 0xFAFF},   Range{0xFE10, 0xFE19},   Range{0xFE30, 0xFE6F},   Range{0xFF01, 0xFF60},
    Range{0xFFE0, 0xFFE6},   Range{0x16FE0, 0x18DFF}, Range{0x1AFF0, 0x1B2FF}, Range{0x1F004, 0x1F004},
    Range{0x1F0CF, 0x1F0CF}, Range{0x1F18E, 0x1F18E}, Range{0x1F191, 0x1F19A}, Range{0x1F200, 0x1F320},
    Range{0x1F32D, 0x1F335}, Range{0x1F337, 0x1F37C}, Range{0x1F37E, 0x1F393}, Range{0x1F3A0, 0x1F3CA},
    Range{0x1F3CF, 0x1F3D3}, Range{0x1F3E0, 0x1F3F0}, Range{0x1F3F4, 0x1F3F4}, Range{0x1F3F8, 0x1F43E},
    Range{0x1F440, 0x1F440}, Range{0x1F442, 0x1F4FC}, Range{0x1F4FF, 0x1F53D}, Range{0x1F54B, 0x1F567},
    Range{0x1F57A, 0x1F57A}, Range{0x1F595, 0x1F596}, Range{0x1F5A4, 0x1F5A4}, Range{0x1F5FB, 0x1F64F},
    Range{0x1F680, 0x1F6C5}, Range{0x1F6CC, 0x1F6CC}, Range{0x1F6D0, 0x1F6D7}, Range{0x1F6DC, 0x1F6DF},
    Range{0x1F6EB, 0x1F6EC}, Range{0x1F6F4, 0x1F6FC}, Range{0x1F7E0, 0x1F7F0}, Range{0x1F90C, 0x1F9FF},
    Range{0x1FA70, 0x1FAFF}, Range{0x20000, 0x3FFFD},
};

// What a terminal may obey, or what turns the text around it: bidirectional controls, and two line breaks.
constexpr std::array kDriving{Range{0x00, 0x1F},     Range{0x7F, 0x9F},     Range{0x061C, 0x061C},
                              Range{0x200E, 0x200F}, Range{0x2028, 0x202E}, Range{0x2066, 0x2069},
                              Range{0xFEFF, 0xFEFF}, Range{0xFFF9, 0xFFFB}, Range{0xE0001, 0xE007F}};

template <std::size_t Size>
bool is_in(const std::array<Range, Size>& ranges, char32_t character) {
  const auto at = std::lower_bound(ranges.begin(), ranges.end(), character,
                                   [](const Range& range, char32_t wanted) { return range.last < wanted; });
  return at != ranges.end() && at->first <= character;
}

char32_t decoded(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character.front());
  if (character.size() == 1) return lead;
  char32_t code = lead & (0x7FU >> character.size());
  for (const char c : character.substr(1)) code = code << 6U | (static_cast<unsigned char>(c) & 0x3FU);
  return code;
}

void append_escape(std::string& out, char32_t character) {
  switch (character) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(character));
  }
}

// What is not cut in half: an escape, or a character.
struct Atom {
  std::string_view text;
  std::size_t columns = 0;
};

std::size_t escape_size(std::string_view text) {
  const char kind = text.size() > 1 ? text[1] : '\0';
  return std::min<std::size_t>(kind == 'u' ? 6 : kind == 'x' ? 4 : 2, text.size());
}

Atom first_atom(std::string_view tamed) {
  if (tamed.front() == '\\') {
    const auto size = escape_size(tamed);
    const auto escape = tamed.substr(0, size);
    const bool plain = std::all_of(escape.begin(), escape.end(), [](char c) { return c >= ' ' && c <= '~'; });
    return {tamed.substr(0, plain ? size : 1), plain ? size : 1};
  }
  const auto text = tamed.substr(0, utf8_length(tamed.data(), tamed.data() + tamed.size()));
  const char32_t character = decoded(text);
  return {text, is_in(kNoColumn, character) ? 0U : is_in(kTwoColumns, character) ? 2U : 1U};
}

// The size of the longest start that fits, marks at its end included.
std::size_t fitting(std::string_view tamed, std::size_t columns) {
  std::size_t size = 0, used = 0;
  while (size < tamed.size()) {
    const Atom atom = first_atom(tamed.substr(size));
    if (used + atom.columns > columns) break;
    used += atom.columns;
    size += atom.text.size();
  }
  return size;
}

}  // namespace

std::string escape_for_terminal(std::string_view text) {
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = utf8_length(rest.data(), rest.data() + rest.size());
    const bool character = length > 0 && length <= rest.size();
    const auto here = rest.substr(0, character ? length : 1);
    if (!character) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(here.front()));
    } else if (is_in(kDriving, decoded(here))) {
      append_escape(out, decoded(here));
    } else {
      out += here;
    }
    rest.remove_prefix(here.size());
  }
  return out;
}

std::size_t columns_of(std::string_view tamed) {
  std::size_t columns = 0;
  while (!tamed.empty()) {
    const Atom atom = first_atom(tamed);
    columns += atom.columns;
    tamed.remove_prefix(atom.text.size());
  }
  return columns;
}

std::string cut_end(std::string_view tamed, std::size_t columns) {
  if (fitting(tamed, columns) == tamed.size()) return std::string(tamed);
  if (columns == 0) return "";
  return std::string(tamed.substr(0, fitting(tamed, columns - 1))) + std::string(kGone);
}

std::string cut_start(std::string_view tamed, std::size_t columns) {
  std::size_t all = columns_of(tamed);
  if (all <= columns) return std::string(tamed);
  if (columns == 0) return "";
  while (!tamed.empty()) {
    const Atom atom = first_atom(tamed);
    if (all < columns && atom.columns > 0) break;  // a mark whose character is gone goes too
    all -= atom.columns;
    tamed.remove_prefix(atom.text.size());
  }
  return std::string(kGone) + std::string(tamed);
}

std::string_view take_columns(std::string_view& tamed, std::size_t columns) {
  std::size_t size = fitting(tamed, columns);
  if (size == 0 && !tamed.empty()) size = first_atom(tamed).text.size();
  const auto taken = tamed.substr(0, size);
  tamed.remove_prefix(size);
  return taken;
}

std::size_t common_columns(std::string_view one, std::string_view other) {
  std::size_t columns = 0;
  while (!one.empty() && !other.empty()) {
    const Atom first = first_atom(one), second = first_atom(other);
    if (first.text != second.text) break;
    columns += first.columns;
    one.remove_prefix(first.text.size());
    other.remove_prefix(second.text.size());
  }
  return columns;
}

}  // namespace iso::cli
