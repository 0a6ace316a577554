#include "cli/publish/observer.h"

#include <fmt/core.h>

#include "base/error.h"

namespace iso::cli {
namespace {

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
}

void PublishObserver::report(const Delivery& taken, const DeliveryResult& result) {
  if (acks_) (*acks_)(taken, result);
  receipts_.add(taken, result);
}

void PublishObserver::stalled(std::string_view why) {
  report_.note(why.empty() ? "publishing continues" : fmt::format("publishing is paused: {}", why));
}

Wait PublishObserver::wait() {
  Wait wait = receipts_.wait();
  if (requests_ && receipts_.all_written()) requests_->acknowledge_replies();
  return wait;
}

}  // namespace iso::cli
