#include "amqp/settlements.h"

#include <doctest/doctest.h>
#include <string>
#include <vector>

using namespace iso;
using namespace iso::amqp;

namespace {

// What is said, each as "ack 3" or, with multiple, "ack ..3".
std::vector<std::string> said_by(Settlements& settlements) {
  std::vector<std::string> said;
  settlements.flush([&](std::uint64_t tag, Disposition how, bool multiple) {
    const char* const verb = how == Disposition::ack           ? "ack "
                             : how == Disposition::dead_letter ? "reject "
                                                               : "return ";
    said.push_back(verb + std::string(multiple ? ".." : "") + std::to_string(tag));
  });
  return said;
}

using Said = std::vector<std::string>;

}  // namespace

TEST_CASE("settlements: what is settled at the front goes in one, and each beyond a gap by itself") {
  Settlements settlements;
  for (const std::uint64_t tag : {1U, 2U, 3U, 5U, 7U}) settlements.set(tag, Disposition::ack);
  CHECK(settlements.unsaid() == 5);
  CHECK(said_by(settlements) == Said{"ack ..3", "ack 5", "ack 7"});
  CHECK(settlements.unsaid() == 0);
  CHECK(said_by(settlements).empty());
  settlements.set(4, Disposition::ack);
  CHECK(said_by(settlements) == Said{"ack ..4"});
  settlements.set(6, Disposition::ack);
  CHECK(said_by(settlements) == Said{"ack ..6"});
  settlements.set(8, Disposition::ack);
  CHECK(said_by(settlements) == Said{"ack ..8"});
}

TEST_CASE("settlements: an answer of another kind never covers those before it") {
  Settlements settlements;
  settlements.set(1, Disposition::ack);
  settlements.set(2, Disposition::dead_letter);
  settlements.set(3, Disposition::give_back);
  settlements.set(4, Disposition::ack);
  CHECK(said_by(settlements) == Said{"ack ..1", "reject ..2", "return ..3", "ack ..4"});
}

TEST_CASE("settlements: nothing reaches across one that is held back") {
  Settlements settlements;
  settlements.set(1, Disposition::ack);
  settlements.set(2, Disposition::requeue, true);
  settlements.set(3, Disposition::ack);
  settlements.set(4, Disposition::ack);
  CHECK(settlements.unsaid() == 3);
  CHECK(said_by(settlements) == Said{"ack ..1", "ack 3", "ack 4"});
  settlements.set(5, Disposition::ack);
  settlements.set(6, Disposition::ack);
  CHECK(said_by(settlements) == Said{"ack 5", "ack 6"});
}

TEST_CASE("settlements: a tag is settled from when it is set") {
  Settlements settlements;
  settlements.set(2, Disposition::ack);
  CHECK_FALSE(settlements.is_settled(1));
  CHECK(settlements.is_settled(2));
  CHECK_FALSE(settlements.is_settled(3));
  settlements.set(1, Disposition::ack);
  said_by(settlements);
  CHECK(settlements.is_settled(1));
  CHECK_FALSE(settlements.is_settled(3));
}
