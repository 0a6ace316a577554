#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/url.h"
#include "store/rows.h"

namespace iso::store {

// What a database does for who looks at a store and leaves it as it was: nothing is created, upgraded,
// claimed or expired, and no one else's work waits for it. Also a store of an older version is read. Throws
// ErrorKind::unavailable and ErrorKind::io as a StoreEngine does.
class StoreReader {
 public:
  virtual ~StoreReader() = default;

  virtual const std::string& name() const = 0;
  virtual const std::string& id() const = 0;  // "": it has none yet
  virtual bool is_still() const = 0;          // what others write from now on is not seen
  virtual std::int64_t version() = 0;         // another value after others have changed something

  // Those that were made and are nobody's own, and those that have ready messages though nobody made them;
  // by name.
  virtual std::vector<std::string> queues() = 0;
  virtual bool has_queue(std::string_view name) = 0;  // also somebody's own

  // How many messages of a queue are what, all at one moment.
  struct Counts {
    std::uint64_t ready = 0;    // a listener would be given them now
    std::uint64_t claimed = 0;  // one that is alive has them
    std::uint64_t resting = 0;  // they failed, and are ready again later
    std::uint64_t dead = 0;     // also those that will be, since their time to live is over
    std::uint64_t conflict = 0;
    // How long ago the first of those that are ready, claimed or resting was stored; nothing if there is
    // none.
    std::optional<std::chrono::milliseconds> oldest;
  };
  virtual Counts counts(std::string_view queue) = 0;

  // Whether to go on.
  using EachRow = std::function<bool(const StoredRow&)>;
  virtual std::int64_t first_seq() = 0;  // of all queues; 0: there is none
  virtual std::int64_t last_seq() = 0;
  // One page of the rows of a queue, in any state and in the order of seq: those after `after`, none after
  // `up_to`. Gives the seq after which the next page starts; `up_to` if there is none. Each page is a
  // transaction of its own, which is soon over.
  virtual std::int64_t page(std::string_view queue, std::int64_t after, std::int64_t up_to,
                            const EachRow& each) = 0;
  virtual void row(std::string_view queue, std::int64_t seq, const EachRow& each) = 0;  // if it is there
  virtual bool has_rows(std::string_view queue, std::int64_t after) = 0;
  // When the last of the messages that the queue has deleted was stored, since the epoch; 0: none.
  virtual std::int64_t pruned_up_to(std::string_view queue) = 0;

  // The ledger in the order of message_id and application, from the first message_id after `after`, or from
  // the start if that is null.
  struct AnswerRow {
    std::string_view message_id, application, kind;
    std::int64_t at_ms = 0;
  };
  using EachAnswer = std::function<bool(const AnswerRow&)>;
  virtual void ledger(const std::string* after, const EachAnswer& each) = 0;
};

// Throws ErrorKind::missing if there is no such store, ErrorKind::io if it is none.
std::unique_ptr<StoreReader> open_store_reader(const Url& url);

}  // namespace iso::store
