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
  whole,    // everything is one body, even if it is empty
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
// A value is good only if the bytes after it can follow a value: 1a, "a": 1 and {}, are never sent in part. A
// value followed by a line break is returned at once; any other waits for the next byte or the end. After a
// bad value, splitting resumes at the next line that can start a value: if the bad value began with { or [,
// the next line with one of these in its first column, otherwise the next line. So a bad line of NDJSON costs
// only that line, and a broken value of many lines is not sent in pieces. The bytes of a bad piece are all
// that was skipped, without trailing white space; what is skipped beyond kMaxBad is in no piece.
class Splitter {
 public:
  static constexpr std::size_t kMaxBad = 1 << 20;

  explicit Splitter(Framing framing);

  // The free space to write into: at least this many bytes.
  std::span<char> space(std::size_t at_least);
  void filled(std::size_t bytes);
  void finish();
  std::optional<Piece> next();

 private:
  enum class Follower { good, bad, unknown };
  // Whether the next start is being searched for: no; after a bad value that is still to be returned; after
  // one that was returned.
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
  std::size_t searched_ = 0;  // bytes after begin_ that have no line break, or none that helps
  Seeking seeking_ = Seeking::nothing;
  bool nested_ = false;  // the bad value began with { or [
  std::string error_;    // of the bad value
  bool wary_ = false;    // the next bytes may be the inside of a bad value
};

}  // namespace iso
