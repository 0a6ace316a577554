#include "ends/reconnect.h"

#include <doctest/doctest.h>

#include "pump/connection_closed.h"
#include "support/errors.h"
#include "support/fakes.h"

using namespace iso;
using namespace iso::ends;
using namespace std::chrono_literals;

namespace {

// A sink whose far side goes away when it says so.
class FrailSink final : public Sink {
 public:
  explicit FrailSink(std::vector<Ticket>& puts) : puts_(puts) {}
  void put(Ticket ticket, const Record&) override { puts_.push_back(ticket); }
  void flush() override {}
  void results(std::vector<DeliveryResult>& out) override {
    for (const Ticket ticket : answers) out.push_back({ticket, DeliveryStatus::confirmed, 0, {}});
    answers.clear();
    if (broken && reply_code != 0) throw ConnectionClosed("it went away", reply_code);
    if (broken) throw Error(ErrorKind::unavailable, "it went away");
  }
  Wait wait() const override { return {}; }

  std::vector<Ticket> answers;
  int reply_code = 0;
  bool broken = false;

 private:
  std::vector<Ticket>& puts_;
};

struct SinkTrial {
  test::FakeClock clock;
  std::vector<Ticket> puts;  // of the connection that is open
  std::vector<std::string> notices;
  FrailSink* end = nullptr;
  int opened = 0;
  std::optional<Error> away;
  std::unique_ptr<Sink> sink;
  Record record;

  explicit SinkTrial(std::chrono::milliseconds outage = 0ms) {
    Reconnecting options;
    options.outage = outage;
    options.clock = &clock;
    options.notice = [this](std::string_view text) { notices.emplace_back(text); };
    sink = reconnecting_sink(
        [this](std::chrono::milliseconds) {
          if (away) throw *away;
          ++opened;
          puts.clear();
          auto made = std::make_unique<FrailSink>(puts);
          end = made.get();
          return made;
        },
        1s, options);
  }

  std::vector<Ticket> results() {
    std::vector<DeliveryResult> all;
    sink->results(all);
    std::vector<Ticket> tickets;
    for (const auto& result : all) tickets.push_back(result.ticket);
    return tickets;
  }
};

}  // namespace

TEST_CASE("reconnecting sink: what has no result is put again, in order, and nothing else") {
  SinkTrial trial;
  for (Ticket ticket = 1; ticket <= 4; ++ticket) trial.sink->put(ticket, trial.record);
  trial.end->answers = {2, 4};
  trial.end->broken = true;
  CHECK(trial.results() == std::vector<Ticket>{2, 4});
  CHECK(trial.sink->stalled() == "it went away");
  trial.sink->put(5, trial.record);
  trial.clock.now += 1s;
  CHECK(trial.results().empty());
  CHECK(trial.puts == std::vector<Ticket>{1, 3, 5});
  CHECK(trial.opened == 2);
  CHECK(trial.sink->stalled().empty());
  trial.end->answers = {1, 3, 5};
  CHECK(trial.results() == std::vector<Ticket>{1, 3, 5});
}

TEST_CASE("reconnecting sink: it waits longer and longer between tries, and never tries before") {
  SinkTrial trial;
  trial.end->broken = true;
  trial.results();
  trial.away = Error(ErrorKind::unavailable, "nobody there");
  std::chrono::milliseconds waited{0};
  for (int tries = 0; tries < 5; ++tries) {
    const auto wait = *trial.sink->wait().at_most;
    CHECK(wait >= std::chrono::milliseconds(50) * (1 << tries));
    CHECK(wait <= std::chrono::milliseconds(100) * (1 << tries));
    trial.clock.now += wait;
    waited += wait;
    trial.results();
  }
  CHECK(trial.opened == 1);
  CHECK(trial.sink->stalled() == "nobody there");
}

TEST_CASE("reconnecting sink: it gives up after the outage with what the last try threw") {
  SinkTrial trial(2s);
  trial.end->broken = true;
  trial.results();
  trial.away = Error(ErrorKind::unavailable, "nobody there");
  trial.clock.now += 1900ms;
  CHECK(trial.results().empty());
  trial.clock.now += 200ms;
  const Error error = test::error_of([&] { trial.results(); });
  CHECK(error.kind() == ErrorKind::unavailable);
  CHECK(std::string(error.what()) == "no connection for 2.1 s: nobody there");
}

TEST_CASE("reconnecting sink: a refusal is final at once, at the start as later") {
  SinkTrial trial;
  trial.end->broken = true;
  trial.results();
  trial.away = Error(ErrorKind::refused, "not you");
  trial.clock.now += 1s;
  CHECK(test::error_of([&] { trial.results(); }).kind() == ErrorKind::refused);
}

namespace {

// Loses the connection with this code, and waits until there is the next.
void cut(SinkTrial& trial, int reply_code) {
  trial.end->reply_code = reply_code;
  trial.end->broken = true;
  trial.results();
  trial.clock.now += *trial.sink->wait().at_most;
  const int before = trial.opened;
  trial.results();
  REQUIRE(trial.opened == before + 1);
}

}  // namespace

