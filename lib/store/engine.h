#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/rows.h"

namespace iso::store {

// What is bound to what. Read as it is written: what the words mean is for who routes by them.
struct Topology {
  struct Exchange {
    std::string name, type;
  };
  struct Binding {
    std::string exchange, queue, routing_key, arguments;  // arguments: an object of JSON
  };
  struct Inbox {
    std::string queue, key;  // the JSON Pointer to the key of its messages; "": their message_id
  };
  std::int64_t version = -1;  // another one after each change
  std::vector<Exchange> exchanges;
  std::vector<std::string> queues;
  std::vector<Binding> bindings;
  std::vector<Inbox> inboxes;
};

// What is to be made if it is missing. What is there stays as it is.
struct NewTopology {
  std::vector<Topology::Exchange> exchanges;
  std::vector<std::string> queues;
  std::string private_queue;  // goes when this session leaves; "": none
  std::vector<Topology::Binding> bindings;

  bool empty() const {
    return exchanges.empty() && queues.empty() && private_queue.empty() && bindings.empty();
  }
};

// What became of a row that came with a key. One without a key is always new.
enum class Received {
  stored,          // it is new
  duplicate,       // one of this key and this body is there: counted
  conflict,        // one of this key and another body is there: kept as MessageState::conflict
  conflict_again,  // the same conflict is kept already: counted
};

// How far a stream is read: the first offset of it that is not stored.
struct StreamPosition {
  std::string_view stream;
  std::uint64_t next = 0;
};

// How many bytes of messages a source takes at a time, unless a single message is larger.
inline constexpr std::size_t kTakeBytes = std::size_t{8} << 20;

// How many rows are given at most. The row that reaches `bytes` is the last, so one is always given.
struct Most {
  std::size_t rows = 0;
  std::size_t bytes = SIZE_MAX;  // of bodies and properties
};

// What becomes of a claimed message.
struct Settlement {
  enum class Mark {
    done,       // kept as such for as long as done messages are kept
    forget,     // done, and deleted at once
    dead,       // it failed, and is not tried again
    retry,      // it failed, and is ready again after `rest`
    give_back,  // it was not tried: ready again at once, and delivered once more
    postpone,   // it could not be sent: ready again after `rest`, and delivered once more; no attempt
  };
  std::int64_t seq = 0;
  Mark mark = Mark::done;
  std::chrono::milliseconds rest{0};
  std::string why;
};

// Which done messages go with a settlement.
struct Pruning {
  std::chrono::milliseconds done_for{0};  // longer than that
  std::size_t most = 0;
};

// A row of the ledger: what an application said of a message.
struct LedgerRow {
  std::string message_id, application, kind;
  std::optional<std::string> reply_id, detail;
};

// The ledger within one transaction: until that ends, nobody else adds to it.
class Ledger {
 public:
  struct Question {
    std::string_view correlation_id;
    std::optional<std::string_view> not_queue;  // the answer's own queue, which does not count
  };

  virtual ~Ledger() = default;
  // Gives each message that has the correlation_id of a question once, though it may lie in several queues:
  // its oldest row, in the order of seq. The first argument is the question's place.
  using EachMessage = std::function<void(std::size_t, const StoredRow&)>;
  virtual void correlated(std::span<const Question> questions, const EachMessage& each) = 0;
  // All that is known of these messages.
  virtual std::vector<LedgerRow> answers(std::span<const std::string_view> message_ids) = 0;
  // Adds rows, one after the other. Gives for each whether it is new: not, if there is one of the same
  // message, application and kind, which stays as it is.
  virtual std::vector<bool> add(std::span<const LedgerRow> rows) = 0;
};

// What a database does for a store: one session of it, for one thread. All SQL is behind this, and no rule.
//
// Each call that changes something is one transaction, whole or not at all. It throws
//   ErrorKind::unavailable  nothing was changed, and it may be tried again: if lasts(), with this session,
//                           which another has kept waiting; else only with one that is opened anew
//   ErrorKind::unconfirmed  a commit was sent, and whether it counts is not known
//   ErrorKind::io           the store is damaged, full, or not as it should be
// Where a call gives something to a function, or appends to a vector, before it throws, what it gave is void.
// A function that is given may throw: then the call changed nothing.
//
// The engine has its own clock, the server's if it has a server: moments do not cross the seam, durations do.
// After the calls that store (make, append, append_from, write_ledger), what was stored is on the disk. What
// the others changed may be lost with the power: then messages come again.
class StoreEngine {
 public:
  virtual ~StoreEngine() = default;

