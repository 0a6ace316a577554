#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/time.h>
#include <type_traits>
#include <vector>

#include "amqp/functions.h"
#include "base/url.h"
#include "base/wait.h"
#include "pump/end.h"
#include "pump/end_options.h"
#include "record/field.h"

namespace iso::amqp {

// The broker's own words for closing a channel: AMQP 0-9-1 section 1.2.
struct Refusal {
  int code = 0;
  std::string text;
};
inline constexpr int kNotFound = 404;

inline timeval timeval_of(std::chrono::milliseconds time) {
  return {static_cast<time_t>(time.count() / 1000), static_cast<suseconds_t>(time.count() % 1000 * 1000)};
}

inline std::string_view view(amqp_bytes_t bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}
inline amqp_bytes_t bytes_of(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}

struct CloseConnection {
  void operator()(amqp_connection_state_t state) const noexcept { amqp_destroy_connection(state); }
};
using ConnectionHandle = std::unique_ptr<std::remove_pointer_t<amqp_connection_state_t>, CloseConnection>;

// Memory for what rabbitmq-c wants to point at.
class Pool {
 public:
  Pool() { init_amqp_pool(&pool_, 4096); }
  ~Pool() { empty_amqp_pool(&pool_); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  void recycle() { recycle_amqp_pool(&pool_); }
  amqp_pool_t* get() { return &pool_; }
  template <class Item>
  Item* make(std::size_t count) {
    return static_cast<Item*>(amqp_pool_alloc(&pool_, count * sizeof(Item)));
  }

 private:
  amqp_pool_t pool_;
};

// One connection with one channel. A connection that is lost shows as ErrorKind::unavailable, with the
// broker's name and words: from next_frame() once all that arrived before was given, and at once from a call
// that waits for an answer. Writing only remembers it. A call that the broker answers by closing the channel
// gives its refusal and opens the channel again.
//
// Nothing here blocks but for the constructor, the destructor, finish(), and calls that give an Answer or a
// Refusal.
class Connection {
 public:
  static constexpr amqp_channel_t kChannel = 1;
  using Answer = std::optional<Refusal>;  // nothing: done

  // Connects to the first of the URL's hosts that lets us in; each has its share of the time. Throws
  // ErrorKind::unavailable with each host and why, or ErrorKind::refused for the login.
  Connection(const Url& url, const EndOptions& options);
  // Closes in good order, so that all that was sent is worked on; waits for the broker, but at most two
  // seconds. What is not written yet is dropped.
  ~Connection();

  struct Queue {
    std::string name;
    std::uint32_t messages = 0;  // ready, by the broker's count
  };
  struct QueueOptions {
    bool passive = false, durable = false, exclusive = false, auto_delete = false;
    const FieldTable* arguments = nullptr;
  };
  Answer declare_queue(std::string_view name, QueueOptions options, Queue& queue);
  Answer declare_exchange(std::string_view name, std::string_view type, bool passive);
  Answer bind(std::string_view queue, std::string_view exchange, std::string_view routing_key);
  // `acked`: deliveries wait for settle(), no more than `prefetch` at once; else they are settled as they
  // come.
  struct ConsumeOptions {
    bool acked = true;
    std::uint16_t prefetch = 0;
    const FieldTable* arguments = nullptr;
  };
  Answer consume(std::string_view queue, const ConsumeOptions& options);
  void cancel();  // without waiting for an answer
  // When it returns, all that the broker has sent to the consumer is here: next_frame() gives it.
  void cancel_and_wait();
  std::string_view server_version() const;  // "3.10.8", or "" if the broker does not say
  // Throws ErrorKind::unavailable if the broker has no such extension.
  void select_confirms();

  // Takes the fault out of a channel.close that came: answers it and opens the channel again.
  Refusal reopen(const amqp_channel_close_t& close);

  // Adds a message to what is to be written. False: its names or properties do not fit a frame.
  bool publish(std::string_view exchange, std::string_view routing_key, bool mandatory,
               const amqp_basic_properties_t& properties, std::string_view body);
  // Adds an acknowledgement, or for dead_letter a rejection, to what is to be written.
  void settle(std::uint64_t tag, Disposition how, bool multiple);

  // Writes as much as goes without waiting.
  void write_some();
  bool has_unwritten() const { return begin_ != out_.size(); }
  // Writes all, in at most two seconds; for a destructor.
  void finish() noexcept;

  // The next frame for the channel that is here, if any. It is valid until the next call.
  bool next_frame(amqp_frame_t& frame);
  bool has_frames() const;
  // Ends the connection over a frame that AMQP does not allow where it came.
  [[noreturn]] void break_protocol(std::string_view what);
  // All that was sent has been answered, so the close need not wait for the broker.
  void nothing_is_open() { nothing_open_ = true; }

  // Sends a heartbeat if one is due, and sees whether the broker still does (section 4.2.7). next_frame()
  // does it too; this is for those who do not read now. To be called some times a second.
  void keep_alive();

  Wait wait() const;
  std::string_view blocked() const { return blocked_; }  // "the broker is low on memory", or ""
  bool is_stuck() const;  // there is something to be written and the broker has read nothing for a while
  const std::string& name() const { return name_; }  // the URL, redacted

 private:
  // The library's write over TLS waits until all of a frame is with the kernel. A socket that is ready for
  // writing takes this much at once: a third of its buffer is free, and no buffer is below 87 KB.
  static constexpr std::size_t kTlsAtOnce = std::size_t{16} * 1024;

  using Time = std::chrono::steady_clock::time_point;

  void connect(const Url& url, const EndOptions& options);
  void connect_to(const Url& url, const HostPort& host, const EndOptions& options,
                  std::chrono::milliseconds limit);
  void open_socket(const Url& url, const HostPort& host, std::chrono::milliseconds limit);
  void login(const Url& url, const EndOptions& options, std::chrono::milliseconds limit);
  void start_traffic();
  void set_answer_limit(std::chrono::milliseconds limit);
  void open_channel();

  Answer answer(std::string_view task);
  void mark_broken(std::string_view why);
  [[noreturn]] void lost(std::string_view task, std::string_view why);
  void throw_if_lost() const;
  void take_connection_frame(const amqp_frame_t& frame);

  bool is_ready(short events) const;
  bool has_arrived();
  void write_all(std::chrono::milliseconds limit);
  std::size_t write_plain();
  std::size_t write_tls();
  int send_by_library(std::string_view frame);

  void append_heartbeat();
  std::string_view first_frame() const;  // of out_, none of which is written
  char* grow(std::size_t bytes);
  std::size_t begin_frame();
  void end_frame(std::uint8_t type, amqp_channel_t channel, std::size_t payload_at);
  bool append_method(amqp_channel_t channel, amqp_method_number_t id, const void* method);
  template <class Encode>
  bool append_encoded(std::size_t most, Encode encode);

  std::string name_;
  std::chrono::milliseconds timeout_;
  bool tls_;
  ConnectionHandle connection_;
  std::string consumer_tag_;
  std::string blocked_;
  std::string fault_;          // how the connection was lost, or ""
  int close_code_ = 0;         // with which the broker closed it, if it did
  std::vector<char> out_;      // whole frames, the first maybe half written
  std::size_t begin_ = 0;      // what of out_ is written
  std::vector<char> scratch_;  // one frame, while it is encoded
  Pool pool_;
  std::size_t frame_max_ = 0;
  std::size_t tls_room_ = 0;                // what may be written before asking again
  std::chrono::milliseconds heartbeat_{0};  // 0: none
  Time last_write_{}, last_read_{};
  bool nothing_open_ = false, readable_ = true;
};

}  // namespace iso::amqp
