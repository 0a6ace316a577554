#include "amqp/stream_source.h"

#include <algorithm>
#include <deque>
#include <fmt/core.h>
#include <optional>

#include "amqp/delivery.h"
#include "amqp/source_setup.h"
#include "base/clock.h"
#include "base/error.h"

namespace iso::amqp {
namespace {

using std::chrono::milliseconds;
using From = StreamOffset::From;

constexpr std::string_view kOffset = "x-stream-offset";
constexpr std::string_view kOption = "offset";
constexpr std::uint16_t kProbed = 1000;  // a chunk is given whole, also if it has more

// As the broker wants it: it takes no number as text, and no unit of time as we have them.
Field field_of(const StreamOffset& offset) {
  switch (offset.from) {
    case From::first:
      return Field{std::string("first")};
    case From::last:
      return Field{std::string("last")};
    case From::next:
      return Field{std::string("next")};
    case From::number:
      return Field{static_cast<std::int64_t>(std::min<std::uint64_t>(offset.value, INT64_MAX))};
    case From::time:
      return Field{Timestamp{offset.value}};
  }
  return Field{};
}

// Takes it out of the headers, where the broker has put it.
std::optional<std::uint64_t> take_offset(Record& record) {
  if (!record.headers) return std::nullopt;
  const auto header = std::find_if(record.headers->begin(), record.headers->end(),
                                   [](const auto& one) { return one.first == kOffset; });
  if (header == record.headers->end()) return std::nullopt;
  const auto* number = std::get_if<std::int64_t>(&header->second.value);
  if (!number || *number < 0) return std::nullopt;
  record.offset = static_cast<std::uint64_t>(*number);
  record.headers->erase(header);
  if (record.headers->empty()) record.headers.reset();
  return record.offset;
}

class StreamReader final : public Source {
 public:
  StreamReader(std::unique_ptr<Connection> connection, std::string queue, std::optional<StreamOffset> start,
               const SourceOptions& options)
      : options_(options), connection_(std::move(connection)), queue_(std::move(queue)) {
    const StreamOffset from = resolve(start);
    if (is_read()) return;
    consume(from);
    if (from.from == From::number) from_ = from.value;
  }

  ~StreamReader() override { connection_->finish(); }

  SourceState take(std::size_t most, std::vector<Delivery>& out) override {
    if (!ended_ && !stopped_) read_frames(most);
    const std::size_t taken = std::min(most, ready_.size());
    for (std::size_t i = 0; i < taken; ++i, ready_.pop_front()) {
      Ready& next = ready_.front();
      given_.push_back({next.tag, *next.delivery.record.offset});
      next.delivery.ticket = first_given_ + given_.size() - 1;
      out.push_back(std::move(next.delivery));
    }
    options_.progress->given += taken;
    if (options_.peek) settle_all();
    if (ended_ && ready_.empty()) return SourceState::ended;
    return taken == most ? SourceState::ready : SourceState::idle;
  }

  bool settle(Ticket ticket, Disposition how, std::string_view) override {
    if (options_.peek || ticket < first_given_) return false;
    if (how == Disposition::give_back) return true;
    given_[ticket - first_given_].settled = true;
    while (!given_.empty() && given_.front().settled) pop_settled();
    return false;
  }

  void flush() override {
    if (unsaid_ != 0) connection_->settle(unsaid_, Disposition::ack, true);
    unsaid_ = 0;
    connection_->write_some();
    connection_->keep_alive();
  }

  Wait wait() const override {
    Wait wait = connection_->wait();
    if (!ready_.empty() || ended_) wait.no_longer_than(milliseconds(0));
    return wait;
  }

  bool drained() override { return ended_ && ready_.empty(); }

  void stop() override {
    stopped_ = true;
    connection_->cancel();
  }

  bool finish() override {
    wait_for_settlements(*connection_, queue_);
    return true;
  }

  std::string_view queue() const override { return queue_; }

 private:
  struct Ready {
    std::uint64_t tag;
    Delivery delivery;
  };
  struct Given {
    std::uint64_t tag, offset;
    bool settled = false;
  };

  // ---- where to begin, and where to end

  bool has_end() const { return options_.until_end || options_.only_present || options_.peek; }

  // The offsets are found once, and are kept when the stream is opened again.
  StreamOffset resolve(std::optional<StreamOffset> start) {
    SourceProgress& progress = *options_.progress;
    if (!start) start = StreamOffset{has_end() || options_.relay ? From::first : From::next, 0};
    const bool from_end = start->from == From::next || start->from == From::last;
    const bool is_number = start->from == From::number && !progress.next_offset;
    if ((has_end() && !progress.past_end) || ((from_end || is_number) && !progress.next_offset)) {
      const auto last = probe(From::last);
      const std::uint64_t end = last ? *last + 1 : 0;
      if (has_end()) progress.past_end = end;
      if (from_end && !progress.next_offset)
        progress.next_offset = start->from == From::last && last ? *last : end;
      if (is_number) begin_at(start->value, end);
    }
    return progress.next_offset ? StreamOffset{From::number, *progress.next_offset} : *start;
  }

  // A stream that ends before what was read of it was made anew: waiting for that offset would skip all
  // before it. And what a stream keeps is limited: who comes back after a long time may have missed some of
  // it.
  void begin_at(std::uint64_t wanted, std::uint64_t end) {
    if (wanted > end)
      throw Error(ErrorKind::usage,
                  fmt::format("the stream \"{}\" has no offset {}: the next one is {}", queue_, wanted, end));
    options_.progress->next_offset = wanted;
    if (wanted == 0 || wanted == end) return;
    const auto first = probe(From::first);
    if (first && *first > wanted)
      options_.notice(fmt::format("offsets {} to {} of the stream \"{}\" are gone: it begins at {} now",
                                  wanted, *first - 1, queue_, *first));
  }

