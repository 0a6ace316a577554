#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "reconcile/sides/item_source.h"

namespace iso::reconcile {

// Whole lines of a side, each ended by a line break.
struct Block {
  std::size_t index = 0;     // counts blocks from 0
  std::uint64_t offset = 0;  // of the first byte, in the side's text
  std::size_t size = 0;
  bool lacks_line_break = false;  // the last of them, at the end of the file
  bool is_too_long = false;       // it is one line, longer than the longest that is read
  std::string bytes;              // of a source, padded; those of a file stay where they are
};

// The items of a side as lines of a text that can be read again: the file itself, or a copy of what a source
// returns, in a temporary file without a name, which disappears however iso ends. next() is for one thread;
// bytes(), line() and line_number() are for any.
class LineFile {
 public:
  // A plain file as long as it is now, from byte `from` on.
  explicit LineFile(const std::string& path, std::uint64_t from = 0);
  // Copies to a file in `folder`. Throws ErrorKind::io.
  LineFile(std::unique_ptr<ItemSource> source, const std::string& folder);

  // Lines of more bytes are told of, and not read. Before anything is.
  void read_at_most(std::uint64_t longest) { most_ = longest; }

  // The next lines, or false. A line longer than a block has a block for itself. A block of nothing: a signal
  // came, or the source has nothing yet. Throws ErrorKind::io, and what the source throws.
  bool next(Block& block);

  // A block's bytes, with Digester::kPadding more after them. `room` holds them, and is best used for one
  // block after the other. Throws ErrorKind::io.
  std::string_view bytes(const Block& block, std::string& room) const;

  std::uint64_t offset() const { return offset_; }  // how far it is read
  std::uint64_t size() const;                       // in all, or 0 if that is not known yet

  // The line that starts at `offset`, without its line break; of one that is too long, what an item is that
  // cannot be read. Throws ErrorKind::io.
  std::string line(std::uint64_t offset) const;

  // How many lines lie before the line at an offset, so that a line's number is found without counting from
  // the start. Not all marks are kept: the farther into the text, the fewer.
  struct Mark {
    std::uint64_t offset = 0, lines = 0;
  };
  static constexpr std::uint64_t kMarkEvery = 8 * 1024;  // bytes, or more
  // Of one block, with marks as if it were the text, at its start the first; from any thread.
  struct Lines {
    std::vector<Mark> marks;
    std::uint64_t count = 0;
    std::size_t longest = 0;  // bytes
  };
  void lines_in(const Block& block, Lines lines);
  // The same, if blocks are read in order.
  void mark(Mark mark);
  // From 1. The blocks up to there must have been passed to counted().
  std::uint64_t line_number(std::uint64_t offset) const;
  std::size_t longest_line() const { return longest_; }  // of the blocks counted so far

  // What was found in it: items with a key, and any of them that has what is compared. For one thread at a
  // time.
  struct Seen {
    bool items = false, compared = false;
  };
  Seen& seen() { return seen_; }

  ItemSource* source() const { return source_.get(); }  // null: it is a file

  // What came since all was read: another text, or null.
  std::unique_ptr<LineFile> reopen_for_changes() const;

 private:
  bool next_of_file(Block& block);
  bool next_of_source(Block& block);
  std::optional<std::uint64_t> line_end(std::uint64_t from) const;
  std::uint64_t last_line_end() const;
  bool end_before_long_line(Block& block, std::uint64_t end) const;
  enum class Tail { last, more, unfinished };
  Tail tail();

  std::string path_, folder_;
  Descriptor file_;
  std::unique_ptr<ItemSource> source_;
  std::uint64_t offset_ = 0, end_ = 0, lines_ = 0, most_ = UINT64_MAX;
  std::size_t blocks_ = 0;
  Seen seen_;
  bool read_on_ = false;

  std::mutex mutex_;
  std::map<std::size_t, Lines> early_;  // of blocks before which some are missing
  std::size_t counted_ = 0;             // blocks
  std::size_t longest_ = 0;
  std::vector<Mark> marks_;  // in order, from the start of the text
};

// All of `bytes`, to a file of `folder`, and as many as `into` has room for. Throw ErrorKind::io.
void write_at(int fd, const std::string& folder, std::string_view bytes, std::uint64_t offset);
std::size_t read_at(int fd, char* into, std::size_t most, std::uint64_t offset);

}  // namespace iso::reconcile
