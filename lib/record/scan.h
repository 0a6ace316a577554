#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace iso {

// Finds where one JSON value ends, and checks it against RFC 8259: grammar, escapes, UTF-8. Numbers are
// checked but not converted. Resumable: if the bytes end in the middle of the value, call again with the same
// bytes and more.
class JsonScanner {
 public:
  enum class Status {
    complete,  // a value ends at position()
    more,      // the bytes so far are the start of a value
    bad,       // what() says why, at position()
  };

  // `bytes` starts at the value's first byte (no white space before it) and is what was given before plus
  // more. `last`: no more will come. A number is complete only when a byte follows it or `last` is true.
  Status scan(std::string_view bytes, bool last);

  std::size_t position() const { return position_; }
  std::string what() const { return what_; }
  void reset();

 private:
  // What the next byte may be. The last two are ends.
  enum class State : std::uint8_t {
    value,
    value_or_close,  // after '['
    name,            // after ',' in an object
    name_or_close,   // after '{'
    colon,
    comma_or_close,
    in_string,
    in_name,
    in_word,  // true, false or null
    minus,
    zero,
    integer,
    point,
    fraction,
    exponent,
    exponent_sign,
    exponent_digits,
    complete,
    bad,
  };

  // Each consumes bytes from `at` on and returns where it stopped: after what it consumed, at the fault, or
  // at an escape or a character that is not complete yet.
  const char* step(const char* at, const char* end);
  const char* between(const char* at, const char* end);
  const char* start_value(const char* at, const char* end);
  const char* open(const char* at, State next);
  const char* comma_or_close(const char* at);
  const char* close(const char* at);
  const char* end_value(const char* at);
  const char* string(const char* at, const char* end);
  const char* word(const char* at, const char* end);
  const char* number(const char* at, const char* end);
  const char* fail(const char* at, const char* why);
  Status at_end();

  std::size_t position_ = 0;
  const char* what_ = "";
  const char* word_ = "";  // the rest of a literal that has begun
  State state_ = State::value;
  std::string nesting_;  // '{' and '[' that are open; depth is bounded by kMaxDepth
};

inline constexpr std::size_t kMaxDepth = 10'000;

// Whether `bytes` is exactly one JSON value in UTF-8, apart from white space around it.
bool is_json(std::string_view bytes);

// Whether `bytes` is well-formed UTF-8 (RFC 3629): no surrogates, nothing over-long.
bool is_utf8(std::string_view bytes);

}  // namespace iso
