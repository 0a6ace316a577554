#include "store/state_source.h"

#include <fmt/core.h>
#include <map>
#include <vector>

#include "base/error.h"
#include "record/broker_headers.h"
#include "store/open.h"
#include "store/view.h"

namespace iso::store {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kPruned = 100;

class StateSource final : public Source {
 public:
  StateSource(const Url& url, const std::string& queue, const StateOptions& options)
      : options_(options), view_(url), queue_(queue), last_(view_.last_seq()) {
    if (!view_.has_queue(queue_) && !view_.has_rows(queue_, 0))
      throw Error(ErrorKind::missing, fmt::format("no queue \"{}\" in {}", queue_, redacted(url)));
    if (options_.peek) return;
    store_ = open_store(url, Access::use, options_.timeout);
    if (!store_.engine->try_lock_queue(queue_))
      throw Error(ErrorKind::unavailable,
                  fmt::format("{}: a relay has the queue \"{}\"; stop it first", redacted(url), queue_));
  }

  SourceState take(std::size_t most, std::vector<Delivery>& out) override {
    std::size_t bytes = 0;
    while (!stopped_ && most != 0 && bytes < kTakeBytes && after_ < last_)
      after_ = view_.page(queue_, after_, last_, [&](const StoreView::Row& row) {
        if (row.state != options_.state) return true;
        bytes += row.body.size();
        give(row, out);
        return --most != 0 && bytes < kTakeBytes;
      });
    return stopped_ || after_ >= last_ ? SourceState::ended : SourceState::ready;
  }

  bool settle(Ticket ticket, Disposition how, std::string_view why) override {
    const auto seq = seqs_.find(ticket);
    if (options_.peek || seq == seqs_.end()) return false;
    using Mark = Settlement::Mark;
    const bool is_dead = options_.state == MessageState::dead;
    if (how == Disposition::ack)
      settled_.push_back(
          {seq->second, is_dead && store_.options.retain.count() > 0 ? Mark::done : Mark::forget, {}, {}});
    if (how == Disposition::requeue && is_dead)
      settled_.push_back({seq->second, Mark::dead, {}, std::string(why)});
    seqs_.erase(seq);
    return false;
  }

  void flush() override {
    if (settled_.empty()) return;
    store_.engine->settle(settled_, {store_.options.retain, kPruned});
    settled_.clear();
  }

  Wait wait() const override { return Wait(milliseconds(1)); }
  void stop() override { stopped_ = true; }
  std::string_view queue() const override { return queue_; }

 private:
  void give(const StoreView::Row& row, std::vector<Delivery>& out) {
    Delivery& taken = out.emplace_back();
    taken.ticket = next_++;
    taken.record = row.record;
    taken.record.queue = queue_;
    if (!row.error.empty())
      taken.bad_input = std::make_unique<BadInput>(BadInput{0, 0, 0, row.error, {}});
    else
      seqs_.emplace(taken.ticket, row.seq);
    if (row.last_error.empty()) return;
    if (!taken.record.headers) taken.record.headers.emplace();
    taken.record.headers->emplace_back(kLastError, Field{std::string(row.last_error)});
  }

  StateOptions options_;
  StoreView view_;
  std::string queue_;
  OpenStore store_;  // only if something may change
  std::int64_t after_ = 0, last_;
  Ticket next_ = 1;
  std::map<Ticket, std::int64_t> seqs_;  // of what is not settled
  std::vector<Settlement> settled_;
  bool stopped_ = false;
};

}  // namespace

std::unique_ptr<Source> open_state_source(const Url& url, const std::string& queue,
                                          const StateOptions& options) {
  return std::make_unique<StateSource>(url, queue, options);
}

}  // namespace iso::store
