#include "record/utf8.h"

#include <algorithm>
#include <array>

#include "record/plain.h"
#include "record/scan.h"

namespace iso {
namespace {

// What the first byte determines: the length of the character, and the range of its second byte, which
// excludes over-long forms, surrogates and anything beyond U+10FFFF. All later bytes are 0x80 to 0xBF.
struct Lead {
  unsigned char length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
};

constexpr std::array<Lead, 256> make_leads() {
  std::array<Lead, 256> leads{};
  for (std::size_t byte = 0; byte < 0x80; ++byte) leads[byte].length = 1;
  for (std::size_t byte = 0xC2; byte < 0xE0; ++byte) leads[byte].length = 2;
  for (std::size_t byte = 0xE0; byte < 0xF0; ++byte) leads[byte].length = 3;
  for (std::size_t byte = 0xF0; byte < 0xF5; ++byte) leads[byte].length = 4;
  leads[0xE0].low = 0xA0;
  leads[0xED].high = 0x9F;
  leads[0xF0].low = 0x90;
  leads[0xF4].high = 0x8F;
  return leads;
}

constexpr std::array<Lead, 256> kLeads = make_leads();

unsigned char byte_at(const char* at) {
  return static_cast<unsigned char>(*at);
}

}  // namespace

std::size_t utf8_length(const char* at, const char* end) {
  const Lead lead = kLeads[byte_at(at)];
  if (lead.length < 2) return lead.length;
  const std::size_t there = std::min<std::size_t>(lead.length, static_cast<std::size_t>(end - at));
  if (there > 1 && (byte_at(at + 1) < lead.low || byte_at(at + 1) > lead.high)) return 0;
  for (std::size_t i = 2; i < there; ++i) {
    if ((byte_at(at + i) & 0xC0) != 0x80) return 0;
  }
  return lead.length;
}

bool is_utf8(std::string_view bytes) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while ((at = skip_run(at, end, mask_not_ascii, is_ascii)) != end) {
    const std::size_t length = utf8_length(at, end);
    if (length == 0 || length > static_cast<std::size_t>(end - at)) return false;
    at += length;
  }
  return true;
}

}  // namespace iso
