// What a Connection asks of the broker, and what it is answered.
#include "amqp/connection.h"

#include <fmt/core.h>
#include <poll.h>
#include <utility>

#include "amqp/fields.h"
#include "base/error.h"
#include "pump/connection_closed.h"

namespace iso::amqp {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kCloseTime{2000};
// What may come during a call: as many of the largest messages, or a prefetch of smaller ones.
constexpr std::size_t kHeldMessages = 4, kHeldAtLeast = std::size_t{16} << 20;
constexpr std::uint16_t kReplySuccess = 200, kFrameError = 501;  // section 1.2

}  // namespace

bool is_away(const Refusal& refusal) {
  return refusal.text.find("is down or inaccessible") != std::string::npos;
}

Connection::Connection(const Url& url, const EndOptions& options)
    : name_(redacted(url)), timeout_(options.timeout), max_message_(options.max_message) {
  connect(url, options);
}

Connection::~Connection() {
  // A half-written frame cannot be followed by a close, and a broker that does not read will not see one.
  if (!fault_.empty() || has_unwritten() || !transport_->is_ready(POLLOUT)) return;
  append_close(kReplySuccess, "done");
  write_some();
  if (nothing_open_) return;
  try {
    await_close();
  } catch (const Error&) {  // then it is closed
  }
}

void Connection::await_close() {
  Deadline deadline(kCloseTime);
  while (fault_.empty() && !deadline.passed()) {
    write_some();
    Frame frame;
    for (int frames = 0; frames < kFramesATurn && readable_ && read_frame_here(frame); ++frames)
      if (std::holds_alternative<ConnectionCloseOk>(frame) || std::holds_alternative<ConnectionClose>(frame))
        return;
    if (!has_more()) deadline.wait(transport_->fd(), has_unwritten() ? POLLIN | POLLOUT : POLLIN);
  }
}

void Connection::finish() noexcept {
  try {
    Deadline deadline(kCloseTime);
    for (write_some(); has_unwritten() && !deadline.passed(); write_some())
      deadline.wait(transport_->fd(), POLLOUT);
  } catch (const Error&) {  // what it did not get it gives again
  }
}

// ---- losing the connection

// The first reason is the one that is told.
void Connection::mark_broken(std::string_view why) {
  if (fault_.empty()) fault_ = fmt::format("{}: {}", name_, why);
  out_.clear();
  begin_ = 0;
}

void Connection::lost(std::string_view task, std::string_view why) {
  mark_broken(fmt::format("{}: {}", task, why));
  throw Error(ErrorKind::unavailable, fault_);
}

void Connection::break_protocol(std::string_view what) {
  readable_ = false;
  if (!has_unwritten()) {  // else it would not be read
    append_close(kFrameError, what.substr(0, UINT8_MAX));
    write_some();
  }
  violated_ = true;
  mark_broken(fmt::format("the broker violated the protocol: {}", what));
  throw ProtocolViolation(fault_);
}

void Connection::throw_if_lost() const {
  if (violated_) throw ProtocolViolation(fault_);
  if (close_code_ != 0) throw ConnectionClosed(fault_, close_code_);
  if (!fault_.empty()) throw Error(ErrorKind::unavailable, fault_);
}

// ---- asking and being answered

void Connection::name_too_long() const {
  throw Error(ErrorKind::usage, fmt::format("{}: a name is longer than the 255 bytes of AMQP", name_));
}

void Connection::append_close(std::uint16_t code, std::string_view text) {
  append(Method::connection_close, [&](ByteWriter& out) {
    out.integer(code);
    out.short_string(text);
    out.integer(std::uint32_t{0});  // about no method
  });
}

// The broker answers in the order it was asked. What else comes meanwhile is kept for next_frame().
template <class Ok>
Connection::Answer Connection::await(std::string_view task, Ok& ok, Deadline deadline) {
  for (;;) {
    write_some();
    Frame frame;
    for (int frames = 0; frames < kFramesATurn && read_channel_frame(frame); ++frames) {
      if (const auto* answer = std::get_if<Ok>(&frame)) {
        ok = *answer;
        return std::nullopt;
      }
      if (const auto* close = std::get_if<ChannelClose>(&frame)) {
        if (std::is_same_v<Ok, ChannelOpenOk>) lost(task, close->text);
        Refusal refusal = reopen(*close);
        if (is_away(refusal)) lost(task, refusal.text);
        return refusal;
      }
      if (!is_news(frame)) break_protocol(fmt::format("another answer than asked for, {}", task));
      hold();
    }
    keep_alive();
    throw_if_lost();
    if (deadline.passed()) lost(task, deadline.reason());
    if (!has_more()) deadline.wait(transport_->fd(), has_unwritten() ? POLLIN | POLLOUT : POLLIN);
  }
}

