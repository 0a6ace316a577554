#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "pump/end.h"

namespace iso::replies {

struct RequestOptions {
  std::uint32_t replies = 1;               // so many to each; 0: all that come within `time`
  std::chrono::milliseconds time{30'000};  // from put() on
  std::function<void(const Record&)> on_reply = [](const Record&) {};
  const Clock* clock = &system_clock();
};

// Puts records, each a request with a correlation_id of its own, and hands on what comes back with it. A
// record is confirmed when it and all its replies are there, unconfirmed when the time is up before: the text
// says how many came. What `requests` says of one that it could not deliver is its status at once.
//
// Replies come to `replies`, or where that is null over `requests` itself. What answers nothing of ours is
// left in the queue of `replies`, and given back to it in the end.
class RequestSink final : public Sink {
 public:
  RequestSink(std::unique_ptr<Sink> requests, std::unique_ptr<Source> replies, RequestOptions options);

  void put(Ticket ticket, const Record& record) override;
  void flush() override;
  void results(std::vector<DeliveryResult>& out) override;
  Wait wait() const override;
  std::string_view stalled() const override { return requests_->stalled(); }
  std::string_view reply_address() const override { return address_; }

  // All replies that were handed on are where they should be: they need not come again.
  void acknowledge_replies();

  std::uint64_t unmatched_replies() const { return unmatched_; }  // replies that answer nothing of ours

 private:
  struct Request {
    Ticket ticket = 0;
    Clock::Steady due{};
    std::uint32_t replies = 0;
    bool published = false, late = false;
  };
  using Requests = std::unordered_map<std::string, Request>;

  bool has_all(const Request& request) const {
    return options_.replies != 0 && request.replies >= options_.replies;
  }
  void published(DeliveryResult result, std::vector<DeliveryResult>& out);
  void take_replies(std::vector<DeliveryResult>& out);
  bool take_reply(const Record& reply, std::vector<DeliveryResult>& out);
  void expire(std::vector<DeliveryResult>& out);
  void end(Requests::iterator request, std::vector<DeliveryResult>& out);
  void forget(Requests::iterator request);

  std::unique_ptr<Sink> requests_;
  std::unique_ptr<Source> replies_;
  RequestOptions options_;
  std::string address_;
  Requests open_;                                     // by correlation_id
  std::unordered_map<Ticket, std::string> ids_;       // their correlation_ids
  std::deque<std::pair<Clock::Steady, Ticket>> due_;  // in the order put; also of some that have ended
  std::vector<Ticket> unacknowledged_;                // of `replies`, to be settled
  std::uint64_t unmatched_ = 0;
  std::vector<DeliveryResult> known_;
  std::vector<DeliveryResult> batch_;  // these are kept for their memory
  std::vector<Delivery> taken_;
  std::vector<Record> arrived_;
};

}  // namespace iso::replies
