#include "handlers/coprocess.h"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <fmt/core.h>
#include <limits>
#include <optional>
#include <random>
#include <unistd.h>

#include "base/backoff.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "handlers/child.h"
#include "record/split.h"
#include "record/write.h"
#include "replies/reply.h"

namespace iso::handlers {
namespace {

using std::chrono::milliseconds;

constexpr Backoff kBackoff{milliseconds(100), milliseconds(10'000)};
constexpr milliseconds kTimeToExit{200};  // after it has closed its output
constexpr std::size_t kReadAtLeast = std::size_t{64} * 1024;
constexpr std::size_t kShown = 200;  // bytes of an invalid answer that are shown

class CoprocessSink final : public Sink {
 public:
  explicit CoprocessSink(const CoprocessOptions& options) : options_(options) { start(); }

  ~CoprocessSink() override {
    if (!run_) return;
    run_->to.reset();
    run_->child.input = Descriptor();
    run_->child.wait(options_.leave_time);
  }

  // Closes its input once it has every record: it may wait for that before it answers.
  void finish(bool begin_nothing) override {
    finished_ = true;
    hurried_ = hurried_ || begin_nothing;
    if (hurried_) withdraw(std::numeric_limits<Ticket>::max());
    close_input();
  }

  // Takes back records that the process has not begun to receive. A line that was partly written must be
  // completed.
  void withdraw(Ticket up_to) override {
    if (run_ && !run_->to) return;
    const auto begun = run_ ? run_->to->written() : 0;
    unsigned long long keep = begun;
    std::deque<Held> unsent;
    std::erase_if(held_, [&](const Held& held) {
      const bool waits = !held.answered && (!run_ || held.start >= begun);
      if (waits) unsent.push_back(held);
      if (!waits) keep = std::max(keep, held.end);
      return waits;
    });
    if (run_)
      run_->to->buffer().resize(run_->to->buffer().size() -
                                (run_->to->written() + run_->to->pending() - keep));
    for (const Held& held : unsent) {
      if (held.ticket <= up_to) {
        known_.push_back({held.ticket, DeliveryStatus::untried, 0, {}});
      } else {
        held_.push_back(held);
        if (run_) write(held_.back());
      }
    }
  }

  void put(Ticket ticket, const Record& record) override {
    if (held_.empty()) last_answer_ = now();
    held_.push_back({ticket, &record});
    if (run_) write(held_.back());
  }

  void flush() override {
    if (!run_) return;
    if (!run_->to) return;
    run_->to->write_some();
    if (run_->to->closed() && !run_->ends_by) run_->ends_by = now() + options_.leave_time;
    close_input();
  }

  // Returns known results first; throws the error of an invalid answer only if there are none.
  void results(std::vector<DeliveryResult>& out) override {
    const std::size_t before = out.size();
    move_append(known_, out);
    if (!fault_) attend(out);
    if (fault_ && out.size() == before) throw Error(*fault_);
  }

  Wait wait() const override {
    if (fault_ || !known_.empty()) return Wait(milliseconds(0));
    if (!run_) return held_.empty() ? Wait() : Wait(left(next_start_));
    const auto& [child, to, given, from, ends_by] = *run_;
    Wait wait = Wait(child.output.get(), POLLIN) | Wait(child.ended.get(), POLLIN);
    if (to && to->pending() != 0 && !to->closed()) wait = wait | Wait(child.input.get(), POLLOUT);
    if (ends_by) wait.no_longer_than(left(*ends_by));
    if (has_answer_due()) wait.no_longer_than(left(answer_due()));
    return wait;
  }

 private:
  struct Held {
    Ticket ticket;
    const Record* record;
    bool answered = false;
    unsigned long long start = 0, end = 0;  // its line as a range of the bytes written to the process
  };
  // The running process, with its input and output.
  struct Run {
    Child child;
    std::optional<Output> to;      // nothing after its input was closed
    unsigned long long given = 0;  // the bytes written to it until then
    Splitter from{Framing::json};
    std::optional<Clock::Steady> ends_by;  // after it closed its input: when it is killed
  };

  Clock::Steady now() const { return options_.clock->steady(); }
  bool has_answer_due() const { return options_.answer_time.count() != 0 && !held_.empty(); }
  Clock::Steady answer_due() const { return last_answer_ + options_.answer_time; }
  milliseconds left(Clock::Steady due) const {
    return std::max(std::chrono::ceil<milliseconds>(due - now()), milliseconds(0));
  }

  void start() {
    Run run;
    run.child = Child(options_.command, options_.environment, Child::Prints::to_us);
    run.to.emplace(Descriptor::lend(run.child.input.get()), "the coprocess");
    run_ = std::move(run);
    last_answer_ = now();
    for (Held& held : held_) write(held);
  }

  void close_input() {
    if (!finished_ || !run_ || !run_->to || run_->to->pending() != 0) return;
    run_->given = run_->to->written();
    run_->to.reset();
    run_->child.input = Descriptor();
  }

  void write(Held& held) {
    held.start = run_->to->written() + run_->to->pending();
    append_record(run_->to->buffer(), *held.record);
    run_->to->buffer() += '\n';
    held.end = run_->to->written() + run_->to->pending();
  }

  void attend(std::vector<DeliveryResult>& out) {
    if (!run_ && !held_.empty() && now() >= next_start_) start();
    if (!run_) return;
    flush();
    // A process that it started may keep its output open. Checked before the last read, so that no output is
    // missed.
    const bool ended = run_->child.wait(milliseconds(0));
    const bool open = read_answers(out);
    if (fault_) return;
    if (ended || !open) {
      run_->from.finish();
      take_answers(out, true);
      if (fault_) return;
      const bool exited = ended || run_->child.wait(kTimeToExit);
      lose(out, DeliveryStatus::deferred, exited ? "" : "it closed its output");
    } else if (has_answer_due() && now() >= answer_due()) {
      lose(out, DeliveryStatus::rejected,
           fmt::format("no answer for {}", duration_text(options_.answer_time)));
    } else if (run_->ends_by && now() >= *run_->ends_by) {
      lose(out, DeliveryStatus::deferred, "it closed its input");
    }
  }

  // False at the end of the output.
  bool read_answers(std::vector<DeliveryResult>& out) {
    for (;;) {
      const auto space = run_->from.space(kReadAtLeast);
      const ssize_t got = read(run_->child.output.get(), space.data(), space.size());
      if (got > 0) {
        run_->from.filled(static_cast<std::size_t>(got));
        if (!take_answers(out, false)) return true;
      } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        return false;
      } else if (errno == EAGAIN) {
        return true;
      }
    }
  }

  // False after a line that is not an answer. Ignores a line that was cut off by the end.
  bool take_answers(std::vector<DeliveryResult>& out, bool last) {
    while (const auto piece = run_->from.next()) {
      if (last && !piece->error.empty()) return true;
      if (!take(*piece, out)) return false;
    }
    return true;
  }

  // False if it is not an answer.
  bool take(const Piece& piece, std::vector<DeliveryResult>& out) {
    try {
      if (!piece.error.empty()) throw Error(ErrorKind::data, piece.error);
      out.push_back(result_of(replies::read_verdict(piece.bytes)));
      return true;
    } catch (const Error& error) {
      fault_ = Error(error.kind(), fmt::format("the coprocess wrote {}, which is not an answer: {}",
                                               shortened(piece.bytes, kShown), error.what()));
      return false;
    }
  }

  DeliveryResult result_of(replies::HandlerVerdict answer) {
    if (answer.reply && !options_.replies) throw Error(ErrorKind::usage, "a reply needs the option --reply");
    const auto held = std::find_if(held_.begin(), held_.end(), [&](const Held& one) {
      return !one.answered && (!answer.message_id || one.record->message_id == answer.message_id);
    });
    if (held == held_.end())
      throw Error(ErrorKind::data, answer.message_id
                                       ? fmt::format("it does not hold message {}", *answer.message_id)
                                       : "every message is already answered");
    last_answer_ = now();
    failures_ = 0;
    held->answered = true;
    DeliveryResult result{held->ticket, answer.status, 0, std::move(answer.why)};
    result.reply = std::move(answer.reply);
    while (!held_.empty() && held_.front().answered) held_.pop_front();
    return result;
  }

  // Kills the process if it is still running. If `why` is empty, the exit status is reported.
  void lose(std::vector<DeliveryResult>& out, DeliveryStatus oldest, std::string why) {
    run_->child.kill();  // and everything that it started
    const std::string ending = ending_text(run_->child.reap());
    if (why.empty()) why = ending;
    const auto given = run_->to ? run_->to->written() : run_->given;
    run_.reset();
    for (const Held& held : held_) {
      if (held.answered) continue;
      if (held.start >= given || hurried_) oldest = DeliveryStatus::untried;
      out.push_back(
          {held.ticket, oldest, 0, oldest == DeliveryStatus::untried ? "" : "the coprocess: " + why});
      oldest = DeliveryStatus::untried;
    }
    held_.clear();
    const auto pause = backoff_delay(kBackoff, ++failures_, std::uniform_real_distribution()(random_));
    next_start_ = now() + pause;
    if (!finished_) options_.notice(fmt::format("the coprocess: {}; starting it again", why));
  }

  CoprocessOptions options_;
  std::optional<Run> run_;
  std::deque<Held> held_;  // with the process, or waiting for it to start, in the order of put()
  Clock::Steady last_answer_{}, next_start_{};
  unsigned failures_ = 0;  // times it ended since its last answer
  bool finished_ = false;  // no more calls to put()
  bool hurried_ = false;   // it gets no more records
  std::vector<DeliveryResult> known_;
  std::optional<Error> fault_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace

std::unique_ptr<Sink> open_coprocess_sink(const CoprocessOptions& options) {
  return std::make_unique<CoprocessSink>(options);
}

}  // namespace iso::handlers
