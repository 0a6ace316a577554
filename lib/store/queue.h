#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pump/end_options.h"
#include "store/file.h"
#include "store/rows.h"

namespace iso::store {

// One queue of a store as one of those sees it who take from it. A message is claimed before it is given out,
// and a claim lasts as long as its owner lives. Times are in milliseconds since the epoch.
class StoreQueue {
 public:
  // Opens what `options` name, or makes it. Throws ErrorKind::missing.
  StoreQueue(StoreFile& file, const SourceOptions& options);
  ~StoreQueue();  // what is claimed goes back, and counts as delivered once more
  StoreQueue(const StoreQueue&) = delete;
  StoreQueue& operator=(const StoreQueue&) = delete;

  const std::string& name() const { return name_; }

  bool has_ready(std::int64_t now);  // one that could be claimed now
  // None that could be claimed now or later. Throws ErrorKind::io if the store cannot be in order.
  bool is_empty(std::int64_t now);
  void expire(std::int64_t now);  // those whose time is over are dead
  bool has_expired(std::int64_t now);
  // Claims those whose time is over, with that as their error: for a relay, who reports them.
  void claim_expired(std::size_t most, std::int64_t now, std::vector<StoredMessage>& out);

  void claim(std::size_t most, std::int64_t now, std::vector<StoredMessage>& out);
  // The same without a claim: what is ready after the message `seq`.
  void look(std::int64_t seq, std::size_t most, std::int64_t now, std::vector<StoredMessage>& out);
  std::int64_t count_after(std::int64_t seq);

  struct Settlement {
    std::int64_t seq = 0;
    Disposition how = Disposition::ack;
    bool dead = false;            // of a requeue: it failed too often
    std::int64_t not_before = 0;  // of a requeue: it rests so long
    std::string why;
  };
  void settle(std::span<const Settlement> settlements, std::int64_t now);

  // How long a message that failed may rest at most. One that rests for longer than that met a clock that
  // jumped.
  static constexpr std::int64_t kLongestRetryDelay = 60'000;

 private:
  void open();
  [[noreturn]] void throw_missing() const;
  void bind(const Binding& binding);
  void register_claims(std::span<const StoredMessage> messages);
  void settle_one(const Settlement& settlement, std::int64_t now);

  const SourceOptions& options_;
  StoreFile& file_;
  std::int64_t owner_ = 0;
  std::string name_, store_id_;
};

}  // namespace iso::store
