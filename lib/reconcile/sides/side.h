#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "reconcile/join/partition.h"
#include "reconcile/json/digest.h"
#include "reconcile/json/key.h"
#include "reconcile/json/rules.h"
#include "reconcile/sides/item.h"
#include "reconcile/sides/line_file.h"

namespace iso::reconcile {

// The applications that must have handled each message of a ledger.
using Expected = std::vector<std::string>;

// One of the two sides that are compared.
struct Side {
  std::string name;                // as in findings, without a password
  std::unique_ptr<LineFile> text;  // what was there at the first look
  std::unique_ptr<LineFile> later;
  bool rows = false;          // its lines have row texts
  bool received_now = false;  // it is looked at as a consumer would: received_at says nothing of age
  bool ledger = false;        // its lines are messages with the answers of applications
  bool present = false;       // what is compared is that a key is there, and, of a ledger, that all answered
  Rule rule;
  KeyPointers key;
  std::vector<std::string> compared;  // where the compared part is in an item
  std::size_t most_tree = SIZE_MAX;   // bytes of an item's tree; of one that takes more there is none

  // As ItemSource says; 0 of a file.
  std::int64_t deleted_up_to() const;
  std::string line(Place place) const;
  std::uint64_t line_number(Place place) const;  // from 1
  std::size_t longest_line() const;              // bytes
};

// Reads an item again. For any thread.
std::unique_ptr<Item> read_item(const Side& side, Place place);
// The JSON of one that is well-formed, all of it.
std::string item_json(const Side& side, Place place);

// The applications among `expected` that have not handled the message of a ledger's item.
std::vector<std::string> unanswered(const Value& item, const Expected& expected);

// To be called after both are read. Throws ErrorKind::data if there are items but none has the part that is
// compared: a wrong pointer would make all of them equal.
void check_compared(const Side& left, const Side& right);

// What a row's text says that counts for the comparison, as flags of Place.
std::uint8_t flags_of(const RowState& row);

// A line's digest, with what its row text says and what its side is asked for.
struct ReadLine {
  Digest digest;
  std::size_t size = 0;  // with its line break
  std::uint8_t flags = 0;
  bool blank = false;
};
// The first of `lines`.
ReadLine read_line(const Side& side, const Expected& expected, Digester& digester, std::string_view lines);

// The lines of a block's bytes that are not read yet, without the byte order mark that a text may begin with.
class BlockWalk {
 public:
  BlockWalk(std::string_view bytes, std::uint64_t offset);

  bool more() const { return !lines_.empty(); }
  std::string_view lines() const { return lines_; }
  std::uint64_t offset() const { return offset_; }  // of the first of them in the text
  void skip(std::size_t size) {
    lines_.remove_prefix(size);
    offset_ += size;
  }

 private:
  std::string_view lines_;
  std::uint64_t offset_;
};

// An item that cannot be compared, because it is not JSON or has no key.
using OnInvalid = std::function<void(Place)>;

// One pass over a text: digests of its items, for `threads` at once.
struct Scan {
  const Side& side;
  LineFile& text;
  bool later = false;
  const Expected& expected;
  std::uint64_t seed = 0;
  unsigned threads = 1;
  std::function<void()> progress;  // on the calling thread, after each block
  OnInvalid invalid;               // on any thread, one at a time
  std::uint64_t key_bits = ~std::uint64_t{0};
};

// How many items there were. Throws ErrorKind::io, and what reading a side throws.
std::uint64_t scan(const Scan& scan, Partitions& to, const std::atomic<int>& stop);

}  // namespace iso::reconcile
