#include "pump/window.h"

#include <doctest/doctest.h>

using namespace iso;

namespace {

Delivery taken(Ticket ticket, std::string body = "") {
  Delivery one;
  one.ticket = ticket;
  one.record.body = std::move(body);
  return one;
}

std::vector<Ticket> pop(Window& window) {
  std::vector<Ticket> tickets;
  window.pop_resolved([&](Window::Entry& entry) { tickets.push_back(entry.taken.ticket); });
  return tickets;
}

}  // namespace

TEST_CASE("window: entries leave in order, however their statuses come") {
  Window window(10, 1000);
  for (Ticket ticket = 1; ticket <= 3; ++ticket) window.add(taken(ticket));
  CHECK(window.resolve({3, DeliveryStatus::confirmed, 0, {}}));
  CHECK(window.resolve({2, DeliveryStatus::confirmed, 0, {}}));
  CHECK(pop(window).empty());
  CHECK(window.resolve({1, DeliveryStatus::confirmed, 0, {}}));
  CHECK(pop(window) == std::vector<Ticket>{1, 2, 3});
}

TEST_CASE("window: a ticket is resolved once, and an unknown one never") {
  Window window(10, 1000);
  window.add(taken(1));
  CHECK(window.resolve({1, DeliveryStatus::nacked, 0, {}}));
  CHECK_FALSE(window.resolve({1, DeliveryStatus::confirmed, 0, {}}));
  CHECK_FALSE(window.resolve({2, DeliveryStatus::confirmed, 0, {}}));
  pop(window);
  CHECK_FALSE(window.resolve({1, DeliveryStatus::confirmed, 0, {}}));
}

TEST_CASE("window: room shrinks with records and with bytes, and comes back") {
  Window window(3, 10);
  CHECK(window.room() == 3);
  window.add(taken(1));
  CHECK(window.room() == 2);
  window.add(taken(2, "0123456789"));
  CHECK(window.room() == 0);
  window.resolve({1, DeliveryStatus::confirmed, 0, {}});
  window.resolve({2, DeliveryStatus::confirmed, 0, {}});
  pop(window);
  CHECK(window.room() == 3);
}

TEST_CASE("window: an entry stays where it is while others come and go") {
  Window window(1000, 1000);
  window.add(taken(1));
  const Record* second = &window.add(taken(2)).taken.record;
  for (Ticket ticket = 3; ticket <= 500; ++ticket) window.add(taken(ticket));
  window.resolve({1, DeliveryStatus::confirmed, 0, {}});
  pop(window);
  Record* found = nullptr;
  window.each_waiting([&](Window::Entry& entry) {
    if (entry.taken.ticket == 2) found = &entry.taken.record;
  });
  CHECK(found == second);
}

TEST_CASE("window: bytes are counted to the last one, of what is still in it") {
  Window window(5, 10);
  window.add(taken(1, "0123"));
  window.add(taken(2, "01234"));
  CHECK(window.room() == 3);  // nine
  window.add(taken(3, "0"));
  CHECK(window.room() == 0);
  window.resolve({1, DeliveryStatus::confirmed, 0, {}});
  pop(window);
  CHECK(window.room() == 3);
  CHECK(window.size() == 2);
  CHECK(window.waiting() == 2);
}

TEST_CASE("window: one that holds more than it should has no room") {
  Window window(1, 10);
  window.add(taken(1));
  window.add(taken(2));
  CHECK(window.room() == 0);
}
