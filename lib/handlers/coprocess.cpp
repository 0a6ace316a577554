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
constexpr milliseconds kTimeToExit{200};  // once it has closed its output
constexpr std::size_t kReadAtLeast = std::size_t{64} * 1024;
constexpr std::size_t kShown = 200;  // bytes of a bad answer

class CoprocessSink final : public Sink {
 public:
  explicit CoprocessSink(const CoprocessOptions& options) : options_(options) { start(); }

  ~CoprocessSink() override {
    if (!run_) return;
    run_->to.reset();
    run_->child.input = Descriptor();
    run_->child.wait(options_.leave_time);
  }

  // Ends its input once it has every record: it may answer only then.
  void finish(bool begin_nothing) override {
    finished_ = true;
    hurried_ = hurried_ || begin_nothing;
    if (hurried_) withdraw(std::numeric_limits<Ticket>::max());
    close_input();
  }

  // What is on its way to the process and has not begun to go stays with us. The one whose line has begun
  // must end, or it would be no line.
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

  // The results that are known come first; a bad answer is thrown only when there are none.
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
    unsigned long long start = 0, end = 0;  // its line among the bytes that go to the process
  };
  // The process, and what is on its way to and from it.
  struct Run {
    Child child;
    std::optional<Output> to;      // nothing once its input has ended
    unsigned long long given = 0;  // then: the bytes that it was given
    Splitter from{Framing::json};
    std::optional<Clock::Steady> ends_by;  // once it has closed its input: when it must have ended
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
    // A process that it left behind may keep its output open. Checked before the last read, so that nothing
    // it wrote is missed.
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

  // False if there will be no more.
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

  // False after a line that is not an answer. One that its end cut off does not count.
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

  // Kills it, unless it has ended by itself. An empty `why` stands for its exit status.
  void lose(std::vector<DeliveryResult>& out, DeliveryStatus oldest, std::string why) {
    run_->child.kill();  // with all that it left behind
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
  std::deque<Held> held_;  // with it, or waiting for it to start, in the order put
  Clock::Steady last_answer_{}, next_start_{};
  unsigned failures_ = 0;  // times it ended since its last answer
  bool finished_ = false;  // nothing more will be put
  bool hurried_ = false;   // it gets no more of the records that it does not have yet
  std::vector<DeliveryResult> known_;
  std::optional<Error> fault_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace

std::unique_ptr<Sink> open_coprocess_sink(const CoprocessOptions& options) {
  return std::make_unique<CoprocessSink>(options);
}

}  // namespace iso::handlers
