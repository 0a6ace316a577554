#include "replies/replying_sink.h"

#include <fmt/core.h>
#include <iterator>
#include <utility>

#include "replies/reply.h"

namespace iso::replies {

ReplyingSink::ReplyingSink(std::unique_ptr<Sink> handler, std::unique_ptr<Sink> replies,
                           ReplyingOptions options)
    : handler_(std::move(handler)), replies_(std::move(replies)), options_(std::move(options)) {}

void ReplyingSink::put(Ticket ticket, const Record& record) {
  if (fault_) return;
  requests_.emplace_hint(requests_.end(), ticket, &record);
  unless_broken([&] { handler_->put(ticket, record); });
}

void ReplyingSink::flush() {
  unless_broken([this] { handler_->flush(); });
  replies_->flush();
}

void ReplyingSink::results(std::vector<DeliveryResult>& out) {
  const std::size_t before = out.size();
  batch_.clear();
  replies_->results(batch_);
  for (const DeliveryResult& result : batch_) settle(result, out);
  batch_.clear();
  unless_broken([this] { handler_->results(batch_); });
  for (DeliveryResult& result : batch_) answer(std::move(result), out);
  replies_->flush();
  if (fault_ && answers_.empty() && out.size() == before) throw Error(*fault_);
}

Wait ReplyingSink::wait() const {
  if (fault_ && answers_.empty()) return Wait(std::chrono::milliseconds(0));
  Wait wait = requests_.empty() || fault_ || handler_->closed() ? Wait() : handler_->wait();
  return answers_.empty() ? wait : wait | replies_->wait();
}

std::string_view ReplyingSink::stalled() const {
  return answers_.empty() ? handler_->stalled() : replies_->stalled();
}

void ReplyingSink::answer(DeliveryResult result, std::vector<DeliveryResult>& out) {
  const auto request = requests_.find(result.ticket);
  auto answers = answers_to(*request->second, result);
  requests_.erase(request);
  if (answers.empty()) {
    out.push_back(std::move(result));
    return;
  }
  const Ticket ticket = result.ticket;
  handled_.emplace(ticket, Handled{std::move(result), static_cast<unsigned>(answers.size())});
  for (Record& record : answers) {
    if (!record.message_id) record.message_id = ids_.next();
    const auto at =
        answers_.emplace_hint(answers_.end(), ++last_answer_, PendingReply{ticket, std::move(record)});
    replies_->put(last_answer_, at->second.record);
  }
}

std::vector<Record> ReplyingSink::answers_to(const Record& request, DeliveryResult& result) const {
  std::vector<Record> answers;
  const bool addressed = !request.reply_to.value_or("").empty();
  if (auto reply = std::exchange(result.reply, nullptr); reply && options_.reply) {
    address_reply(*reply, request);
    if (addressed || !reply->exchange->empty() || reply->routing_key) answers.push_back(std::move(*reply));
  }
  const bool ended = result.status == DeliveryStatus::confirmed || result.status == DeliveryStatus::rejected;
  if (!options_.confirm_as.empty() && addressed && ended)
    answers.push_back(confirmation_of(request, options_.confirm_as, result));
  if (answers.empty() && !addressed && ended)
    options_.notice(fmt::format("message {} has no reply_to; no answer is sent",
                                request.message_id.value_or("without an id")));
  return answers;
}

void ReplyingSink::settle(const DeliveryResult& answered, std::vector<DeliveryResult>& out) {
  const auto answer = answers_.find(answered.ticket);
  const auto handled = handled_.find(answer->second.request);
  DeliveryResult& result = handled->second.result;
  const std::string to = answer->second.record.routing_key.value_or("");
  switch (answered.status) {
    case DeliveryStatus::confirmed:
      ++tally_.sent;
      break;
    case DeliveryStatus::returned:
      ++tally_.undelivered;
      options_.notice(fmt::format("the answer with correlation_id {} to {} was returned: {} ({})",
                                  answer->second.record.correlation_id.value_or("none"), to,
                                  answered.reply_text, answered.reply_code));
      break;
    default:
      result.status = DeliveryStatus::deferred;
      result.reply_text = fmt::format("its answer to {} was not delivered: {}", to, answered.reply_text);
  }
  if (--handled->second.waiting == 0) {
    out.push_back(std::move(result));
    handled_.erase(handled);
  }
  answers_.erase(answer);
}

}  // namespace iso::replies
