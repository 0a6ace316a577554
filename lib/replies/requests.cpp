#include "replies/requests.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/duration.h"

namespace iso::replies {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kTakenAtOnce = 256;

}  // namespace

RequestSink::RequestSink(std::unique_ptr<Sink> requests, std::unique_ptr<Source> replies,
                         RequestOptions options)
    : requests_(std::move(requests)),
      replies_(std::move(replies)),
      options_(std::move(options)),
      address_(replies_ ? replies_->queue() : requests_->reply_address()) {}

void RequestSink::put(Ticket ticket, const Record& record) {
  const std::string& id = record.correlation_id.value();
  const auto due = options_.clock->steady() + options_.time;
  if (!open_.emplace(id, Request{ticket, due}).second) {
    known_.push_back({ticket, DeliveryStatus::nacked, 0,
                      fmt::format("another request with the correlation_id {} is open; leave it out, and "
                                  "each request gets its own",
                                  id)});
    return;
  }
  ids_.emplace(ticket, id);
  due_.emplace_back(due, ticket);
  requests_->put(ticket, record);
}

void RequestSink::flush() {
  requests_->flush();
}

void RequestSink::results(std::vector<DeliveryResult>& out) {
  move_append(known_, out);
  batch_.clear();
  requests_->results(batch_);
  for (DeliveryResult& result : batch_) published(std::move(result), out);
  take_replies(out);
  expire(out);
}

Wait RequestSink::wait() const {
  Wait wait = requests_->wait();
  if (replies_) wait = wait | replies_->wait();
  if (!due_.empty())
    wait.no_longer_than(std::max(
        milliseconds(0), std::chrono::ceil<milliseconds>(due_.front().first - options_.clock->steady())));
  return wait;
}

void RequestSink::acknowledge_replies() {
  if (unacknowledged_.empty()) return;
  for (const Ticket ticket : unacknowledged_) replies_->settle(ticket, Disposition::ack, {});
  unacknowledged_.clear();
  replies_->flush();
}

void RequestSink::published(DeliveryResult result, std::vector<DeliveryResult>& out) {
  const auto request = open_.find(ids_.at(result.ticket));
  if (result.status != DeliveryStatus::confirmed) {
    forget(request);
    out.push_back(std::move(result));
    return;
  }
  Request& open = request->second;
  open.published = true;
  if (open.late || has_all(open)) end(request, out);
}

void RequestSink::take_replies(std::vector<DeliveryResult>& out) {
  arrived_.clear();
  requests_->replies(arrived_);
  for (const Record& reply : arrived_) take_reply(reply, out);
  if (!replies_) return;
  taken_.clear();
  while (replies_->take(kTakenAtOnce, taken_) == SourceState::ready) {
  }
  for (const Delivery& taken : taken_)
    if (take_reply(taken.record, out)) unacknowledged_.push_back(taken.ticket);
  replies_->flush();
}

// False if no request matches.
bool RequestSink::take_reply(const Record& reply, std::vector<DeliveryResult>& out) {
  const auto request = open_.find(reply.correlation_id.value_or(""));
  if (request == open_.end()) {
    ++unmatched_;
    return false;
  }
  options_.on_reply(reply);
  Request& open = request->second;
  ++open.replies;
  if (open.published && has_all(open)) end(request, out);
  return true;
}

// A record that the sink has no result for yet ends when it gets one.
void RequestSink::expire(std::vector<DeliveryResult>& out) {
  const auto now = options_.clock->steady();
  for (; !due_.empty() && due_.front().first <= now; due_.pop_front()) {
    const auto id = ids_.find(due_.front().second);
    if (id == ids_.end()) continue;
    const auto request = open_.find(id->second);
    request->second.late = true;
    if (request->second.published) end(request, out);
  }
}

void RequestSink::end(Requests::iterator request, std::vector<DeliveryResult>& out) {
  const auto& [ticket, due, replies, published, late] = request->second;
  if (options_.replies == 0 ? replies != 0 : replies >= options_.replies) {
    out.push_back({ticket, DeliveryStatus::confirmed, 0, {}});
  } else {
    const auto time = duration_text(options_.time);
    out.push_back({ticket, DeliveryStatus::unconfirmed, 0,
                   replies == 0 ? "no reply in " + time
                                : fmt::format("{} of {} replies in {}", replies, options_.replies, time)});
  }
  forget(request);
}

void RequestSink::forget(Requests::iterator request) {
  ids_.erase(request->second.ticket);
  open_.erase(request);
}

}  // namespace iso::replies
