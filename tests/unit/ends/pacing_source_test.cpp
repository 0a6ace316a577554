#include "ends/pacing_source.h"

#include <doctest/doctest.h>

#include "support/fakes.h"

using namespace iso;
using namespace iso::ends;
using namespace std::chrono_literals;
using test::FakeClock;

namespace {

// Gives records that came at these times, in ms; -1: at none.
class Recording final : public Source {
 public:
  explicit Recording(std::vector<std::int64_t> times) : times_(std::move(times)) {}
  SourceState take(std::size_t most, std::vector<Delivery>& out) override {
    if (given_ == times_.size()) return SourceState::ended;
    if (most == 0) return SourceState::ready;
    Delivery& taken = out.emplace_back();
    if (times_[given_] >= 0) taken.record.received_at = times_[given_];
    taken.ticket = ++given_;
    return SourceState::ready;
  }
  bool settle(Ticket ticket, Disposition how, std::string_view) override {
    settled[ticket] = how;
    return false;
  }
  Wait wait() const override { return Wait(7ms); }
  std::map<Ticket, Disposition> settled;

 private:
  std::vector<std::int64_t> times_;
  std::size_t given_ = 0;
};

}  // namespace

TEST_CASE("pacing: each record waits as long after the first as it came, by the speed") {
  FakeClock clock;
  auto paced = pacing_source(
      std::make_unique<Recording>(std::vector<std::int64_t>{5000, 7000, -1, 6000, 9000}), 2, clock);
  std::vector<Delivery> out;
  CHECK(paced->take(10, out) == SourceState::ready);
  CHECK(paced->take(10, out) == SourceState::idle);
  CHECK(out.size() == 1);
  CHECK(paced->wait().at_most == 1000ms);
  CHECK_FALSE(paced->drained());
  clock.now += 1000ms;
  for (int i = 0; i < 3; ++i) paced->take(10, out);  // one without a time, and one from before: at once
  CHECK(out.size() == 4);
  CHECK(paced->take(10, out) == SourceState::idle);
  clock.now += 1000ms;
  CHECK(paced->take(10, out) == SourceState::ready);
  CHECK(paced->take(10, out) == SourceState::ended);
  CHECK(out.size() == 5);
}

TEST_CASE("pacing: what waits for its time when it stops goes back") {
  FakeClock clock;
  auto recording = std::make_unique<Recording>(std::vector<std::int64_t>{0, 9000});
  auto& inner = *recording;
  auto paced = pacing_source(std::move(recording), 1, clock);
  std::vector<Delivery> out;
  paced->take(1, out);
  paced->take(1, out);
  paced->stop();
  CHECK(inner.settled == std::map<Ticket, Disposition>{{2, Disposition::give_back}});
  CHECK(paced->take(1, out) == SourceState::ended);
}
