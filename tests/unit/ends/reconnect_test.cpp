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
  void put(Ticket ticket, const Record&) override {
    puts_.push_back(ticket);
    if (ticket == breaks_at_put) throw Error(ErrorKind::unavailable, "it went away");
  }
  void flush() override {
    ++flushes;
    if (breaks_at_flush) throw Error(ErrorKind::unavailable, "it went away");
  }
  void results(std::vector<DeliveryResult>& out) override {
    for (const Ticket ticket : answers) out.push_back({ticket, DeliveryStatus::confirmed, 0, {}});
    answers.clear();
    if (is_useless) throw UnavailableForGood("it gives nothing");
    if (violates) throw ProtocolViolation("it violated the protocol");
    if (broken && reply_code != 0) throw ConnectionClosed("it went away", reply_code);
    if (broken) throw Error(ErrorKind::unavailable, "it went away");
  }
  Wait wait() const override { return Wait(7ms); }
  std::string_view stalled() const override { return "it is full"; }
  std::string_view reply_address() const override { return "replies-here"; }
  void replies(std::vector<Record>& out) override { out.emplace_back(); }
  bool closed() const override { return is_closed; }
  void finish(bool begin_nothing) override { finishes.push_back(begin_nothing); }

  std::vector<Ticket> answers;
  std::vector<bool> finishes;
  int reply_code = 0, flushes = 0;
  Ticket breaks_at_put = 0;
  bool broken = false, breaks_at_flush = false, is_closed = false, violates = false, is_useless = false;

 private:
  std::vector<Ticket>& puts_;
};

struct SinkTrial {
  test::FakeClock clock;
  std::vector<Ticket> puts;  // of the connection that is open
  std::vector<std::string> notices;
  FrailSink* end = nullptr;
  int opened = 0;
  std::vector<std::chrono::milliseconds> limits;  // of the times to open it
  std::optional<Error> away;
  std::unique_ptr<Sink> sink;
  Record record;

