#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "record/scan.h"

namespace iso {

// How bytes are cut into messages.
enum class Framing {
  json,     // a stream of JSON values, each one a body: pretty-printed, one a line, or side by side
  lines,    // each line one body of text, without its line break
  whole,    // all of it one body, whatever it is, 0 bytes too
  records,  // a stream of JSON objects, each one a record
};

struct Piece {
  std::string_view bytes;    // valid until the splitter's next call
  std::uint64_t number = 0;  // counts pieces, good and bad, from 1
  std::uint64_t line = 0;    // where it starts, from 1
  std::uint64_t offset = 0;  // where it starts, in bytes from 0
  std::string error;         // empty if good; else why, with the line and offset of the fault
};

// Cuts a stream of any length with memory for its longest piece. Feed it: write into space(), say filled(),
// take next() until it has none; at the end say finish() and take next() again. After a bad value it goes on
// at the next line that can start a value: the next line whose first column holds { or [ if the bad value
// began with one, any next line otherwise. So one bad line of NDJSON costs that line, and a broken value of
// many lines is never sent in pieces.
class Splitter {
 public:
  explicit Splitter(Framing framing);

  std::span<char> space(std::size_t at_least);
  void filled(std::size_t bytes);
  void finish();
  std::optional<Piece> next();

 private:
  std::optional<Piece> next_value();
  std::optional<Piece> next_line();
  std::optional<Piece> next_whole();
  Piece take(std::size_t length, std::string error = {});
  std::optional<Piece> reject(std::string why);

  Framing framing_;
  JsonScanner scanner_;
  std::string buffer_;
  std::size_t begin_ = 0, end_ = 0, searched_ = 0;
  std::uint64_t number_ = 0, line_ = 1, offset_ = 0;
  bool finished_ = false, started_ = false;
};

}  // namespace iso
