#include "reconcile/json/plain_block.h"

#include <array>
#include <doctest/doctest.h>
#include <string>

using namespace iso;
using namespace iso::reconcile;

TEST_CASE("a block ends before the first byte that does not stand for itself, and is zero from there on") {
  const std::string plain = "0123456789 ~\x7F\xC3\xA9[";
  REQUIRE(plain.size() == PlainBlock::kBytes);
  for (int byte = 0; byte < 256; ++byte) {
    const bool stops = byte < 0x20 || byte == '"' || byte == '\\';
    for (std::size_t at = 0; at < PlainBlock::kBytes; ++at) {
      CAPTURE(byte);
      CAPTURE(at);
      std::string text = plain + "\"";
      text[at] = static_cast<char>(byte);
      const PlainBlock block = plain_block(text.data());
      REQUIRE(block.size == (stops ? at : PlainBlock::kBytes));
      std::array<char, PlainBlock::kBytes> kept{};
      std::memcpy(kept.data(), &block.first, 8);
      std::memcpy(kept.data() + 8, &block.second, 8);
      text.resize(block.size);
      text.resize(PlainBlock::kBytes, '\0');
      REQUIRE(std::string(kept.data(), kept.size()) == text);
      const bool beyond = text.find_first_of("\xC3\xA9") != text.npos || (byte > 0x7F && !stops);
      REQUIRE((block.beyond_ascii != 0) == beyond);
    }
  }
}
