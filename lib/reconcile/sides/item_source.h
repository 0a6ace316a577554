#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/url.h"
#include "ends/open.h"
#include "reconcile/sides/item_reader.h"

namespace iso::reconcile {

// What a store knows about a row besides the message.
struct RowState {
  enum class Settled : std::uint8_t { unknown, pending, done, dead, conflict };

  std::int64_t row = 0;
  Settled settled = Settled::unknown;
  std::int64_t at_ms = 0;  // when it was stored, since the epoch; 0: not known
  std::string error;       // why the item cannot be read, or ""
};

// Rows that can be looked at by hash: without their bodies being taken for JSON, and without a copy of them.
class Rows {
 public:
  virtual ~Rows() = default;

  struct Row {
    RowState state;
    std::string_view head;  // the item as JSON on a line, with 0 for its body; nothing if there is an error
    std::string_view body;  // its bytes
  };
  // Gives some more of them, each with text that lives as long as the call. False: there is nothing more.
  // Throws what the end throws, and ErrorKind::io.
  virtual bool look_at(const std::function<void(const Row&)>& each) = 0;
  virtual std::uint64_t hashed_bytes() const = 0;
  virtual std::uint64_t bytes_to_hash() const = 0;  // in all; a guess that gets better

  // Only these are read then, in the order given, as far as they are still there.
  virtual void choose(std::vector<std::int64_t> rows) = 0;
};

// The start of a line for an item that cannot be read, followed by the reason. No JSON starts like this.
inline constexpr char kUnreadable = '\1';

// A side of a comparison that is not a plain file, as lines of text: one item of JSON each, followed by a tab
// and its row_text if the item is a row. An item that cannot be read is "" with a row_text that has the
// reason.
class ItemSource {
 public:
  virtual ~ItemSource() = default;

  // Appends some whole lines, each ended by a line break; none at all if a signal came or nothing did yet. A
  // line may be blank. False: there is nothing more. May wait. Throws what the end throws.
  virtual bool read(std::string& out) = 0;

  // What came to the same end after all was read, or all of it again; null if nothing can have come.
  virtual std::unique_ptr<ItemSource> reopen_for_changes() { return nullptr; }

  // When the last of what was there and has been deleted since had been stored, in milliseconds since the
  // epoch; 0: nothing was. Of an older item nobody can say that it was not there. Asked when all was read.
  virtual std::int64_t deleted_up_to() const { return 0; }

  // The bytes of text there are in all, for a progress line; 0: not known. May be a guess that gets better.
  virtual std::uint64_t size() const { return 0; }

  // The same as rows, before anything is read; null if its rows cannot be looked at by hash.
  virtual Rows* rows() { return nullptr; }
};

std::string_view name_of(RowState::Settled settled);  // "" if it is not known

void append_row_text(std::string& out, const RowState& state);
RowState read_row_text(std::string_view text);

// Standard input ("-"), a pipe or a file, compressed or not: lines of JSON; CSV if its name ends in .csv; the
// elements of an array if it begins with one, or at a place that is told. Throws ErrorKind::missing,
// ErrorKind::io (damaged compression is that too); when it is read also ErrorKind::data.
std::unique_ptr<ItemSource> open_file_items(const std::string& path, const ItemForm& form = {});
// Whether it is a file that is lines of JSON as it stands, and can be read where and as often as we like.
bool is_plain_lines(const std::string& path);
// The same with the texts of numbers, true and false in their place, and of null the empty one: as CSV has
// them.
std::unique_ptr<ItemSource> as_texts(std::unique_ptr<ItemSource> source);

// All rows of the queue that the URL's fragment names, in whatever state; of the only queue without one. The
// fragment `acks` is the ledger: {"message_id": …, "acks": {"billing": "handled", …}}, a line a message,
// where handled outweighs rejected, rejected stored, and stored a reply. Throws ErrorKind::missing,
// ErrorKind::usage if there are several queues, ErrorKind::io if the file is no store.
std::unique_ptr<ItemSource> open_store_items(const Url& url);
bool is_ledger(const Url& url);

// A queue of a broker, looked at and left as it was. Throws ErrorKind::usage if it holds more than can be
// held unacknowledged at once (65,535), ErrorKind::missing, ErrorKind::unavailable.
std::unique_ptr<ItemSource> open_queue_items(const Url& url, const SourceOptions& options);

}  // namespace iso::reconcile
