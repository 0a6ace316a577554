#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/url.h"
#include "record/record.h"
#include "store/reader.h"

namespace iso::store {

// A store that is looked at and left as it was: nothing is created, upgraded, claimed or expired. Rows are
// read by pages, each a transaction of its own that is soon over, so that no one's checkpoint waits for us.
class StoreView {
 public:
  // Throws ErrorKind::missing if there is no such file, ErrorKind::io if it is no store.
  explicit StoreView(const Url& url) : reader_(open_store_reader(url)) {}
  explicit StoreView(std::unique_ptr<StoreReader> reader) : reader_(std::move(reader)) {}

  // The queue that the URL's fragment names, or the only one there is. Throws ErrorKind::missing, and
  // ErrorKind::usage if there are several to choose from.
  std::string queue_of(const Url& url);

  struct Row {
    std::int64_t seq = 0;
    MessageState state = MessageState::ready;
    std::int64_t created_ms = 0;  // since the epoch
    Record record;                // as it was stored; without an id, with the one that a relay gives it
    std::string error;            // why the record cannot be read, or ""
    std::string_view body;        // its bytes, for as long as the call
    std::string_view last_error;  // why it failed last, for as long as the call; "" if it did not
  };
  enum class Body {
    read,
    skimmed,  // it is held to its hash, and no further look is taken at it: the record has none
  };
  // Whether to go on with this page.
  using EachRow = std::function<bool(const Row&)>;

  StoreReader::Counts counts(std::string_view queue) { return reader_->counts(queue); }

  bool has_queue(std::string_view name) { return reader_->has_queue(name); }
  std::int64_t first_seq() { return reader_->first_seq(); }  // of all queues; 0: there is none
  std::int64_t last_seq() { return reader_->last_seq(); }
  // One page of the rows of a queue, in any state and in the order of seq: those after `after`, none after
  // `up_to`. Gives the seq after which the next page starts; `up_to` if there is none.
  std::int64_t page(std::string_view queue, std::int64_t after, std::int64_t up_to, const EachRow& each,
                    Body how = Body::read);
  // One row, if it is there.
  void row(std::string_view queue, std::int64_t seq, const EachRow& each);
  bool has_rows(std::string_view queue, std::int64_t after) { return reader_->has_rows(queue, after); }
  // When the last of the messages that the queue has deleted, done, was stored, since the epoch; 0: none.
  // What is older may have been there.
  std::int64_t pruned_up_to(std::string_view queue) { return reader_->pruned_up_to(queue); }

  // All that the ledger knows of one message.
  struct Answers {
    std::string message_id;
    std::vector<std::pair<std::string, std::string>>
        by_application;        // and the kind that outweighs its others
    std::int64_t last_ms = 0;  // when the last of them came
  };
  using EachMessage = std::function<bool(const Answers&)>;
  // The same for the ledger, in the order of message_id. `after` is null at the start, and is moved on.
  // False: there is no other page.
  bool ledger_page(std::optional<std::string>& after, const EachMessage& each);

  // The folder cannot be written, so what others write from now on is not seen.
  bool is_still() const { return reader_->is_still(); }

  // Tells whether others wrote to the store between two calls: then it has another value.
  std::int64_t version() { return reader_->version(); }

 private:
  Row row_of(const StoredRow& row, std::string_view queue, Body how) const;

  std::unique_ptr<StoreReader> reader_;
};

}  // namespace iso::store
