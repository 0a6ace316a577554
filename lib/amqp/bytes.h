#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/error.h"

namespace iso::amqp {

// What a broker sent that AMQP 0-9-1 does not allow. It ends the connection.
[[noreturn]] inline void bad_frame(const std::string& what) {
  throw Error(ErrorKind::unavailable, what);
}

// Reads numbers and strings as AMQP 0-9-1 section 4.2.5 writes them, from the front of what is left. What it
// gives points into the bytes. Throws ErrorKind::unavailable when there are fewer bytes than what is read
// takes.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : left_(bytes) {}

  std::string_view take(std::size_t count) {
    if (count > left_.size()) bad_frame("a value that goes on past the end of its frame");
    const auto taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }
  template <class Integer>
  Integer integer() {
    std::uint64_t value = 0;
    for (const char byte : take(sizeof(Integer))) value = value << 8 | static_cast<unsigned char>(byte);
    return static_cast<Integer>(value);
  }
  std::uint8_t octet() { return integer<std::uint8_t>(); }
  std::uint16_t short_integer() { return integer<std::uint16_t>(); }
  std::uint32_t long_integer() { return integer<std::uint32_t>(); }
  std::uint64_t longlong_integer() { return integer<std::uint64_t>(); }
  std::string_view short_string() { return take(octet()); }
  std::string_view long_string() { return take(long_integer()); }

  bool at_end() const { return left_.empty(); }
  void must_be_at_end() const {
    if (!at_end()) bad_frame("a value that ends before its frame");
  }

 private:
  std::string_view left_;
};

// Adds the same to the end of `out`. A string that is too long for its length is remembered, and is not
// added.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  template <class Integer>
  void integer(Integer value) {
    char bytes[sizeof(Integer)];
    put(bytes, value);
    out_.append(bytes, sizeof bytes);
  }
  void octet(std::uint8_t value) { out_ += static_cast<char>(value); }
  // Up to eight, the first in the lowest place.
  void bits(std::initializer_list<bool> bits) {
    unsigned octet = 0, place = 0;
    for (const bool bit : bits) octet |= unsigned{bit} << place++;
    out_ += static_cast<char>(octet);
  }
  void raw(std::string_view bytes) { out_ += bytes; }
  void short_string(std::string_view text) {
    if (text.size() > UINT8_MAX) {
      fits_ = false;
      return;
    }
    octet(static_cast<std::uint8_t>(text.size()));
    raw(text);
  }
  void long_string(std::string_view text) {
    if (text.size() > UINT32_MAX) {
      fits_ = false;
      return;
    }
    integer(static_cast<std::uint32_t>(text.size()));
    raw(text);
  }

  // What is written between the two has its length, in four bytes, before it.
  std::size_t begin_long() {
    integer(std::uint32_t{0});
    return out_.size();
  }
  void end_long(std::size_t begin) {
    const std::size_t length = out_.size() - begin;
    if (length > UINT32_MAX) fits_ = false;
    put(out_.data() + begin - 4, static_cast<std::uint32_t>(length));
  }

  bool fits() const { return fits_; }

 private:
  template <class Integer>
  static void put(char* at, Integer value) {
    for (std::size_t i = 0; i < sizeof value; ++i)
      at[i] = static_cast<char>(value >> (8 * (sizeof value - 1 - i)));
  }

  std::string& out_;
  bool fits_ = true;
};

}  // namespace iso::amqp
