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
  void look_at_once() { look_ = true; }  // someone in this process put something there

  // Runs `call` on the store. False if another process kept it locked, which is no loss: all that is to be
  // done is done later. Throws ErrorKind::unavailable when that went on for the options' outage.
  template <class Call>
  bool unless_locked(Call call) {
    try {
      call();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::unavailable) throw;
      locked(error);
      return false;
    }
    locked_since_.reset();
    return true;
  }

 private:
  struct Claimed {
    std::int64_t seq;
    std::uint32_t attempts;
  };

  bool worth_a_look();
  bool may_take();
  SourceState rest();
  SourceState claim(std::size_t most, std::vector<Delivery>& out);
  SourceState peek(std::size_t most, std::vector<Delivery>& out);
  void tell_of_more();
  void give(std::vector<StoredMessage>& messages, std::vector<Delivery>& out);
  std::int64_t rest_after(std::uint32_t failures);
  void locked(const Error& error);

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
  bool look_ = true;        // there may be something, whatever data_version says
  Clock::Steady next_look_;
  bool alone_ = false, told_of_other_ = false, stopped_ = false;
  std::optional<Clock::Steady> locked_since_;  // another process keeps us out
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace iso::store
