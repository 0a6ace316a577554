#include <doctest/doctest.h>
#include <fmt/core.h>

#include "reconcile/sides/reduced.h"
#include "reconcile/small_sides.h"

using namespace iso;
using namespace iso::reconcile;
using test::SmallSides;

namespace {

std::string array_item(int id, std::size_t elements, int last) {
  std::string line = fmt::format("{{\"id\":{},\"a\":[", id);
  for (std::size_t i = 0; i < elements; ++i) line += "1,";
  return line + std::to_string(last) + "]}\n";
}

}  // namespace

TEST_CASE("large items: a line that is too long is invalid by its place, and those around it are compared") {
  const std::string text = "{\"id\":1}\n{\"id\":2,\"x\":\"" + std::string(300'000, 'x') + "\"}\n{\"id\":3}\n";
  for (const bool sorted : {false, true}) {
    SmallSides sides;
    sides.left.text = sides.file("left", text);
    sides.right.text = sides.file("right", "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n");
    sides.left.text->read_at_most(200'000);
    const auto found = sorted ? sides.run_sorted() : sides.run();
    REQUIRE(found.size() == 2);
    const std::string& invalid = found[sorted ? 0 : 1];
    CHECK(invalid.starts_with(R"({"status":"invalid","left":{"end":"left","line":2,"offset":9})"));
    CHECK(invalid.find("longer than 200000 bytes") != invalid.npos);
    CHECK(found[sorted ? 1 : 0].starts_with(R"({"status":"extra","key":2)"));
    CHECK(sides.tally.ok == 2);
    CHECK(sides.tally.left == 3);
  }
}

TEST_CASE("large items: a long line at the end, and one that is all there is") {
  for (const char* end : {"", "\n"}) {
    SmallSides sides;
    sides.left.text = sides.file("left", "{\"id\":2,\"x\":\"" + std::string(300'000, 'x') + "\"}" + end);
    sides.right.text = sides.file("right", "");
    sides.left.text->read_at_most(200'000);
    CHECK(sides.run().size() == 1);
    CHECK(sides.tally.left == 1);
  }
}

TEST_CASE("large items: what has no room for a tree is compared by digest, and its patch is left out") {
  SmallSides sides;
  const std::string large = array_item(1, 10'000, 1), other = array_item(1, 10'000, 2);
  sides.left.text =
      sides.file("left", large + array_item(2, 10'000, 1) + "{\"id\":3}\n" + array_item(4, 9'999, 1));
  sides.right.text = sides.file("right", other + array_item(2, 10'000, 1) + "{\"id\":3,\"x\":1}\n");
  sides.left.most_tree = sides.right.most_tree = 10'000;
  const auto found = sides.run();
  REQUIRE(found.size() == 3);
  CHECK(found[0].starts_with(R"({"status":"different","key":1)"));
  CHECK(found[0].find("patch\":[") == std::string::npos);
  CHECK(found[0].find("no patch") != std::string::npos);
  CHECK(found[1].find(R"("patch":[{"op":"add","path":"/x")") != std::string::npos);
  CHECK(found[2].starts_with(R"({"status":"missing","key":4)"));
  CHECK(sides.tally.ok == 1);
  CHECK(item_json(sides.left, Place(0, 0)) + "\n" == large);  // for a plan all of it
}

TEST_CASE("reduced: the key and what is short stay, wherever the key is") {
  const std::string text = "\"" + std::string(2000, 'x') + "\"";
  CHECK(reduced(R"({"id":1,"a":[1,2],"t":"x","o":{"p":1}})", {{"id"}}) == R"({"id":1,"t":"x"})");
  CHECK(reduced(R"({"o":{"k":5,"l":[1]},"a":[1]})", {{"o", "k"}}) == R"({"o":{"k":5}})");
  CHECK(reduced(R"({"a":[[1],{"k":7,"x":[2]},[3]]})", {{"a", "1", "k"}}) == R"({"a":[0,{"k":7}]})");
  CHECK(reduced("{\"id\":" + text + ",\"t\":" + text + "}", {{"id"}}) == "{\"id\":" + text + "}");
  CHECK(reduced(R"({"a":[1]})", {{"id"}}) == "{}");
}