  // How people call it, and how they would name it in a URL; both without passwords.
  virtual const std::string& name() const = 0;
  virtual std::string url() const = 0;
  virtual const std::string& id() = 0;  // 32 hex digits, of this store alone; "": a store too old to have one
  // Nothing can be written, and what others write from now on is not seen.
  virtual bool is_still() const = 0;
  // Whether a session that threw ErrorKind::unavailable is as good as before.
  virtual bool lasts() const = 0;

  // ---- what is bound to what

  virtual Topology topology() = 0;
  // One that was made, or that has ready messages though nobody made it.
  virtual bool has_queue(std::string_view name) = 0;
  // These wait for another session as long as the store was opened with, all others not longer than kTurn.
  virtual void make(const NewTopology& parts) = 0;
  // Sets the rule of an inbox. `key_of` says which key a row has by it that is in the queue and has none; of
  // several with one key, the first gets it.
  using KeyOf = std::function<std::optional<std::string>(const StoredRow&)>;
  virtual void make_inbox(const Topology::Inbox& inbox, const KeyOf& key_of) = 0;

  // ---- who takes

  // From here on this session owns what it claims, for as long as it lives: when it ends, in whatever way,
  // others can tell.
  virtual void join() = 0;
  // What it has claimed is ready again and counts as delivered once more, and its private queue goes, with
  // its messages and bindings.
  virtual void leave() = 0;
  // The same for those who joined and are gone without it. Writes nothing if there are none.
  virtual void release_dead_owners() = 0;
  // Keeps a queue for this session alone, until it ends. False: another has it.
  virtual bool try_lock_queue(std::string_view queue) = 0;

  // ---- in

  // Stores rows in their order. Appends to `out` for each what became of it. False, and nothing is stored,
  // if `version` is no longer that of the topology: rows may belong elsewhere now.
  virtual bool append(std::span<const NewRow> rows, std::optional<std::int64_t> version,
                      std::vector<Received>& out) = 0;
  // The same for what was read from a stream, and keeps where to go on in it.
  virtual void append_from(const StreamPosition& position, std::span<const NewRow> rows,
                           std::vector<Received>& out) = 0;
  // What was kept so; nothing if there never was.
  virtual std::optional<std::uint64_t> next_offset(std::string_view stream) = 0;

  // ---- out. A message is open if it is MessageState::ready, not claimed, and its time to live is not over;
  // one that is not rests. One that would rest for longer than kLongestRest met a clock that jumped, and
  // does not.

  using EachRow = std::function<void(const StoredRow&)>;
  // Claims open messages of a queue that do not rest, in the order of seq, and gives them. True if `most`
  // ended it: there may be more. Keeps nobody waiting if there are none.
  virtual bool claim(std::string_view queue, Most most, const EachRow& each) = 0;
  // The same without a claim, and after the message `after`.
  virtual bool look(std::string_view queue, std::int64_t after, Most most, const EachRow& each) = 0;
  // The same as claim for those that are ready and not claimed, and whose time to live is over.
  virtual bool claim_expired(std::string_view queue, Most most, const EachRow& each) = 0;
  virtual bool has_expired(std::string_view queue) = 0;
  virtual void expire(std::string_view queue) = 0;    // makes all of them dead; the reason is "expired"
  virtual bool has_open(std::string_view queue) = 0;  // also one that rests
  virtual std::int64_t count_after(std::string_view queue,
                                   std::int64_t after) = 0;  // of those that are ready
  // Ends claims. A message that is gone is passed over.
  virtual void settle(std::span<const Settlement> settlements, Pruning pruning) = 0;

  // ---- the ledger

  virtual void prepare_ledger() = 0;  // makes what write_ledger needs to be quick
  virtual void write_ledger(const std::function<void(Ledger&)>& call) = 0;
  virtual std::vector<LedgerRow> answers_of(std::string_view message_id) = 0;

  // ---- waiting

  // Another value after others have changed something, as far as can be known for a microsecond: what this
  // misses is found by asking now and then.
  virtual std::int64_t version() = 0;
  virtual std::uint64_t commits() const = 0;  // of this session, so far
  // Cleans up after so many commits, now and then; for who has a moment.
  virtual void tidy() = 0;

  static constexpr std::chrono::milliseconds kTurn{100};
  static constexpr std::chrono::milliseconds kLongestRest{60'000};
};

}  // namespace iso::store