  explicit SinkTrial(std::chrono::milliseconds outage = 0ms) {
    Reconnecting options;
    options.outage = outage;
    options.clock = &clock;
    options.notice = [this](std::string_view text) { notices.emplace_back(text); };
    sink = reconnecting_sink(
        [this](std::chrono::milliseconds at_most) {
          limits.push_back(at_most);
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

TEST_CASE("reconnecting sink: where it is of no use to connect again, nobody does") {
  SinkTrial trial;
  trial.end->is_useless = true;
  CHECK(test::says(test::error_of([&] { trial.results(); }), "it gives nothing"));
  CHECK(trial.opened == 1);
}

TEST_CASE(
    "reconnecting sink: that nothing more will be put is also said to the next connection, and what to do in "
    "a hurry") {
  SinkTrial trial;
  trial.sink->put(1, trial.record);
  trial.sink->finish(false);
  CHECK(trial.end->finishes == std::vector<bool>{false});
  trial.sink->finish(true);
  CHECK(trial.end->finishes == std::vector<bool>{false, true});
  trial.end->broken = true;
  trial.results();
  trial.clock.now += 1s;
  trial.results();
  REQUIRE(trial.opened == 2);
  CHECK(trial.end->finishes == std::vector<bool>{true});
}

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
  CHECK(trial.sink->stalled() == "it is full");
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

TEST_CASE("reconnecting sink: what the end says of itself is passed on, and nothing while there is none") {
  SinkTrial trial;
  std::vector<Record> replies;
  trial.sink->replies(replies);
  CHECK(replies.size() == 1);
  CHECK(trial.sink->reply_address() == "replies-here");
  CHECK(trial.sink->stalled() == "it is full");
  CHECK(*trial.sink->wait().at_most == 7ms);
  CHECK_FALSE(trial.sink->closed());
  trial.end->is_closed = true;
  CHECK(trial.sink->closed());
  trial.sink->flush();
  CHECK(trial.end->flushes == 1);

  trial.end->broken = true;
  trial.results();
  trial.sink->replies(replies);
  CHECK(replies.size() == 1);
  CHECK(trial.sink->reply_address().empty());
  CHECK_FALSE(trial.sink->closed());
  CHECK(trial.sink->stalled() == "it went away");
  CHECK(trial.notices.empty());  // stalled() says it
  trial.clock.now += 1s;
  trial.results();
  CHECK(trial.end->flushes == 1);  // what was put again is on its way
}

TEST_CASE("reconnecting sink: one that is lost while it is given or flushed is put again too") {
  for (const bool at_flush : {false, true}) {
    SinkTrial trial;
    trial.sink->put(1, trial.record);
    (at_flush ? trial.end->breaks_at_flush : trial.end->broken) = at_flush;
    if (!at_flush) trial.end->breaks_at_put = 2;
    trial.sink->put(2, trial.record);
    trial.sink->flush();
    trial.sink->put(3, trial.record);
    CHECK(trial.puts == std::vector<Ticket>{1, 2});
    trial.clock.now += 1s;
    trial.results();
    CHECK(trial.puts == std::vector<Ticket>{1, 2, 3});
  }
}

TEST_CASE("reconnecting sink: a try has at most 10 s, and no more than is left of the outage") {
  SinkTrial endless;
  CHECK(endless.limits == std::vector{1000ms});
  cut(endless, 0);
  CHECK(endless.limits.back() == 10s);

  SinkTrial trial(2s);
  trial.away = Error(ErrorKind::unavailable, "nobody there");
  trial.end->broken = true;
  trial.results();
  trial.clock.now += 1500ms;
  trial.results();
  CHECK(trial.limits.back() == 500ms);
  CHECK(*trial.sink->wait().at_most <= 500ms);
  trial.clock.now += 500ms;
  CHECK(test::says(test::error_of([&] { trial.results(); }), "no connection for 2.0 s"));
  CHECK(trial.limits.back() == 1ms);
}

TEST_CASE("reconnecting sink: an outage shorter than the first pause is not waited beyond") {
  SinkTrial trial(20ms);
  trial.end->broken = true;
  trial.results();
  CHECK(*trial.sink->wait().at_most == 20ms);
}

TEST_CASE("reconnecting sink: a pause is begun anew after a connection that held for 10 s") {
  for (const auto held : {9'999ms, 10'000ms}) {
    CAPTURE(held.count());
    SinkTrial trial;
    for (int losses = 0; losses < 5; ++losses) cut(trial, 0);
    trial.clock.now += held;
    trial.end->broken = true;
    trial.results();
    CHECK((*trial.sink->wait().at_most <= 100ms) == (held == 10s));
  }
}

TEST_CASE("reconnecting sink: codes from 500 on are over what we did") {
  for (const int code : {499, 500}) {
    CAPTURE(code);
    SinkTrial trial;
    trial.sink->put(1, trial.record);
    trial.sink->put(2, trial.record);
    cut(trial, code);
    CHECK(trial.puts.size() == (code == 500 ? 1 : 2));
  }
}

TEST_CASE("reconnecting sink: a culprit is known at once, and its result is waited for no longer") {
  SinkTrial trial;
  trial.sink->put(1, trial.record);
  cut(trial, 541);
  trial.end->reply_code = 541;
  trial.end->broken = true;
  trial.sink->flush();
  std::vector<DeliveryResult> results;
  trial.sink->put(2, trial.record);
  trial.end->breaks_at_flush = true;
  trial.sink->results(results);
  CHECK(results.size() == 1);
  CHECK(*trial.sink->wait().at_most > 0ms);
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
    if (broken) throw Error(breaks_with, "it went away");
    return given_ < 3 ? SourceState::ready : SourceState::idle;
  }
  bool settle(Ticket ticket, Disposition, std::string_view) override {
    settled_.push_back(ticket);
    if (broken) throw Error(breaks_with, "it went away");
    return false;
  }
  void flush() override { ++flushes; }
  void stop() override { ++stops; }
  bool drained() override { return true; }
  std::string_view queue() const override { return "made-up"; }
  Wait wait() const override { return Wait(7ms); }
  bool finish() override {
    if (broken) throw Error(ErrorKind::unavailable, "it went away");
    return true;
  }
  bool broken = false;
  ErrorKind breaks_with = ErrorKind::unavailable;
  int flushes = 0, stops = 0;

 private:
  std::vector<Ticket>& settled_;
  Ticket given_ = 0;
};

struct SourceTrial {
  test::FakeClock clock;
  std::vector<Ticket> settled;
  std::vector<std::string> notices;
  FrailSource* end = nullptr;
  int opened = 0;
  std::optional<Error> away;
  std::unique_ptr<Source> source;
  std::vector<Delivery> taken;
  std::shared_ptr<SourceProgress> progress = std::make_shared<SourceProgress>();

  explicit SourceTrial(std::chrono::milliseconds outage = 0ms) {
    Reconnecting options;
    options.progress = progress;
    options.outage = outage;
    options.clock = &clock;
    options.notice = [this](std::string_view text) { notices.emplace_back(text); };
    source = reconnecting_source(
        [this](std::chrono::milliseconds) {
          if (away) throw *away;
          ++opened;
          auto made = std::make_unique<FrailSource>(settled);
          end = made.get();
          return made;
        },
        1s, options);
  }

  SourceState take(std::size_t most) { return source->take(most, taken); }
  // Loses the connection, and waits until it is time for the next.
  void cut() {
    end->broken = true;
    CHECK(take(1) == SourceState::idle);
    clock.now += *source->wait().at_most;
  }
};

}  // namespace

TEST_CASE("reconnecting source: what a lost connection gave is lost, and counts as not given") {
  SourceTrial trial;
  trial.source->take(2, trial.taken);
  trial.progress->given = 2;
  CHECK(trial.source->lost() == 0);
  trial.cut();
  CHECK(trial.source->lost() == 2);
  CHECK(trial.source->settle(1, Disposition::give_back, {}));
  CHECK(trial.source->settle(2, Disposition::ack, {}));
  CHECK(trial.progress->given == 0);
}

TEST_CASE("reconnecting source: settlements are known to be there only as long as their connection is") {
  SourceTrial idle;
  idle.cut();
  CHECK(idle.source->finish());  // nothing was settled, so nothing can be missing

  SourceTrial good;
  good.source->take(1, good.taken);
  good.source->settle(1, Disposition::ack, {});
  CHECK(good.source->finish());

  SourceTrial late;  // lost before the record was done
  late.source->take(1, late.taken);
  late.cut();
  late.source->settle(1, Disposition::ack, {});
  CHECK_FALSE(late.source->finish());

  SourceTrial early;  // lost after that, and who knows whether it had arrived
  early.source->take(1, early.taken);
  early.source->settle(1, Disposition::ack, {});
  early.end->broken = true;
  CHECK_FALSE(early.source->finish());

  SourceTrial again;  // what came again was settled again
  again.source->take(1, again.taken);
  again.source->settle(1, Disposition::ack, {});
  again.cut();
  again.clock.now += 1s;
  again.taken.clear();
  again.source->take(1, again.taken);
  again.source->settle(again.taken.back().ticket, Disposition::ack, {});
  CHECK(again.source->finish());
}

TEST_CASE("reconnecting source: tickets go on without a gap, and old ones settle nothing") {
  SourceTrial trial;
  auto& [clock, settled, notices, end, opened, away, source, taken, progress] = trial;
  CHECK(trial.take(2) == SourceState::ready);
  REQUIRE(taken.size() == 2);
  source->settle(1, Disposition::ack, {});
  CHECK(settled == std::vector<Ticket>{1});

  end->broken = true;
  CHECK(trial.take(1) == SourceState::idle);
  CHECK(taken.size() == 2);  // the third was not given: it comes again
  CHECK_FALSE(source->drained());
  CHECK(source->settle(1, Disposition::ack, {}));

  clock.now += 1s;
  trial.take(2);
  REQUIRE(taken.size() == 4);
  CHECK(taken[2].ticket == 3);
  CHECK(taken[3].ticket == 4);
  CHECK(source->settle(2, Disposition::ack, {}));
  CHECK_FALSE(source->settle(3, Disposition::ack, {}));
  CHECK(settled == std::vector<Ticket>{1, 1});
  CHECK(trial.take(9) == SourceState::idle);
}

TEST_CASE("reconnecting source: a record whose settling loses the connection comes again") {
  SourceTrial trial;
  trial.take(2);
  trial.end->broken = true;
  CHECK(trial.source->settle(1, Disposition::ack, {}));
  CHECK(trial.source->settle(2, Disposition::ack, {}));
  CHECK(trial.settled == std::vector<Ticket>{1});  // the other is not told to anyone
  trial.clock.now += 1s;
  trial.take(1);
  REQUIRE(trial.taken.size() == 3);
  CHECK(trial.taken[2].ticket == 3);
}

TEST_CASE("reconnecting source: what the end says of itself is passed on, and nothing while there is none") {
  SourceTrial trial;
  CHECK(trial.source->queue() == "made-up");
  CHECK(trial.source->away().empty());
  CHECK(trial.source->drained());
  CHECK(*trial.source->wait().at_most == 7ms);
  trial.source->flush();
  CHECK(trial.end->flushes == 1);
  trial.cut();
  CHECK(trial.source->queue().empty());
  CHECK(trial.source->away() == "it went away");
  CHECK_FALSE(trial.source->drained());
  trial.source->flush();
}

TEST_CASE("reconnecting source: people are told when it was lost, and when it is there again") {
  SourceTrial trial;
  trial.end->broken = true;
  trial.take(1);
  CHECK(trial.notices == std::vector<std::string>{"it went away; connecting again"});
  trial.clock.now += 2500ms;
  trial.take(1);
  REQUIRE(trial.notices.size() == 2);
  CHECK(trial.notices[1] == "connected again after 2.5 s");
  CHECK(trial.source->away().empty());
}

TEST_CASE("reconnecting source: once it was told to stop it is not connected again") {
  SourceTrial trial;
  trial.source->stop();
  CHECK(trial.end->stops == 1);
  trial.cut();
  trial.clock.now += 1h;
  CHECK(trial.take(1) == SourceState::idle);
  CHECK(trial.opened == 1);
}

TEST_CASE("reconnecting source: its pauses grow until a record comes") {
  SourceTrial trial;
  for (int losses = 0; losses < 5; ++losses) {
    trial.end->broken = true;
    trial.take(1);
    const auto wait = *trial.source->wait().at_most;
    CHECK(wait >= 50ms * (1 << losses));
    trial.clock.now += wait;
    trial.take(0);  // there is a connection, and nothing more
  }
  trial.take(1);
  trial.cut();
  trial.take(1);
  trial.end->broken = true;
  trial.take(1);
  CHECK(*trial.source->wait().at_most <= 100ms);
}

TEST_CASE("reconnecting source: what is no lost connection is thrown, and so is the end of its patience") {
  SourceTrial refused;
  refused.end->broken = true;
  refused.end->breaks_with = ErrorKind::refused;
  CHECK(test::error_of([&] { refused.take(1); }).kind() == ErrorKind::refused);

  SourceTrial trial(2s);
  trial.cut();
  trial.away = Error(ErrorKind::unavailable, "nobody there");
  trial.clock.now += 2s;
  const Error error = test::error_of([&] { trial.take(1); });
  CHECK(error.kind() == ErrorKind::unavailable);
  CHECK(test::says(error, "nobody there"));
}

TEST_CASE("reconnect: a far side that breaks its protocol is left for good") {
  SinkTrial trial;
  trial.sink->put(1, trial.record);
  trial.end->violates = true;
  std::vector<DeliveryResult> results;
  const Error error = test::error_of([&] { trial.sink->results(results); });
  CHECK(error.kind() == ErrorKind::unavailable);
  CHECK(test::says(error, "it violated the protocol"));
  CHECK(results.empty());
  CHECK(trial.opened == 1);
}
