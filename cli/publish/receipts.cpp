#include "cli/publish/receipts.h"

#include <fmt/core.h>
#include <poll.h>

#include "record/write.h"

namespace iso::cli {
namespace {

constexpr std::size_t kReceiptsAtOnce = std::size_t{64} * 1024;

}  // namespace

Receipts::Receipts(const std::string& rejects, Which which, Report& report)
    : report_(report), failures_(report), which_(which), receipts_(standard_output(), "standard output") {
  if (!rejects.empty()) rejects_.emplace(rejects);
}

void Receipts::add(const Delivery& taken, const DeliveryResult& result) {
  report_.progress("published", ++done_);
  if (result.comes_again) {
    failures_.add(failure_text(taken.record, result) + "; it is sent again later");
    return;
  }
  if (taken.bad_input) {
    failures_.add(taken.bad_input->number == 0
                      ? taken.bad_input->why  // a message of a queue, which stays there, dead
                      : fmt::format("input {}: {}", taken.bad_input->number, taken.bad_input->why));
  } else {
    const bool failed = result.status != DeliveryStatus::confirmed;
    if (which_ == Which::all || (which_ == Which::failed && failed))
      append_receipt(receipts_.buffer(), taken.record, result);
    if (failed) failures_.add(failure_text(taken.record, result));
    if (receipts_.pending() >= kReceiptsAtOnce) write_some();
  }
  if (taken.bad_input || result.status != DeliveryStatus::confirmed) reject(taken);
}

void Receipts::reject(const Delivery& taken) {
  if (!rejects_ || rejects_broke_) return;
  rejects_broke_ = true;  // until it is known that it is not
  Output& file = rejects_->output();
  append_reject(file.buffer(), taken);
  file.write_all();
  rejects_broke_ = false;
}

void Receipts::add_reply(const Record& record) {
  append_record(receipts_.buffer(), record);
  receipts_.buffer() += '\n';
  if (receipts_.pending() >= kReceiptsAtOnce) write_some();
}

Demand Receipts::demand() const {
  if (broke_ || rejects_broke_) return Demand::over;
  return receipts_.pending() >= kReceiptsAtOnce && !receipts_.closed() ? Demand::none : Demand::many;
}

Wait Receipts::wait() {
  write_some();
  if (broke_ || receipts_.closed() || receipts_.pending() == 0) return {};
  return {receipts_.descriptor(), POLLOUT};
}

void Receipts::finish() {
  failures_.finish(rejects_ && !rejects_broke_ ? "like these; all are in the rejects"
                                               : "like these; --rejects FILE keeps them all");
  if (!broke_) receipts_.write_all();
  if (broke_) throw Error(*broke_);
}

void Receipts::finish_rejects() {
  if (rejects_) rejects_->finish();
}

void Receipts::write_some() {
  try {
    if (!broke_) receipts_.write_some();
  } catch (const Error& error) {
    broke_ = error;
  }
}

}  // namespace iso::cli
