#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "pump/end.h"

namespace iso::replies {

struct ReplyingOptions {
  bool reply = false;      // publish the handler's answers to the record's reply_to
  std::string confirm_as;  // also publish confirmations there, in the name of this application; "": none
  Notice notice = [](std::string_view) {};
};

struct ReplyTally {
  std::uint64_t sent = 0;         // replies and confirmations that the broker confirmed
  std::uint64_t undelivered = 0;  // returned because no queue takes them: the requester is gone
};

// Passes records to `handler` and publishes its answers to `replies`. A record gets its result only after its
// answers have theirs, so that no answer is lost: if one was nacked, the record is deferred. A returned
// answer is reported and counted, and the record keeps its result; so does a record without a reply_to. If
// the handler fails or is closed, records that it has answered get their results first.
class ReplyingSink final : public Sink {
 public:
  ReplyingSink(std::unique_ptr<Sink> handler, std::unique_ptr<Sink> replies, ReplyingOptions options);

  void put(Ticket ticket, const Record& record) override;
  void flush() override;
  void results(std::vector<DeliveryResult>& out) override;
  Wait wait() const override;
  std::string_view stalled() const override;
  bool closed() const override { return answers_.empty() && handler_->closed(); }
  void withdraw(Ticket up_to) override { handler_->withdraw(up_to); }
  void finish(bool begin_nothing) override { handler_->finish(begin_nothing); }
  Demand demand() override { return handler_->demand(); }
  std::string_view why_none() const override { return handler_->why_none(); }

  const ReplyTally& tally() const { return tally_; }

 private:
  struct Handled {
    DeliveryResult result;
    unsigned waiting = 0;  // answers without a result
  };
  struct PendingReply {
    Ticket request;
    Record record;
  };

  // Stores the handler's error, which results() throws after all answers have their results.
  template <class Call>
  void unless_broken(Call call) {
    if (fault_) return;
    try {
      call();
    } catch (const Error& error) {
      fault_ = error;
    }
  }

  void answer(DeliveryResult result, std::vector<DeliveryResult>& out);
  std::vector<Record> answers_to(const Record& request, DeliveryResult& result) const;
  void settle(const DeliveryResult& answered, std::vector<DeliveryResult>& out);

  std::unique_ptr<Sink> handler_, replies_;
  ReplyingOptions options_;
  std::map<Ticket, const Record*> requests_;  // being handled
  std::map<Ticket, Handled> handled_;         // with answers in flight
  std::map<Ticket, PendingReply> answers_;    // must not move until their result, as put() requires
  Ticket last_answer_ = 0;
  std::optional<Error> fault_;  // of the handler
  IdMaker ids_;
  ReplyTally tally_;
  std::vector<DeliveryResult> batch_;  // kept to reuse its memory
};

}  // namespace iso::replies
