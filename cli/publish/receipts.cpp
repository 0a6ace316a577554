#include "cli/publish/receipts.h"

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include "record/write.h"

namespace iso::cli {
namespace {

constexpr std::size_t kReceiptsAtOnce = std::size_t{64} * 1024;

}  // namespace

Receipts::Receipts(const std::string& rejects, bool on_stdout, Report& report)
    : report_(report),
      failures_(report),
      on_stdout_(on_stdout),
      receipts_(Descriptor::lend(STDOUT_FILENO), "standard output") {
  if (!rejects.empty()) rejects_.emplace(open_to_write(rejects), rejects);
}

void Receipts::operator()(const Delivery& taken, const DeliveryResult& result) {
  if (result.comes_again) {
    failures_.add(failure_text(taken.record, result) + "; it is sent again later");
    return;
  }
  if (taken.bad_input) {
    failures_.add(fmt::format("input {}: {}", taken.bad_input->number, taken.bad_input->why));
  } else {
    if (on_stdout_) append_receipt(receipts_.buffer(), taken.record, result);
    if (result.status != DeliveryStatus::confirmed) failures_.add(failure_text(taken.record, result));
  }
  if (rejects_ && (taken.bad_input || result.status != DeliveryStatus::confirmed)) {
    append_reject(rejects_->buffer(), taken);
    rejects_->write_all();
  }
  if (receipts_.pending() >= kReceiptsAtOnce) write_some();
  report_.progress("published", ++done_);
}

void Receipts::reply(const Record& record) {
  append_record(receipts_.buffer(), record);
  receipts_.buffer() += '\n';
  if (receipts_.pending() >= kReceiptsAtOnce) write_some();
}

Intake Receipts::intake() const {
  if (broken_) return Intake::over;
  return receipts_.pending() >= kReceiptsAtOnce && !receipts_.closed() ? Intake::full : Intake::open;
}

Wait Receipts::pause() {
  write_some();
  if (broken_ || receipts_.closed() || receipts_.pending() == 0) return {};
  return {receipts_.descriptor(), POLLOUT};
}

void Receipts::finish() {
  failures_.finish(rejects_ ? "like these; all are in the rejects"
                            : "like these; --rejects FILE keeps them all");
  if (broken_) throw Error(*broken_);
  receipts_.write_all();
}

void Receipts::write_some() {
  try {
    if (!broken_) receipts_.write_some();
  } catch (const Error& error) {
    broken_ = error;
  }
}

}  // namespace iso::cli
