#include "ends/picking_source.h"

#include <doctest/doctest.h>

#include "support/fakes.h"

using namespace iso;
using namespace iso::ends;
using test::FakeSource;

namespace {

struct Picked {
  explicit Picked(std::vector<std::string> bodies, PickOptions options = {}) {
    auto fake = std::make_unique<FakeSource>(std::move(bodies));
    inner = fake.get();
    if (options.where.empty()) options.where.emplace_back("/body~a");
    options.notice = [this](std::string_view text) { notices.emplace_back(text); };
    source = picking_source(std::move(fake), std::move(options));
  }

  std::vector<Delivery> take_all() {
    std::vector<Delivery> out;
    while (source->take(100, out) == SourceState::ready) {
    }
    return out;
  }

  FakeSource* inner;
  std::vector<std::string> notices;
  std::unique_ptr<Source> source;
};

using Settled = std::map<Ticket, Disposition>;

}  // namespace

TEST_CASE("picking: what matches is given without gaps, the rest goes back at the end and only then") {
  Picked picked({"a1", "b", "a2", "c", "?", "a3"});
  const auto out = picked.take_all();
  REQUIRE(out.size() == 3);
  CHECK(out[1].record.body == "a2");
  CHECK(out[2].ticket == 3);
  picked.source->settle(2, Disposition::ack, {});
  picked.source->settle(3, Disposition::dead_letter, "no");
  CHECK(picked.inner->settled == Settled{{3, Disposition::ack}, {6, Disposition::dead_letter}});
  picked.source->stop();
  CHECK(picked.inner->stops == 1);
  CHECK(picked.inner->unflushed == 0);
  CHECK(picked.inner->settled == Settled{{2, Disposition::give_back},
                                         {3, Disposition::ack},
                                         {4, Disposition::give_back},
                                         {5, Disposition::give_back},
                                         {6, Disposition::dead_letter}});
  picked.source->settle(1, Disposition::ack, {});  // what is in flight is settled after it
  CHECK(picked.inner->settled.at(1) == Disposition::ack);
}

TEST_CASE("picking: of an input, bad input is told and nothing is given back") {
  PickOptions options;
  options.others = PickOptions::Others::pass;
  Picked picked({"b", "!", "a"}, std::move(options));
  const auto out = picked.take_all();
  REQUIRE(out.size() == 2);
  CHECK(out[0].bad_input);
  CHECK(out[0].ticket == 1);
  picked.source->stop();
  CHECK(picked.inner->settled.empty());
}

TEST_CASE("picking: what can be held is bounded, and it says so once") {
  PickOptions options;
  options.most_held = 2;
  Picked picked({"b", "b", "b", "a"}, std::move(options));
  CHECK(picked.take_all().empty());
  std::vector<Delivery> out;
  CHECK(picked.source->take(1, out) == SourceState::ended);
  CHECK(picked.notices.size() == 1);
  picked.source->stop();
  CHECK(picked.inner->settled.size() == 2);
}

TEST_CASE("picking: what a lost connection held comes again, and is not given back on the next") {
  Picked picked({"b", "a", "b", "a"});
  picked.inner->stays_open = true;
  const auto out = picked.take_all();
  REQUIRE(out.size() == 2);
  picked.inner->lost_up_to = 2;
  std::vector<Delivery> none;
  picked.source->take(1, none);
  CHECK(picked.source->lost() == 1);
  CHECK(picked.source->settle(1, Disposition::ack, {}));  // stale
  picked.source->stop();
  CHECK(picked.inner->settled == Settled{{2, Disposition::ack}, {3, Disposition::give_back}});
}

TEST_CASE("picking: without a condition the source is as it was") {
  auto fake = std::make_unique<FakeSource>(std::vector<std::string>{"a"});
  Source* const inner = fake.get();
  CHECK(picking_source(std::move(fake), {}).get() == inner);
}
