#pragma once

#include <amqp.h>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/time.h>
#include <type_traits>
#include <vector>

#include "base/url.h"
#include "base/wait.h"
#include "ends/end.h"
#include "ends/open.h"

namespace iso {

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
using Connection = std::unique_ptr<std::remove_pointer_t<amqp_connection_state_t>, CloseConnection>;

// Memory for what rabbitmq-c wants to point at.
class Pool {
 public:
  Pool() { init_amqp_pool(&pool_, 4096); }
  ~Pool() { empty_amqp_pool(&pool_); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  void recycle() { recycle_amqp_pool(&pool_); }
  template <class Item>
  Item* make(std::size_t count) {
    return static_cast<Item*>(amqp_pool_alloc(&pool_, count * sizeof(Item)));
  }

 private:
  amqp_pool_t pool_;
};

// One connection with one channel. Every call throws Kind::unavailable, with the broker's name and words,
// when the connection is lost. A call that the broker answers by closing the channel gives its refusal and
// opens the channel again.
class Wire {
 public:
  static constexpr amqp_channel_t kChannel = 1;
  using Answer = std::optional<Refusal>;  // nothing: done

  // Connects to the first of the URL's hosts that answers. Throws Kind::unavailable, or Kind::refused for the
  // login.
  Wire(const Url& url, const EndOptions& options);
  // Closes in good order, so that all that was sent is worked on; waits for the broker, but not long.
  ~Wire();

  struct Queue {
    std::string name;
    std::uint32_t messages = 0;  // ready, by the broker's count
  };
  struct QueueOptions {
    bool passive = false, durable = false, exclusive = false, auto_delete = false;
  };
  Answer declare_queue(std::string_view name, QueueOptions options, Queue& queue);
  Answer declare_exchange(std::string_view name, std::string_view type, bool passive);
  Answer bind(std::string_view queue, std::string_view exchange, std::string_view routing_key);
  Answer consume(std::string_view queue, std::uint16_t prefetch);
  void cancel();
  void select_confirms();

  // Takes the fault out of a channel.close that came: answers it and opens the channel again.
  Refusal reopen(const amqp_channel_close_t& close);

  // Adds a message to what is to be written. False: its properties do not fit a frame.
  bool publish(std::string_view exchange, std::string_view routing_key, bool mandatory,
               const amqp_basic_properties_t& properties, std::string_view body);
  void settle(std::uint64_t tag, Settle how, bool multiple);

  // Writes as much as goes without waiting.
  void write_some();
  bool has_unwritten() const { return begin_ != out_.size(); }

  // The next frame for the channel that is here, if any. It is valid until the next call. Nothing is read
  // while a frame of ours is half written, since reading may make the library write a heartbeat.
  bool next_frame(amqp_frame_t& frame);
  bool has_frames() const;
  // All that was sent has been answered, so the close need not wait for the broker.
  void nothing_is_open() { nothing_open_ = true; }

  void keep_alive();  // a heartbeat, if one is due, for those who do not read now

  Wait wait() const;
  std::string_view blocked() const { return blocked_; }  // why the broker takes no messages, or ""
  const std::string& name() const { return name_; }      // the URL, redacted

 private:
  void connect(const Url& url, const EndOptions& options);
  void open_socket(const Url& url, const HostPort& host, std::chrono::milliseconds timeout);
  void login(const Url& url, const EndOptions& options);
  void open_channel();
  Answer answer(std::string_view task);
  void check(int status, std::string_view task) const;
  [[noreturn]] void lost(std::string_view task, std::string_view why) const;
  [[noreturn]] void connection_closed(const amqp_connection_close_t& close) const;
  void take_connection_frame(const amqp_frame_t& frame);
  void write_all();
  void append_frame(std::uint8_t type, std::size_t payload_at);
  std::size_t begin_frame();
  char* grow(std::size_t bytes);

  std::string name_;
  std::chrono::milliseconds timeout_;
  bool tls_;
  Connection connection_;
  std::string consumer_tag_;
  std::string blocked_;
  std::vector<char> out_;      // frames to be written
  std::size_t begin_ = 0;      // what of out_ is written
  std::vector<char> scratch_;  // one frame, while it is encoded
  std::size_t frame_max_ = 0;
  std::chrono::seconds heartbeat_{0};
  std::chrono::steady_clock::time_point last_beat_{};
  bool alive_ = false, nothing_open_ = false;
};

}  // namespace iso
