#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace iso {

// Finds where one JSON value ends, and holds it to RFC 8259: grammar, escapes, UTF-8. Numbers are checked for
// form, never converted. Resumable: when the bytes run out in the middle, call again with more of the same
// bytes.
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
  const std::string& what() const { return what_; }
  void reset();

 private:
  std::size_t position_ = 0;
  std::string what_;
  int state_ = 0;
  std::string nesting_;  // '{' and '[' that are open; depth is bounded by kMaxDepth
};

inline constexpr std::size_t kMaxDepth = 10'000;

// Whether `bytes` is exactly one JSON value in UTF-8, with white space around it or not. Empty is not.
bool is_json(std::string_view bytes);

// Whether `bytes` is well-formed UTF-8 (RFC 3629): no surrogates, nothing over-long.
bool is_utf8(std::string_view bytes);

}  // namespace iso
