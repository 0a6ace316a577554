// What a Connection asks of the broker, and what it is answered.
#include "amqp/connection.h"

#include <fmt/core.h>
#include <poll.h>

#include "amqp/properties.h"
#include "base/error.h"
#include "pump/connection_closed.h"

namespace iso::amqp {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kCloseTime{2000};
constexpr amqp_table_t kNoArguments{};

amqp_table_t arguments_of(const FieldTable* arguments, Pool& pool) {
  return arguments ? table_of(*arguments, pool) : kNoArguments;
}

constexpr amqp_bytes_t kNoName{};

// A node that is starting or going down says so with codes that else mean something final.
bool is_away(const Refusal& refusal) {
  return refusal.text.find("is down or inaccessible") != std::string::npos;
}

bool has_capability(const amqp_table_t& server, std::string_view name) {
  for (int i = 0; i < server.num_entries; ++i) {
    const amqp_table_entry_t& entry = server.entries[i];
    if (view(entry.key) == "capabilities" && entry.value.kind == AMQP_FIELD_KIND_TABLE)
      return has_capability(entry.value.value.table, name);
    if (view(entry.key) == name && entry.value.kind == AMQP_FIELD_KIND_BOOLEAN)
      return entry.value.value.boolean != 0;
  }
  return false;
}

}  // namespace

Connection::Connection(const Url& url, const EndOptions& options)
    : name_(redacted(url)), timeout_(options.timeout), tls_(url.scheme == "amqps") {
  connect(url, options);
}

Connection::~Connection() {
  // A half-written frame cannot be followed by a close, and a broker that does not read will not see one.
  if (!fault_.empty() || has_unwritten() || !is_ready(POLLOUT)) return;
  if (nothing_open_) {
    amqp_connection_close_t close{AMQP_REPLY_SUCCESS, amqp_cstring_bytes("done"), 0, 0};
    amqp_send_method(connection_.get(), 0, AMQP_CONNECTION_CLOSE_METHOD, &close);
    return;
  }
  set_answer_limit(kCloseTime);
  amqp_connection_close(connection_.get(), AMQP_REPLY_SUCCESS);
}

void Connection::finish() noexcept {
  try {
    write_all(kCloseTime);
  } catch (const Error&) {  // what it did not get it gives again
  }
}

void Connection::set_answer_limit(milliseconds limit) {
  timeval time = timeval_of(limit);
  amqp_set_rpc_timeout(connection_.get(), &time);
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
  lost("the broker violated the protocol", what);
}

void Connection::throw_if_lost() const {
  if (close_code_ != 0) throw ConnectionClosed(fault_, close_code_);
  if (!fault_.empty()) throw Error(ErrorKind::unavailable, fault_);
}

// ---- asking and being answered

Connection::Answer Connection::answer(std::string_view task) {
  const amqp_rpc_reply_t reply = amqp_get_rpc_reply(connection_.get());
  last_write_ = last_read_ = std::chrono::steady_clock::now();
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) return std::nullopt;
  if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION) lost(task, amqp_error_string2(reply.library_error));
  if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
    Refusal refusal = reopen(*static_cast<amqp_channel_close_t*>(reply.reply.decoded));
    if (is_away(refusal)) lost(task, refusal.text);
    return refusal;
  }
  const auto& close = *static_cast<amqp_connection_close_t*>(reply.reply.decoded);
  lost("the broker closed the connection", view(close.reply_text));
}

Refusal Connection::reopen(const amqp_channel_close_t& close) {
  Refusal refusal{close.reply_code, std::string(view(close.reply_text))};
  const amqp_channel_close_ok_t ok{};
  append_method(kChannel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
  amqp_maybe_release_buffers(connection_.get());
  open_channel();  // the broker threw away what it got until close-ok
  return refusal;
}

void Connection::open_channel() {
  write_all(timeout_);
  amqp_channel_open(connection_.get(), kChannel);
  if (const auto refusal = answer("opening a channel")) lost("opening a channel", refusal->text);
}

Connection::Answer Connection::declare_queue(std::string_view name, QueueOptions options, Queue& queue) {
  write_all(timeout_);
  const auto* ok =
      amqp_queue_declare(connection_.get(), kChannel, bytes_of(name), options.passive, options.durable,
                         options.exclusive, options.auto_delete, arguments_of(options.arguments, pool_));
  pool_.recycle();
  if (auto refusal = answer("declaring a queue")) return refusal;
  queue = {std::string(view(ok->queue)), ok->message_count};
  return std::nullopt;
}

Connection::Answer Connection::declare_exchange(std::string_view name, std::string_view type, bool passive) {
  write_all(timeout_);
  amqp_exchange_declare(connection_.get(), kChannel, bytes_of(name), bytes_of(type), passive, true, false,
                        false, kNoArguments);
  return answer("declaring an exchange");
}

Connection::Answer Connection::bind(std::string_view queue, std::string_view exchange,
                                    std::string_view routing_key) {
  write_all(timeout_);
  amqp_queue_bind(connection_.get(), kChannel, bytes_of(queue), bytes_of(exchange), bytes_of(routing_key),
                  kNoArguments);
  return answer("binding a queue");
}

Connection::Answer Connection::consume(std::string_view queue, const ConsumeOptions& options) {
  write_all(timeout_);
  if (options.acked) {
    amqp_basic_qos(connection_.get(), kChannel, 0, options.prefetch, false);
    if (auto refusal = answer("setting the prefetch")) return refusal;
  }
  const auto* ok = amqp_basic_consume(connection_.get(), kChannel, bytes_of(queue), kNoName, false,
                                      !options.acked, false, arguments_of(options.arguments, pool_));
  pool_.recycle();
  if (auto refusal = answer("consuming")) return refusal;
  consumer_tag_ = view(ok->consumer_tag);
  return std::nullopt;
}

void Connection::cancel() {
  if (consumer_tag_.empty()) return;
  const amqp_basic_cancel_t method{bytes_of(consumer_tag_), true};
  append_method(kChannel, AMQP_BASIC_CANCEL_METHOD, &method);
  consumer_tag_.clear();
  write_some();
}

void Connection::cancel_and_wait() {
  if (consumer_tag_.empty()) return;
  write_all(timeout_);
  amqp_basic_cancel(connection_.get(), kChannel, bytes_of(consumer_tag_));
  consumer_tag_.clear();
  if (const auto refusal = answer("ending a consumer")) lost("ending a consumer", refusal->text);
}

std::string_view Connection::server_version() const {
  const amqp_table_t& server = *amqp_get_server_properties(connection_.get());
  for (int i = 0; i < server.num_entries; ++i) {
    const amqp_table_entry_t& entry = server.entries[i];
    if (view(entry.key) == "version" && entry.value.kind == AMQP_FIELD_KIND_UTF8)
      return view(entry.value.value.bytes);
  }
  return {};
}

void Connection::select_confirms() {
  if (!has_capability(*amqp_get_server_properties(connection_.get()), "publisher_confirms"))
    lost("asking for confirms", "the broker does not support them, so no publish could be confirmed");
  const amqp_confirm_select_t method{.nowait = 1};
  append_method(kChannel, AMQP_CONFIRM_SELECT_METHOD, &method);
}

}  // namespace iso::amqp
