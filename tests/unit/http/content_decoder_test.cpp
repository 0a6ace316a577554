#include "http/content_decoder.h"

#include <algorithm>
#include <doctest/doctest.h>

#include "support/errors.h"

namespace iso::http {
namespace {

using namespace std::string_literals;

const std::string kText = "hello, hello, hello\n";

struct Decoded {
  std::string text;
  bool went_on = true, whole = false;
  std::string fault;
};

// In pieces of `piece` bytes.
Decoded decoded(const Fields& fields, std::string_view bytes, std::size_t piece = 1000) {
  ContentDecoder decoder(fields);
  Decoded all;
  while (!bytes.empty() && all.went_on) {
    all.went_on = decoder.decode(bytes.substr(0, piece), [&](std::string_view more) {
      all.text += more;
      return true;
    });
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  all.whole = decoder.whole();
  all.fault = decoder.fault();
  return all;
}

// RFC 1952 and RFC 1951 section 3.2.4: one uncompressed block.
std::string stored_gzip(const std::string& text) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
  }
  crc = ~crc;
  const auto number = [](std::uint32_t value, int bytes) {
    std::string out;
    for (; bytes > 0; --bytes, value >>= 8) out += static_cast<char>(value & 0xFF);
    return out;
  };
  const auto size = static_cast<std::uint32_t>(text.size());
  return "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x01"s + number(size, 2) + number(size ^ 0xFFFF, 2) + text +
         number(crc, 4) + number(size, 4);
}

// RFC 7932 section 9: a stream of one uncompressed meta-block and an empty last one.
std::string stored_brotli(const std::string& text) {
  // WBITS 16 is one bit of 0; ISLAST 0, MNIBBLES 4 as two bits of 0, MLEN - 1 of 16 bits, ISUNCOMPRESSED 1.
  const auto bits = (std::uint32_t{1} << 20) | (static_cast<std::uint32_t>(text.size() - 1) << 4);
  std::string out;
  for (int byte = 0; byte < 3; ++byte) out += static_cast<char>(bits >> 8 * byte & 0xFF);
  return out + text + "\x03";
}

// RFC 8878 section 3: a frame of one raw block.
std::string stored_zstd(const std::string& text) {
  const auto size = static_cast<unsigned>(text.size());
  const unsigned header = size << 3 | 1;
  return "\x28\xb5\x2f\xfd\x20"s + static_cast<char>(size) + static_cast<char>(header & 0xFF) +
         static_cast<char>(header >> 8 & 0xFF) + '\0' + text;
}

TEST_CASE("ContentDecoder: decodes what was asked for, in pieces of any size") {
  const struct {
    const char* coding;
    std::string bytes;
  } rows[] = {{"gzip", stored_gzip(kText)},           {"X-GZip", stored_gzip(kText)},
              {"br", stored_brotli(kText)},           {"zstd", stored_zstd(kText)},
              {"identity, gzip", stored_gzip(kText)}, {"zstd, gzip", stored_gzip(stored_zstd(kText))}};
  for (const auto& row : rows)
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
      CAPTURE(row.coding);
      const Decoded all = decoded({{"Content-Encoding", row.coding}}, row.bytes, piece);
      CHECK(all.text == kText);
      CHECK(all.whole);
      CHECK(all.fault.empty());
    }
}

TEST_CASE("ContentDecoder: a truncated or damaged body, or one with trailing bytes, is not complete") {
  const struct {
    const char* coding;
    std::string bytes;
  } rows[] = {{"gzip", stored_gzip(kText)}, {"br", stored_brotli(kText)}, {"zstd", stored_zstd(kText)}};
  for (const auto& row : rows) {
    CAPTURE(row.coding);
    const Fields fields{{"Content-Encoding", row.coding}};
    for (std::size_t cut = 1; cut < row.bytes.size(); ++cut) {
      const Decoded all = decoded(fields, std::string_view(row.bytes).substr(0, row.bytes.size() - cut));
      CHECK_FALSE((all.went_on && all.whole));
    }
    CHECK_FALSE(decoded(fields, row.bytes + "garbage").went_on);
    CHECK_FALSE(decoded(fields, "garbage, and more of it").went_on);
    CHECK(decoded(fields, "").whole);
  }
  std::string damaged = stored_gzip(kText);
  damaged[damaged.size() - 8] = static_cast<char>(damaged[damaged.size() - 8] ^ 1);
  CHECK_FALSE(decoded({{"Content-Encoding", "gzip"}}, damaged).went_on);
}

TEST_CASE("ContentDecoder: refuses a coding that was not asked for, and too many codings") {
  for (const char* coding : {"deflate", "compress", "gzip, foo", "gzip, gzip, gzip, gzip, gzip"})
    CHECK(test::error_of([&] {
            ContentDecoder(Fields{{"Content-Encoding", coding}});
          }).kind() == ErrorKind::unavailable);
  CHECK_FALSE(ContentDecoder(Fields{}).is_needed());
  CHECK_FALSE(ContentDecoder(Fields{{"Content-Encoding", "identity"}}).is_needed());
}

}  // namespace
}  // namespace iso::http
