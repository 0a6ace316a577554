#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "amqp/deadline.h"
#include "amqp/frames.h"
#include "amqp/transport.h"
#include "base/error.h"
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
// Whether a node is starting or going down, which it says with codes that else mean something final.
bool is_away(const Refusal& refusal);
inline constexpr int kAccessRefused = 403, kNotFound = 404, kResourceLocked = 405;

// One connection with one channel. A connection that is lost shows as ErrorKind::unavailable, with the
// broker's name and words: from next_frame() once all that arrived before was given, and at once from a call
// that waits for an answer. Writing only remembers it. A call that the broker answers by closing the channel
// gives its refusal and opens the channel again. What AMQP does not allow ends the connection.
//
// Nothing here blocks but for the constructor, the destructor, finish(), and calls that give an Answer or a
// Refusal. What blocks ends in its time, and soon after a signal.
class Connection {
 public:
  using Answer = std::optional<Refusal>;  // nothing: done

  // A loop that reads frames stops after this many, or this many bytes of them, so that a flood of them
  // cannot keep it from the clock, nor take memory without a bound.
  static constexpr int kFramesATurn = 1000;
  static constexpr std::size_t kBytesATurn = std::size_t{16} << 20;
  struct Turn {
    int frames = 0;
    std::size_t bytes = 0;
  };

  // Connects to the first of the URL's hosts that lets us in; each has its share of the time. Throws
  // ErrorKind::unavailable with each host and why, or ErrorKind::refused for the login.
  Connection(const Url& url, const EndOptions& options);
  // Closes in good order, so that all that was sent is worked on; waits for the broker, but at most two
  // seconds. What is not written yet is dropped.
  ~Connection();

  struct Queue {
    std::string name;
    std::uint32_t messages = 0;  // ready, by the broker's count
    std::uint32_t consumers = 0;
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
  std::string_view server_version() const { return server_version_; }  // "3.10.8", or "" if it does not say
  // Throws ErrorKind::unavailable if the broker has no such extension.
  void select_confirms();

  // Takes the fault out of a channel.close that came: answers it and opens the channel again.
  Refusal reopen(const ChannelClose& close);
  // Closes the channel and opens it again, with nothing left of what it had.
  void renew_channel();

  // Adds a message to what is to be written. False: its names or properties do not fit a frame.
  bool publish(std::string_view exchange, std::string_view routing_key, bool mandatory, const Record& record);
  // Adds an acknowledgement, or for dead_letter a rejection, to what is to be written.
  void settle(std::uint64_t tag, Disposition how, bool multiple);

  // Writes as much as goes without waiting.
  void write_some();
  bool has_unwritten() const { return fault_.empty() && (begin_ != out_.size() || transport_->has_unsent()); }
  // Writes all, in at most two seconds; for a destructor.
  void finish() noexcept;

  // The next frame for the channel that is here, if any: a method, or content in its order. It is valid until
  // the next call. Throws ErrorKind::data for a message that is larger than options.max_message.
  bool next_frame(Frame& frame);
  // The same, until `turn` is over.
  bool next_frame(Frame& frame, Turn& turn);
  bool has_frames() const;
  bool has_held() const { return held_begin_ != held_.size(); }  // of those, ones that came during a call
  // Ends the connection over a frame that AMQP does not allow where it came, with a ProtocolViolation.
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
  using Time = std::chrono::steady_clock::time_point;

  // connect.cpp
  void connect(const Url& url, const EndOptions& options);
  void connect_to(const Url& url, const HostPort& host, const EndOptions& options, Deadline deadline);
  void start_afresh();
  // login.cpp
  void login(const Url& url, const EndOptions& options, Deadline& deadline);
  void await_greeting(const Url& url, Deadline& deadline);
  void answer_start(const ConnectionStart& start, const Url& url, const EndOptions& options);
  void answer_tune(const ConnectionTune& tune, const Url& url);
  template <class Wanted>
  Wanted await_login(const Url& url, Deadline& deadline);
  [[noreturn]] void refused(const ConnectionClose& close, const Url& url);
  void wait_at_login(Deadline& deadline);

  // connection.cpp
  Deadline answer_limit() const { return Deadline(timeout_); }
  // Throws ErrorKind::usage if a name does not fit.
  template <class Write>
  void append(Method method, Write write) {
    if (!append_method(out_, method, write_max_, write)) name_too_long();
  }
  [[noreturn]] void name_too_long() const;
  void append_close(std::uint16_t code, std::string_view text);
  void open_channel(Deadline deadline);
  template <class Ok>
  Answer await(std::string_view task, Ok& ok, Deadline deadline);
  void hold();
  void await_close();

  void mark_broken(std::string_view why);
  [[noreturn]] void lost(std::string_view task, std::string_view why);
  void throw_if_lost() const;

  // reading.cpp
  bool read_frame_here(Frame& frame);
  bool read_channel_frame(Frame& frame);
  bool fill();
  void make_room();
  void take_connection_frame(const Frame& frame);
  void check_size(const Frame& frame);
  void check_consumer(const Frame& frame);
  void check_answer(const Frame& frame);
  bool has_more() const;  // has_frames(), apart from frames that are held
  std::string_view unread() const { return {in_.get() + in_begin_, in_end_ - in_begin_}; }

  // traffic.cpp
  bool write_once();
  void append_heartbeat();

  std::string name_;
  std::chrono::milliseconds timeout_;
  std::uint64_t max_message_;
  std::unique_ptr<Transport> transport_;
  std::string consumer_tag_;  // of the last consumer, also after its end
  bool consuming_ = false;
  std::string server_version_;
  std::string blocked_;
  std::string fault_;      // how the connection was lost, or ""
  int close_code_ = 0;     // with which the broker closed it, if it did
  bool violated_ = false;  // it was lost by break_protocol()

  std::string out_;        // whole frames, the first maybe half written
  std::size_t begin_ = 0;  // what of out_ is written
  std::size_t write_max_ = kFrameMin;

  std::unique_ptr<char[]> in_;  // what arrived, from in_begin_ to in_end_
  std::size_t in_size_ = 0, in_begin_ = 0, in_end_ = 0;
  std::size_t read_max_ = 0;
  RawFrame raw_;      // the last frame that was read
  std::string held_;  // frames that came during a call, whole
  std::size_t held_begin_ = 0;
  ContentOrder order_;
  bool is_return_ = false;  // the content that comes belongs to a return
  std::uint64_t largest_sent_ = 0;

  std::chrono::milliseconds heartbeat_{0};  // 0: none
  Time last_write_{}, last_read_{};
  bool has_confirms_ = false, nothing_open_ = false, readable_ = true;
};

// Adds the next frame of content to a message; true when that is whole. What is not well formed ends the
// connection, as a frame does that is not: throws as break_protocol().
template <class Message>
bool add_content(Connection& connection, Message& message, const Frame& frame) {
  try {
    return message.add(frame);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unavailable) throw;
    connection.break_protocol(error.what());
  }
}

}  // namespace iso::amqp
