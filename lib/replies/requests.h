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
  std::uint32_t replies = 1;               // expected for each request; 0: all that arrive within `time`
  std::chrono::milliseconds time{30'000};  // from put() on
  std::function<void(const Record&)> on_reply = [](const Record&) {};
  const Clock* clock = &system_clock();
};

// Sends records as requests, each with its own correlation_id, and passes on the replies that carry it. A
// record is confirmed once it was delivered and all replies have arrived. If the time is up first, it is
// unconfirmed, and the text says how many replies have arrived. If `requests` cannot deliver it, it gets that
// status at once.
//
// Replies come from `replies` or, if that is null, over `requests` itself. Messages in the queue of `replies`
// that match no request are not acknowledged, so they return to the queue at the end.
class RequestSink final : public Sink {
 public:
  RequestSink(std::unique_ptr<Sink> requests, std::unique_ptr<Source> replies, RequestOptions options);

  void put(Ticket ticket, const Record& record) override;
  void flush() override;
  void finish(bool begin_nothing) override { requests_->finish(begin_nothing); }
  void results(std::vector<DeliveryResult>& out) override;
  Wait wait() const override;
  std::string_view stalled() const override { return requests_->stalled(); }
  std::string_view reply_address() const override { return address_; }

  // Acknowledges all replies passed on so far; call it once they are stored.
  void acknowledge_replies();

  std::uint64_t unmatched_replies() const { return unmatched_; }  // replies that match no request

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
  std::deque<std::pair<Clock::Steady, Ticket>> due_;  // in the order of put(); some may have ended
  std::vector<Ticket> unacknowledged_;                // of `replies`, to be acknowledged
  std::uint64_t unmatched_ = 0;
  std::vector<DeliveryResult> known_;
  std::vector<DeliveryResult> batch_;  // these are kept to reuse their memory
  std::vector<Delivery> taken_;
  std::vector<Record> arrived_;
};

}  // namespace iso::replies
