#include "cli/publish/observer.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/error.h"
#include "cli/shared/ending.h"

namespace iso::cli {
namespace {

constexpr std::size_t kTimed = 1'000'000;  // messages of which the times are kept

// A request says where its replies should go, and its correlation_id tells which they are.
void prepare_request(Record& record, const replies::RequestSink& requests) {
  const std::string_view address = requests.reply_address();
  if (record.reply_to && *record.reply_to != address)
    throw Error(ErrorKind::data,
                fmt::format("its reply_to is {}, but replies are awaited at {}", *record.reply_to, address));
  if (!record.correlation_id) throw Error(ErrorKind::data, "a request needs a correlation_id");
  record.reply_to = address;
}

}  // namespace

void PublishObserver::prepare(Record& record) {
  preparer_(record);
  if (requests_) prepare_request(record, *requests_);
  begun_.push_back(system_clock().steady());
}

void PublishObserver::report(const Delivery& taken, const DeliveryResult& result) {
  if (!taken.bad_input) note_time(result);
  if (acks_) (*acks_)(taken, result);
  receipts_.add(taken, result);
}

void PublishObserver::note_time(const DeliveryResult& result) {
  const std::chrono::duration<float, std::milli> time = system_clock().steady() - begun_.front();
  begun_.pop_front();
  if (result.status != DeliveryStatus::confirmed) return;
  ++confirmed_;
  if (report_.is_verbose() && times_.size() < kTimed) times_.push_back(time.count());
}

std::string PublishObserver::speed() {
  const std::chrono::duration<double> took = system_clock().steady() - started_;
  std::string text =
      fmt::format("{} confirmed in {:.1f} s ({}/s)", grouped(confirmed_), took.count(),
                  grouped(static_cast<std::uint64_t>(static_cast<double>(confirmed_) / took.count())));
  if (times_.empty()) return text;
  std::sort(times_.begin(), times_.end());
  return text + fmt::format(", confirm p50 {:.1f} ms, p99 {:.1f} ms", times_[times_.size() / 2],
                            times_[times_.size() * 99 / 100]);
}

void PublishObserver::stalled(std::string_view why) {
  report_.note(why.empty() ? "publishing continues" : fmt::format("publishing is paused: {}", why));
}

Wait PublishObserver::wait() {
  tell_of_interruption(report_, session_, begun_.size());
  Wait wait = receipts_.wait();
  if (requests_ && receipts_.all_written()) requests_->acknowledge_replies();
  return wait;
}

}  // namespace iso::cli
