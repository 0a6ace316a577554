#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
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
// take next() until it has none; at the end say finish() and take next() again. A byte order mark at the very
// start is skipped, except when all of the stream is one body.
//
// A value is good only if what follows it can follow a value: 1a, "a": 1 and {}, are never sent in part. A
// value that a line break follows is given at once; otherwise it waits for the next byte, or the end. After a
// bad value it goes on at the next line that can start a value: the next line whose first column holds { or [
// if the bad value began with one, any next line otherwise. So one bad line of NDJSON costs that line, and a
// broken value of many lines is not sent in pieces. A bad piece's bytes are all that was passed over, without
// the white space at its end; what is passed over beyond kMaxBad is in no piece.
class Splitter {
 public:
  static constexpr std::size_t kMaxBad = 1 << 20;

  explicit Splitter(Framing framing);

  // All the room there is, at least so much.
  std::span<char> space(std::size_t at_least);
  void filled(std::size_t bytes);
  void finish();
  std::optional<Piece> next();

 private:
  enum class Follower { good, bad, unknown };
  // Where the next start is sought: nowhere; after a bad value that is still to be given; after one that was
  // given.
  enum class Seeking { nothing, to_give, to_drop };

  std::string_view unread() const { return {buffer_.get() + begin_, end_ - begin_}; }
  void move_to(std::size_t capacity);

  bool past_mark();
  std::optional<Piece> next_value();
  std::optional<Piece> next_line();
  std::optional<Piece> next_whole();

  void skip_space();
  std::optional<Piece> end_value();
  Follower look_past(std::size_t length, std::size_t& at) const;
  std::optional<Piece> reject(std::size_t fault, std::string_view why);
  std::optional<Piece> give_bad();
  bool drop_bad();
  std::optional<std::size_t> find_start();

  Piece take(std::size_t length, std::string error = {});
  void advance(std::size_t bytes);
  std::string place(std::size_t at) const;

  Framing framing_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
  std::uint64_t number_ = 0, line_ = 1, offset_ = 0, line_start_ = 0;
  bool finished_ = false, past_mark_ = false;

  JsonScanner scanner_;
  std::size_t searched_ = 0;  // how far after begin_ no line break is, or none that helps
  Seeking seeking_ = Seeking::nothing;
  bool nested_ = false;  // the bad value began with { or [
  std::string error_;    // of the bad value
  bool wary_ = false;    // what comes may be the inside of a bad value
};

}  // namespace iso