TEST_CASE("reconnecting sink: the message over which the connection is closed is found, and returned") {
  SinkTrial trial;
  for (Ticket ticket = 1; ticket <= 4; ++ticket) trial.sink->put(ticket, trial.record);
  CHECK(trial.puts == std::vector<Ticket>{1, 2, 3, 4});
  cut(trial, 541);
  CHECK(trial.puts == std::vector<Ticket>{1});  // alone
  trial.sink->put(5, trial.record);
  trial.end->answers = {1};
  CHECK(trial.results() == std::vector<Ticket>{1});
  CHECK(trial.puts == std::vector<Ticket>{1, 2});
  trial.end->reply_code = 541;
  trial.end->broken = true;
  std::vector<DeliveryResult> results;
  trial.sink->results(results);
  REQUIRE(results.size() == 1);
  CHECK(results[0].ticket == 2);
  CHECK(results[0].status == DeliveryStatus::returned);
  CHECK(results[0].reply_code == 541);
  CHECK(results[0].reply_text == "it went away");
  trial.clock.now += 1s;
  trial.results();
  CHECK(trial.puts == std::vector<Ticket>{3});
  trial.end->answers = {3};
  trial.results();
  CHECK(trial.puts == std::vector<Ticket>{3, 4});
  trial.end->answers = {4};
  trial.results();
  trial.sink->put(6, trial.record);
  CHECK(trial.puts == std::vector<Ticket>{3, 4, 5, 6});  // together again
}

TEST_CASE("reconnecting sink: a connection that is only lost blames nobody, but a second loss parts them") {
  for (const int code : {0, 320}) {
    CAPTURE(code);
    SinkTrial trial;
    for (Ticket ticket = 1; ticket <= 3; ++ticket) trial.sink->put(ticket, trial.record);
    cut(trial, code);
    CHECK(trial.puts == std::vector<Ticket>{1, 2, 3});
    cut(trial, code);
    CHECK(trial.puts == std::vector<Ticket>{1});
    cut(trial, code);  // alone, and still not to blame
    CHECK(trial.puts == std::vector<Ticket>{1});
    trial.end->answers = {1};
    CHECK(trial.results() == std::vector<Ticket>{1});
    cut(trial, code);
    CHECK(trial.puts == std::vector<Ticket>{2});
    trial.end->answers = {2};
    CHECK(trial.results() == std::vector<Ticket>{2});
    trial.end->answers = {3};
    CHECK(trial.results() == std::vector<Ticket>{3});
    trial.sink->put(4, trial.record);
    trial.sink->put(5, trial.record);
    CHECK(trial.puts == std::vector<Ticket>{2, 3, 4, 5});  // together again
  }
}

TEST_CASE("reconnecting sink: one that was on its way with others is not to blame") {
  SinkTrial trial;
  trial.sink->put(1, trial.record);
  cut(trial, 541);  // though it was the only one: it was not sent to find that out
  CHECK(trial.puts == std::vector<Ticket>{1});
  trial.end->answers = {1};
  CHECK(trial.results() == std::vector<Ticket>{1});
}

TEST_CASE("reconnecting sink: pauses grow until there is progress, not until there is a connection") {
  SinkTrial trial;
  trial.sink->put(1, trial.record);
  for (int losses = 0; losses < 5; ++losses) {
    trial.end->broken = true;
    trial.results();
    const auto wait = *trial.sink->wait().at_most;
    CHECK(wait >= std::chrono::milliseconds(50) * (1 << losses));
    trial.clock.now += wait;
    trial.results();
  }
  trial.end->answers = {1};
  trial.results();
  trial.end->broken = true;
  trial.results();
  CHECK(*trial.sink->wait().at_most <= 100ms);
}

namespace {

// Gives three records a connection; goes away when it says so.
class FrailSource final : public Source {
 public:
  explicit FrailSource(std::vector<Ticket>& settled) : settled_(settled) {}
  SourceState take(std::size_t most, std::vector<Delivery>& out) override {
    for (; most > 0 && given_ < 3; --most) {
      out.emplace_back();
      out.back().ticket = ++given_;
    }
    if (broken) throw Error(ErrorKind::unavailable, "it went away");
    return SourceState::idle;
  }
  bool settle(Ticket ticket, Disposition, std::string_view) override {
    settled_.push_back(ticket);
    return false;
  }
  Wait wait() const override { return {}; }
  bool broken = false;

 private:
  std::vector<Ticket>& settled_;
  Ticket given_ = 0;
};

}  // namespace

TEST_CASE("reconnecting source: tickets go on without a gap, and old ones settle nothing") {
  test::FakeClock clock;
  std::vector<Ticket> settled;
  FrailSource* end = nullptr;
  Reconnecting options;
  options.clock = &clock;
  auto source = reconnecting_source(
      [&](std::chrono::milliseconds) {
        auto made = std::make_unique<FrailSource>(settled);
        end = made.get();
        return made;
      },
      1s, options);

  std::vector<Delivery> taken;
  source->take(2, taken);
  REQUIRE(taken.size() == 2);
  source->settle(1, Disposition::ack, {});
  CHECK(settled == std::vector<Ticket>{1});

  end->broken = true;
  CHECK(source->take(1, taken) == SourceState::idle);
  CHECK(taken.size() == 2);  // the third was not given: it comes again
  CHECK_FALSE(source->drained());

  clock.now += 1s;
  source->take(2, taken);
  REQUIRE(taken.size() == 4);
  CHECK(taken[2].ticket == 3);
  CHECK(taken[3].ticket == 4);
  CHECK(source->settle(2, Disposition::ack, {}));
  CHECK_FALSE(source->settle(3, Disposition::ack, {}));
  CHECK(settled == std::vector<Ticket>{1, 1});
}