  bool is_read() {
    const SourceProgress& progress = *options_.progress;
    ended_ = progress.past_end && (*progress.past_end == 0 ||
                                   (progress.next_offset && *progress.next_offset >= *progress.past_end));
    return ended_;
  }

  // The offset of the first message, or of the last; nothing if there is none. The count of messages is of no
  // use, since it lags by seconds. But a consumer has been given the chunk where it begins by the time that
  // the broker answers what was asked after it.
  std::optional<std::uint64_t> probe(From where) {
    skip_held();
    consume({where, 0});
    Connection::Queue queue;
    must(*connection_, connection_->declare_queue(queue_, {.passive = true}, queue), queue_);
    connection_->cancel_and_wait();
    std::optional<std::uint64_t> found;
    Frame frame;
    while (connection_->has_held() && connection_->next_frame(frame)) {
      if (!accept(frame)) continue;
      const auto offset = take_offset(delivery_.record());
      if (offset && (!found || where == From::last)) found = offset;
    }
    return found;
  }

  // What came to a consumer before this one.
  void skip_held() {
    Frame frame;
    while (connection_->has_held() && connection_->next_frame(frame)) accept(frame);
  }

  void consume(const StreamOffset& from) {
    skip_held();
    const FieldTable arguments{{std::string(kOffset), field_of(from)}};
    const auto prefetch = std::max(options_.prefetch, kProbed);
    must(*connection_, connection_->consume(queue_, {.prefetch = prefetch, .arguments = &arguments}), queue_);
  }

  // ---- deliveries

  void read_frames(std::size_t most) {
    Frame frame;
    for (Connection::Turn turn; !ended_ && ready_.size() < most && connection_->next_frame(frame, turn);)
      if (accept(frame)) add_ready();
  }

  // True if a delivery is whole.
  bool accept(const Frame& frame) {
    if (const auto* deliver = std::get_if<BasicDeliver>(&frame)) {
      delivery_.begin(*deliver, queue_);
    } else if (std::holds_alternative<ContentHeader>(frame) || std::holds_alternative<ContentBody>(frame)) {
      return add_content(*connection_, delivery_, frame);
    } else if (std::holds_alternative<BasicCancel>(frame)) {
      throw_consumer_ended(*connection_, queue_);
    } else if (const auto* close = std::get_if<ChannelClose>(&frame)) {
      throw Error(ErrorKind::unavailable,
                  fmt::format("{}: the broker closed the channel: {}", connection_->name(), close->text));
    } else {
      connection_->break_protocol("an answer about publishing, to one that only listens");
    }
    return false;
  }

  // A chunk may begin before what is wanted.
  void add_ready() {
    Record& record = delivery_.record();
    const auto offset = take_offset(record);
    if (!offset) connection_->break_protocol("a message of a stream without its offset");
    if (*offset < from_) {
      connection_->settle(delivery_.tag(), Disposition::ack, false);
      return;
    }
    const auto& past_end = options_.progress->past_end;
    ended_ = has_end() && past_end && *offset + 1 >= *past_end;
    if (has_end() && past_end && *offset >= *past_end) return;
    record.delivery_count.reset();
    ready_.push_back({delivery_.tag(), {0, std::move(record), delivery_.bad_input(0)}});
  }

  // ---- settlements

  void pop_settled() {
    unsaid_ = given_.front().tag;
    options_.progress->next_offset = given_.front().offset + 1;
    ++options_.progress->settled;
    ++first_given_;
    given_.pop_front();
  }

  void settle_all() {
    while (!given_.empty()) pop_settled();
    flush();
  }

  SourceOptions options_;
  std::unique_ptr<Connection> connection_;
  std::string queue_;
  DeliveryAssembler delivery_;
  std::deque<Ready> ready_;   // read and not taken yet
  std::deque<Given> given_;   // taken, and not settled or not the first of those
  Ticket first_given_ = 1;    // the ticket of the first in given_
  std::uint64_t unsaid_ = 0;  // the last tag that is settled, as all before it, and not said to be; 0: none
  std::uint64_t from_ = 0;    // what is before this offset is not wanted
  bool ended_ = false;        // all that is wanted was read
  bool stopped_ = false;
};

}  // namespace

std::optional<StreamOffset> offset_of(const Url& url, const SourceOptions& options) {
  if (options.offset) return options.offset;
  for (const auto& [name, value] : url.query)
    if (name == kOption) return read_offset(value, system_clock().wall().time_since_epoch());
  return std::nullopt;
}

std::unique_ptr<Source> read_stream(std::unique_ptr<Connection> connection, const std::string& queue,
                                    std::optional<StreamOffset> start, const SourceOptions& options) {
  if (options.gives_back)
    throw Error(
        ErrorKind::usage,
        fmt::format("\"{}\" is a stream, to which nothing can be given back: a handler, and --confirm-as, "
                    "need --inbox sqlite:PATH, where a message can be tried again or kept as dead",
                    queue));
  if (!start && !options.relay && !options.until_end && !options.peek && !options.progress->next_offset)
    options.notice(
        fmt::format("reading the stream \"{}\" from what comes next; --offset first reads all of it", queue));
  return std::make_unique<StreamReader>(std::move(connection), queue, start, options);
}

}  // namespace iso::amqp
