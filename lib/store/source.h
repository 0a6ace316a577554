#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "pump/end.h"
#include "pump/end_options.h"
#include "store/locked_out.h"
#include "store/open.h"

namespace iso::store {

// Messages of one queue of a store, shared with everyone else who takes from it. A message is claimed before
// it is given out, and a claim lasts as long as its owner lives.
class StoreSource final : public Source {
 public:
  StoreSource(const Url& url, const SourceOptions& options);
  // For a store that is open, and a test's own time.
  StoreSource(OpenStore store, const SourceOptions& options, const Clock& clock = system_clock());
  ~StoreSource() override;  // what is claimed goes back, and counts as delivered once more
  StoreSource(const StoreSource&) = delete;
  StoreSource& operator=(const StoreSource&) = delete;

  SourceState take(std::size_t most, std::vector<Delivery>& out) override;
  bool settle(Ticket ticket, Disposition how, std::string_view why) override;
  void flush() override;
  Wait wait() const override { return Wait(pause_); }
  bool drained() override;
  void stop() override { stopped_ = true; }

  StoreEngine& engine() { return *store_.engine; }
  std::string_view queue() const override { return queue_; }
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
    std::uint64_t redeliveries;
  };

  bool should_poll();
  bool may_take();
  SourceState pause();
  SourceState claim(std::size_t most, std::vector<Delivery>& out);
  SourceState peek(std::size_t most, std::vector<Delivery>& out);
  void tell_of_more();
  StoredMessage read(const StoredRow& row, std::int64_t now);
  void give(std::vector<StoredMessage>& messages, std::vector<Delivery>& out);
  std::chrono::milliseconds retry_delay(std::uint64_t before);
  Settlement settlement(const Claimed& claimed, Disposition how, std::string_view why);
  bool has_more();
  void tell_of_lock(bool done);
  std::int64_t now_ms() const { return clock_.wall().time_since_epoch().count(); }

  SourceOptions options_;
  OpenStore store_;
  const Clock& clock_;
  std::string queue_;
  std::map<Ticket, Claimed> claimed_;
  std::vector<Settlement> settled_;
  bool postponed_ = false;  // something, in a run that only wants what is there
  Ticket next_ticket_ = 1;

  std::uint64_t peeked_ = 0;
  std::int64_t last_peeked_ = 0;

  std::chrono::milliseconds pause_;
  std::int64_t seen_ = -1;  // the store's version when we looked last
  bool poll_now_ = true;    // there may be something, whatever the version says
  Clock::Steady next_poll_;
  bool alone_ = false, told_of_other_ = false, told_of_lock_ = false, stopped_ = false;
  LockedOut locked_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace iso::store
