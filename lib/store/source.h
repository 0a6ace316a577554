#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "pump/end.h"
#include "store/file.h"
#include "store/queue.h"

namespace iso::store {

// Messages of one queue of a store, shared with everyone else who takes from it.
class StoreSource final : public Source {
 public:
  StoreSource(const Url& url, const SourceOptions& options);

  SourceState take(std::size_t most, std::vector<Delivery>& out) override;
  bool settle(Ticket ticket, Disposition how, std::string_view why) override;
  void flush() override;
  Wait wait() const override { return Wait(pause_); }
  bool drained() override;
  void stop() override { stopped_ = true; }

  StoreFile& file() { return file_; }
  std::string_view queue() const override { return queue_.name(); }
  void poll_now() { poll_now_ = true; }  // someone in this process put something there

  // Runs `call` on the store. False if another process kept it locked, which is no loss: all that is to be
  // done is done later. Throws ErrorKind::unavailable when that went on for the options' outage.
  template <class Call>
  bool unless_locked(Call call) {
    const bool done = locked_.run(call);
    tell_of_lock(done);
    return done;
  }

 private:
  struct Claimed {
    std::int64_t seq;
    std::uint32_t attempts;
  };

  bool should_poll();
  bool may_take();
  SourceState pause();
  SourceState claim(std::size_t most, std::vector<Delivery>& out);
  SourceState peek(std::size_t most, std::vector<Delivery>& out);
  void tell_of_more();
  void give(std::vector<StoredMessage>& messages, std::vector<Delivery>& out);
  std::int64_t retry_at(std::uint32_t failures);
  void tell_of_lock(bool done);

  SourceOptions options_;
  StoreFile file_;
  StoreQueue queue_;
  std::map<Ticket, Claimed> claimed_;
  std::vector<StoreQueue::Settlement> settled_;
  Ticket next_ticket_ = 1;

  std::uint64_t peeked_ = 0;
  std::int64_t last_peeked_ = 0;

  std::chrono::milliseconds pause_;
  std::int64_t seen_ = -1;  // PRAGMA data_version when we looked last
  bool poll_now_ = true;    // there may be something, whatever data_version says
  Clock::Steady next_poll_;
  bool alone_ = false, told_of_other_ = false, told_of_lock_ = false, stopped_ = false;
  LockedOut locked_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace iso::store