void Connection::hold() {
  if (held_begin_ == held_.size()) {
    held_.clear();
    held_begin_ = 0;
  }
  const std::size_t held = held_.size() + raw_.size();
  if (held > kHeldAtLeast && held / kHeldMessages > max_message_)
    lost("waiting for an answer", "too much else came first");
  FrameWriter frame(held_, raw_.type, raw_.channel);
  frame.out().raw(raw_.payload);
  (void)frame.finish(SIZE_MAX);
}

Refusal Connection::reopen(const ChannelClose& close) {
  Refusal refusal{close.code, std::string(close.text)};
  append(Method::channel_close_ok, [](ByteWriter&) {});
  open_channel(answer_limit());  // the broker threw away what it got until close-ok
  return refusal;
}

void Connection::renew_channel() {
  append(Method::channel_close, [](ByteWriter& out) {
    out.integer(kReplySuccess);
    out.short_string("another one");
    out.integer(std::uint32_t{0});  // about no method
  });
  ChannelCloseOk ok;
  if (await("closing a channel", ok, answer_limit())) return;  // the broker closed it first: it is open again
  consuming_ = false;
  open_channel(answer_limit());
}

void Connection::open_channel(Deadline deadline) {
  append(Method::channel_open, [](ByteWriter& out) { out.short_string(""); });
  ChannelOpenOk ok;
  await("opening a channel", ok, deadline);
}

static void write_arguments(ByteWriter& out, const FieldTable* arguments) {
  if (arguments) {
    write_table(out, *arguments);
  } else {
    out.begin_long();  // no entries
  }
}

Connection::Answer Connection::declare_queue(std::string_view name, QueueOptions options, Queue& queue) {
  append(Method::queue_declare, [&](ByteWriter& out) {
    out.integer(std::uint16_t{0});
    out.short_string(name);
    out.bits({options.passive, options.durable, options.exclusive, options.auto_delete, false});
    write_arguments(out, options.arguments);
  });
  QueueDeclareOk ok;
  if (auto refusal = await("declaring a queue", ok, answer_limit())) return refusal;
  queue = {std::string(ok.queue), ok.messages, ok.consumers};
  return std::nullopt;
}

Connection::Answer Connection::declare_exchange(std::string_view name, std::string_view type, bool passive) {
  append(Method::exchange_declare, [&](ByteWriter& out) {
    out.integer(std::uint16_t{0});
    out.short_string(name);
    out.short_string(type);
    out.bits({passive, true, false, false, false});  // durable
    write_arguments(out, nullptr);
  });
  ExchangeDeclareOk ok;
  return await("declaring an exchange", ok, answer_limit());
}

Connection::Answer Connection::bind(std::string_view queue, std::string_view exchange,
                                    std::string_view routing_key) {
  append(Method::queue_bind, [&](ByteWriter& out) {
    out.integer(std::uint16_t{0});
    out.short_string(queue);
    out.short_string(exchange);
    out.short_string(routing_key);
    out.bits({false});
    write_arguments(out, nullptr);
  });
  QueueBindOk ok;
  return await("binding a queue", ok, answer_limit());
}

Connection::Answer Connection::consume(std::string_view queue, const ConsumeOptions& options) {
  if (options.acked) {
    append(Method::basic_qos, [&](ByteWriter& out) {
      out.integer(std::uint32_t{0});
      out.integer(options.prefetch);
      out.bits({false});
    });
    BasicQosOk ok;
    if (auto refusal = await("setting the prefetch", ok, answer_limit())) return refusal;
  }
  append(Method::basic_consume, [&](ByteWriter& out) {
    out.integer(std::uint16_t{0});
    out.short_string(queue);
    out.short_string("");  // the broker names the consumer
    out.bits({false, !options.acked, false, false});
    write_arguments(out, options.arguments);
  });
  BasicConsumeOk ok;
  if (auto refusal = await("consuming", ok, answer_limit())) return refusal;
  consumer_tag_ = ok.consumer;
  consuming_ = true;
  return std::nullopt;
}

void Connection::cancel() {
  if (!std::exchange(consuming_, false)) return;
  append(Method::basic_cancel, [&](ByteWriter& out) {
    out.short_string(consumer_tag_);
    out.bits({true});  // no answer
  });
  write_some();
}

void Connection::cancel_and_wait() {
  if (!std::exchange(consuming_, false)) return;
  append(Method::basic_cancel, [&](ByteWriter& out) {
    out.short_string(consumer_tag_);
    out.bits({false});
  });
  BasicCancelOk ok;
  if (const auto refusal = await("ending a consumer", ok, answer_limit()))
    lost("ending a consumer", refusal->text);
}

void Connection::select_confirms() {
  if (!has_confirms_)
    lost("asking for confirms", "the broker does not support them, so no publish could be confirmed");
  append(Method::confirm_select, [](ByteWriter& out) { out.bits({true}); });  // no answer
}

}  // namespace iso::amqp
