#include "amqp/nacked.h"

#include <doctest/doctest.h>

using namespace iso;
using namespace iso::amqp;
using namespace std::chrono_literals;

namespace {

Record to(std::string exchange, std::string key) {
  Record record;
  record.exchange = std::move(exchange);
  record.routing_key = std::move(key);
  return record;
}

const Clock::Steady kStart{};

std::vector<Ticket> tickets(const std::vector<NackedMessages::Message>& messages) {
  std::vector<Ticket> all;
  for (const auto& message : messages) all.push_back(message.ticket);
  return all;
}

}  // namespace

TEST_CASE(
    "nacked: a destination that refuses all for as long as it may has said its last word, and at once then") {
  NackedMessages nacked(10s);
  const Record full = to("", "full"), other = to("", "other");
  CHECK(nacked.keep({1, &full}, kStart));
  CHECK(nacked.keep({2, &full}, kStart + 9s));
  CHECK(nacked.keep({3, &other}, kStart + 9s));
  CHECK_FALSE(nacked.keep({4, &full}, kStart + 10s));
  CHECK_FALSE(nacked.keep({5, &full}, kStart + 60s));
  CHECK(nacked.keep({6, &other}, kStart + 18s));
  CHECK(tickets(nacked.take()) == std::vector<Ticket>{1, 2, 3, 6});
  CHECK(nacked.empty());
}

TEST_CASE("nacked: a destination that takes a message is given time anew, and no other") {
  NackedMessages nacked(10s);
  const struct {
    Record confirmed;
    bool kept;
  } rows[] = {
      {to("e", "full"), true}, {to("", "full"), false}, {to("e", "other"), false}, {to("ef", "ull"), false}};
  for (const auto& row : rows) {
    const Record full = to("e", "full");
    nacked.keep({1, &full}, kStart);
    nacked.confirmed(row.confirmed);
    CHECK(nacked.keep({1, &full}, kStart + 11s) == row.kept);
    nacked.confirmed(full);
  }
}

TEST_CASE("nacked: what goes again goes in the order of its tickets") {
  NackedMessages nacked(10s);
  const Record record = to("", "q");
  for (const Ticket ticket : {3U, 1U, 2U}) nacked.keep({ticket, &record}, kStart);
  CHECK(tickets(nacked.take()) == std::vector<Ticket>{1, 2, 3});
  CHECK(nacked.take().empty());
}

TEST_CASE("nacked: pauses grow from 100 ms to 2 s, until something is taken") {
  NackedMessages nacked(10s);
  const Record record = to("", "q");
  nacked.keep({1, &record}, kStart);
  for (const auto pause : {100ms, 200ms, 400ms, 800ms, 1600ms, 2000ms, 2000ms})
    CHECK(nacked.pause(0) == pause);
  nacked.confirmed(record);
  CHECK(nacked.pause(0) == 100ms);
  CHECK(nacked.pause(1) == 100ms);  // half of 200
}

TEST_CASE("nacked: once given up, each nack is the last word") {
  NackedMessages nacked(10s);
  const Record record = to("", "q");
  nacked.keep({1, &record}, kStart);
  CHECK(tickets(nacked.give_up()) == std::vector<Ticket>{1});
  nacked.confirmed(record);
  CHECK_FALSE(nacked.keep({2, &record}, kStart));
}
