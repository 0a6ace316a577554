#include "reconcile/reconcile.h"

#include <doctest/doctest.h>
#include <map>
#include <random>
#include <set>
#include <utility>

#include "base/error.h"
#include "reconcile/small_sides.h"
#include "record/time.h"

using namespace iso;
using namespace iso::ends;
using namespace iso::reconcile;
using test::SmallSides;

namespace {

using Lines = std::vector<std::string>;

std::string row(std::string_view json, RowState state) {
  std::string line(json);
  line += '\t';
  append_row_text(line, state);
  return line;
}

RowState state(std::int64_t number, RowState::Settled settled, std::int64_t at_ms = 1000) {
  return {number, settled, at_ms, {}};
}

std::string status_of(const std::string& finding) {
  const auto start = finding.find(':') + 2;
  return finding.substr(start, finding.find('"', start) - start);
}

// What random sides should give: a status a key, by counting.
struct Model {
  std::map<int, std::map<int, std::uint32_t>> left, right;  // key, content, copies

  std::map<int, std::string> verdicts() const {
    std::map<int, std::string> verdicts;
    std::set<int> keys;
    for (const auto& [key, contents] : left) keys.insert(key);
    for (const auto& [key, contents] : right) keys.insert(key);
    for (const int key : keys) {
      const auto l = left.find(key), r = right.find(key);
      if ((l != left.end() && l->second.size() > 1) || (r != right.end() && r->second.size() > 1))
        verdicts[key] = "conflict";
      else if (r == right.end())
        verdicts[key] = "missing";
      else if (l == left.end())
        verdicts[key] = "extra";
      else if (l->second.begin()->first != r->second.begin()->first)
        verdicts[key] = "different";
      else if (l->second.begin()->second != r->second.begin()->second)
        verdicts[key] = l->second.begin()->second < r->second.begin()->second ? "duplicate" : "missing";
    }
    return verdicts;
  }
};

struct RandomSides {
  Model model;
  Lines left, right;

  RandomSides(unsigned seed, int keys) {
    std::mt19937 random(seed);
    const auto add = [&](std::map<int, std::map<int, std::uint32_t>>& to, Lines& lines, int key,
                         int content) {
      ++to[key][content];
      lines.push_back(random() % 2 == 0
                          ? "{\"id\":" + std::to_string(key) + ",\"v\":" + std::to_string(content) + "}"
                          : "{\"v\":" + std::to_string(content) + ".0, \"id\":" + std::to_string(key) + "}");
    };
    for (int key = 0; key < keys; ++key) {
      const auto copies = [&] { return random() % 10 == 0 ? random() % 4 : 1; };
      const auto content = [&] { return random() % 12 == 0 ? static_cast<int>(random() % 3) : 0; };
      for (auto n = copies(); n > 0; --n) add(model.left, left, key, content());
      for (auto n = copies(); n > 0; --n) add(model.right, right, key, content());
    }
    std::shuffle(right.begin(), right.end(), random);
  }
};

void check(SmallSides& sides, const RandomSides& random) {
  const auto found = sides.run(random.left, random.right);
  const auto want = random.model.verdicts();
  REQUIRE(found.size() == want.size());
  auto next = want.begin();
  for (const auto& finding : found) {  // in the order of keys
    CAPTURE(finding);
    REQUIRE(status_of(finding) == next->second);
    REQUIRE(finding.find("\"key\":" + std::to_string(next->first) + ",") != std::string::npos);
    ++next;
  }
  CHECK(sides.tally.left == random.left.size());
  CHECK(sides.tally.right == random.right.size());
}

}  // namespace

TEST_CASE("reconcile: each key has the verdict that counting gives, in the order of keys") {
  for (unsigned seed = 0; seed < 10; ++seed) {
    SmallSides sides;
    check(sides, RandomSides(seed, 500));
  }
}

TEST_CASE("reconcile: no verdict rests on a hash of a key: with hashes of two bits all are the same") {
  for (const std::uint64_t bits : {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{0xF0} << 56}) {
    SmallSides sides;
    sides.options.key_bits = bits;
    check(sides, RandomSides(77, 120));
  }
}

TEST_CASE("reconcile: with no room in memory the answer is the same, and no file is left") {
  SmallSides sides;
  sides.options.memory = std::size_t{200} * 1024;
  check(sides, RandomSides(3, 20'000));
  CHECK(std::filesystem::is_empty(sides.folder.path));
}

TEST_CASE("reconcile: one key a hundred thousand times is one finding, whatever the memory") {
  SmallSides sides;
  sides.options.memory = std::size_t{100} * 1024;
  Lines many(100'000, R"({"id":"x"})");
  const auto found = sides.run({R"({"id":"x"})"}, many);
  REQUIRE(found.size() == 1);
  CHECK(status_of(found[0]) == "duplicate");
  CHECK(found[0].find("\"copies\":100000") != std::string::npos);
}

TEST_CASE("reconcile: a wrong key that all items share is one conflict, and is found at once") {
  SmallSides sides;
  sides.options.memory = std::size_t{100} * 1024;
  Lines many;
  for (int i = 0; i < 50'000; ++i) many.push_back(R"({"id":"x","v":)" + std::to_string(i) + "}");
  const auto found = sides.run(many, many);
  REQUIRE(found.size() == 1);
  CHECK(status_of(found[0]) == "conflict");
  CHECK(found[0].find("\"copies\":50000") != std::string::npos);
}

TEST_CASE("reconcile: missing, extra and different say where they are, and what turns left into right") {
  SmallSides sides;
  sides.left.text = sides.file("l", "{\"id\":2}\n\n{\"id\":1,\"v\":{\"a\":[1,2]}}\n");
  sides.right.text = sides.file("r", "{\"id\":1,\"v\":{\"a\":[1,3]}}\n{\"id\":3}");
  const auto found = sides.run();
  REQUIRE(found.size() == 3);
  CHECK(
      found[0] ==
      R"({"status":"different","key":1,"left":{"end":"left","line":3,"offset":10},"right":{"end":"right","line":1,"offset":0},)"
      R"("patch":[{"op":"test","path":"/v/a/1","value":2},{"op":"replace","path":"/v/a/1","value":3}]})");
  CHECK(found[1] == R"({"status":"missing","key":2,"left":{"end":"left","line":1,"offset":0}})");
  CHECK(found[2] == R"({"status":"extra","key":3,"right":{"end":"right","line":2,"offset":25}})");
  CHECK(sides.tally.left == 2);
}

TEST_CASE("reconcile: what is no item is told of last, with the reason, and costs nothing else") {
  SmallSides sides;
  sides.left.text = sides.file("l", "{\"id\":1}\n{\"id\":2\n{\"x\":1}\n[] []\n");
  sides.right.text = sides.file("r", "\xEF\xBB\xBF{\"id\":1}\r\nnothing\n");
  const auto found = sides.run();
  REQUIRE(found.size() == 4);
  CHECK(found[0].find(
            R"("line":2,"offset":9},"error":"byte 8 of the line: the input ends inside an object")") !=
        std::string::npos);
  CHECK(found[1].find(
            R"("line":3,"offset":17},"error":"it has no key: there is no text, number or boolean at /id")") !=
        std::string::npos);
  CHECK(found[2].find(R"("error":"more than one value on the line")") != std::string::npos);
  CHECK(found[3].find(R"("right":{"end":"right","line":2)") != std::string::npos);
  CHECK(sides.tally.of(Status::invalid) == 4);
  CHECK(sides.tally.ok == 1);
}

TEST_CASE("reconcile: what came while the sides were read is neither missing nor extra") {
  SmallSides sides;
  sides.left.text = SmallSides::lines(sides.folder, {R"({"id":1})", R"({"id":2})", R"({"id":5})"},
                                      {R"({"id":3})", R"({"id":9})"});
  sides.right.text = SmallSides::lines(sides.folder, {R"({"id":1})", R"({"id":3})", R"({"id":4})"},
                                       {R"({"id":2,"v":1})", R"({"id":8})"});
  const auto found = sides.run();
  REQUIRE(found.size() == 3);
  CHECK(status_of(found[0]) == "different");  // 2 came to the right, with another content
  CHECK(found[1] == R"({"status":"extra","key":4,"right":{"end":"right","line":3,"offset":18}})");
  CHECK(status_of(found[2]) == "missing");
  CHECK(sides.tally.ok == 2);
}

TEST_CASE("reconcile: a file that grows meanwhile is read on, by whole lines") {
  SmallSides sides;
  sides.left.text = sides.file("l", "{\"id\":1}\n{\"id\":2}\n");
  sides.right.text = sides.file("r", "{\"id\":1}\n");
  bool grown = false;
  sides.options.progress = [&](const Side& side, std::uint64_t, std::uint64_t) {
    if (side.name == "right" && !std::exchange(grown, true))
      std::ofstream(sides.folder.path + "/r", std::ios::app) << "{\"id\":2}\n{\"id\":7}\n{\"i";
  };
  CHECK(sides.run().empty());
  CHECK(sides.tally.ok == 2);
}

TEST_CASE(
    "reconcile: a row's state decides whether what lacks is missing or on its way, and what came anyway") {
  using Settled = RowState::Settled;
  SmallSides sides;
  sides.left.rows = true;
  const std::int64_t now = system_clock().wall().time_since_epoch().count();
  const auto found = sides.run(
      {row(R"({"id":1})", state(11, Settled::pending, now - 60'000)),
       row(R"({"id":2})", state(12, Settled::done)), row(R"({"id":3})", state(13, Settled::dead)),
       row(R"({"id":4})", state(14, Settled::done, now)), row(R"({"id":5})", state(15, Settled::pending)),
       row(R"({"id":6})", state(16, Settled::dead)), row(R"({"id":7})", state(17, Settled::pending, now)),
       row(R"({"id":8})", state(18, Settled::conflict)), row(R"({"id":9})", state(20, Settled::pending)),
       row("", {19, Settled::done, 0, "its body is damaged"})},
      {R"({"id":5})", R"({"id":6})", R"({"id":7})", R"({"id":8})"});
  REQUIRE(found.size() == 9);
  CHECK(found[0].starts_with(
      R"({"status":"inflight","key":1,"left":{"end":"left","row":11,"state":"pending"},"age_s":)"));
  CHECK(found[1].starts_with(R"({"status":"missing","key":2,"left":{"end":"left","row":12,"state":"done"})"));
  CHECK(found[2].starts_with(R"({"status":"missing","key":3,)"));
  CHECK(found[3] ==
        R"({"status":"inflight","key":4,"left":{"end":"left","row":14,"state":"done"},"age_s":0})");
  CHECK(status_of(found[4]) == "recovered");
  CHECK(status_of(found[5]) == "recovered");
  CHECK(status_of(found[6]) == "conflict");
  CHECK(found[7].starts_with(R"({"status":"stuck","key":9,)"));
  CHECK(
      found[8] ==
      R"({"status":"invalid","left":{"end":"left","row":19,"state":"done"},"error":"its body is damaged"})");
  CHECK(sides.tally.ok == 1);
}

TEST_CASE("reconcile: a message's own times count for its age") {
  SmallSides sides;
  const auto now = std::to_string(system_clock().wall().time_since_epoch().count());
  const auto found =
      sides.run({R"({"id":1,"received_at":)" + now + "}", R"({"id":2,"timestamp":)" + now.substr(0, 10) + "}",
                 R"({"id":3,"timestamp":1000})", R"({"id":4,"timestamp":"2001-01-01T00:00:00Z"})"},
                {});
  REQUIRE(found.size() == 4);
  CHECK(status_of(found[0]) == "inflight");
  CHECK(status_of(found[1]) == "inflight");
  CHECK(status_of(found[2]) == "missing");
  CHECK(status_of(found[3]) == "missing");
}

TEST_CASE("reconcile: a time that is far ahead, or none, does not keep what lacks on its way for ever") {
  SmallSides sides;
  const auto now = system_clock().wall().time_since_epoch().count();
  const auto ms = std::to_string(now);
  const std::vector<std::pair<std::string, std::string>> rows{
      {"timestamp\":" + ms, "missing"},  // in milliseconds
      {"timestamp\":\"2099-01-01T00:00:00Z\"", "missing"},
      {"timestamp\":9223372036854775807", "missing"},
      {"timestamp\":1e300", "missing"},
      {"timestamp\":-9223372036854775808", "missing"},
      {"timestamp\":" + std::to_string(now / 1000 + 20), "inflight"},  // a clock that is ahead
      {"timestamp\":" + std::to_string(now / 1000) + ".0", "inflight"},
      {"received_at\":\"2001-01-01T00:00:00.000Z\"", "missing"},
      {"received_at\":9223372036854775807", "missing"},
      {"received_at\":true,\"timestamp\":" + std::to_string(now / 1000), "inflight"},
  };
  for (const auto& [field, status] : rows) {
    const std::string member = field;
    INFO(member);
    const auto found = sides.run({"{\"id\":1,\"" + member + "}"}, {});
    REQUIRE(found.size() == 1);
    CHECK(status_of(found[0]) == status);
    CHECK(found[0].find("\"age_s\":-") == std::string::npos);
  }
}

TEST_CASE("reconcile: received_at as listen writes it is an age, but not where it is the time of the look") {
  SmallSides sides;
  std::string line = R"({"id":1,"received_at":")";
  append_rfc3339(line, system_clock().wall().time_since_epoch().count());
  line += "\"}";
  CHECK(status_of(sides.run({line}, {}).at(0)) == "inflight");
  sides.left.received_now = true;
  CHECK(status_of(sides.run({line}, {}).at(0)) == "missing");
}

TEST_CASE("reconcile: what an outbox holds for longer than --stuck-after is stuck, whatever its clock says") {
  using Settled = RowState::Settled;
  SmallSides sides;
  sides.left.rows = true;
  const std::int64_t now = system_clock().wall().time_since_epoch().count(), minute = 60'000;
  sides.options.stuck_after = std::chrono::minutes(10);
  for (const auto& [at, status] : std::vector<std::pair<std::int64_t, std::string>>{
           {now - 9 * minute, "inflight"},
           {now - 11 * minute, "stuck"},
           {now + 11 * minute, "stuck"},
           {0, "stuck"},
           {std::numeric_limits<std::int64_t>::max(), "stuck"}}) {
    const auto found = sides.run({row(R"({"id":1})", state(1, Settled::pending, at))}, {});
    REQUIRE(found.size() == 1);
    CHECK(status_of(found[0]) == status);
  }
}

TEST_CASE("reconcile: what iso sent twice is a duplicate, although each has an id of its own") {
  for (const bool sorted : {false, true}) {
    SmallSides sides;
    sides.of_messages();
    const auto run = [&](std::string_view left, const Lines& rights) {
      sides.left.text = SmallSides::lines(sides.folder, {std::string(left)});
      sides.right.text = SmallSides::lines(sides.folder, rights);
      return sorted ? sides.run_sorted() : sides.run();
    };
    const std::string left = R"({"message_id":"a","body":1})";
    Lines rights;
    for (int i = 0; i < 9; ++i)
      rights.push_back(R"({"message_id":"a","correlation_id":")" + std::to_string(i) + R"(","body":1})");
    auto found = run(left, rights);
    REQUIRE(found.size() == 1);
    CHECK(status_of(found[0]) == "duplicate");
    CHECK(found[0].find("\"line\":1,\"offset\":0,\"copies\":9}") != std::string::npos);
    CHECK(status_of(run(R"({"message_id":"a","correlation_id":"3","body":1})", rights).at(0)) == "conflict");
    rights.push_back(R"({"message_id":"a","body":2})");
    CHECK(status_of(run(left, rights).at(0)) == "conflict");
    CHECK(run(left, {rights[4]}).empty());
  }
}

TEST_CASE("reconcile: two runs over the same copies say the same, byte for byte, in any memory") {
  SmallSides sides;
  Lines many;
  for (int i = 0; i < 30'000; ++i) many.push_back(R"({"id":"x","v":)" + std::to_string(i % 7) + "}");
  const auto want = sides.run(many, many);
  REQUIRE(want.size() == 1);
  CHECK(want[0].find(R"("left":{"end":"left","line":1,"offset":0,"copies":30000,"other":{"line":2,)") !=
        std::string::npos);
  sides.options.memory = std::size_t{100} * 1024;
  for (int run = 0; run < 5; ++run) CHECK(sides.run(many, many) == want);
}

TEST_CASE("reconcile: a ledger is asked who has not handled a message; what else it knows does not count") {
  SmallSides sides;
  sides.options.expected = {"billing", "shipping"};
  sides.left.present = sides.right.present = true;
  sides.right.ledger = true;
  const auto found =
      sides.run({R"({"id":"a"})", R"({"id":"b","v":1})", R"({"id":"c"})"},
                {R"({"id":"a","acks":{"billing":"handled","shipping":"handled","other":"rejected"}})",
                 R"({"id":"b","acks":{"billing":"handled","shipping":"rejected"}})",
                 R"({"id":"z","acks":{"billing":"handled"}})"});
  REQUIRE(found.size() == 2);
  CHECK(found[0].starts_with(R"({"status":"unacked","key":"b",)"));
  CHECK(found[0].ends_with(R"("lacks":["shipping"]})"));
  CHECK(found[1].ends_with(R"("lacks":["billing","shipping"]})"));
}

TEST_CASE("reconcile: a compared part that one side lacks is added or removed by the patch") {
  SmallSides sides;
  sides.left.compared = {"a", "b", "c"};
  sides.right.compared = {"body"};
  for (Side* side : {&sides.left, &sides.right}) {
    side->rule.compared = false;
    side->rule.at(side->compared).compared = true;
  }
  const auto found = sides.run({R"({"id":1,"a":{}})", R"({"id":2,"a":{"b":{"c":5}}})", R"({"id":3})"},
                               {R"({"id":1,"body":7})", R"({"id":2})", R"({"id":3})"});
  REQUIRE(found.size() == 2);
  CHECK(found[0].ends_with(R"("patch":[{"op":"add","path":"/a/b","value":{"c":7}}]})"));
  CHECK(found[1].ends_with(
      R"("patch":[{"op":"test","path":"/a/b/c","value":5},{"op":"remove","path":"/a/b/c"}]})"));
}

TEST_CASE("reconcile: findings come in the order of their keys: booleans, numbers by value, text by bytes") {
  SmallSides sides;
  const auto found =
      sides.run({R"({"id":"b"})", R"({"id":10})", R"({"id":"a"})", R"({"id":9})", R"({"id":-3})",
                 R"({"id":true})", R"({"id":""})", R"({"id":2.5})", R"({"id":false})", R"({"id":"a\u0000"})"},
                {});
  std::string order;
  for (const auto& finding : found) {
    const auto start = finding.find("\"key\":") + 6;
    order += finding.substr(start, finding.find(",\"left\"") - start) + " ";
  }
  CHECK(order == R"(false true -3 2.5 9 10 "" "a" "a\u0000" "b" )");
}

TEST_CASE("reconcile: a long line is an item like any other") {
  SmallSides sides;
  const std::string body(3'000'000, 'x');
  sides.left.text = sides.file("l", "{\"id\":1,\"v\":\"" + body + "\"}\n{\"id\":2}\n");
  sides.right.text = sides.file("r", "{\"id\":2}\n{\"id\":1,\"v\":\"" + body + "y\"}");
  const auto found = sides.run();
  REQUIRE(found.size() == 1);
  CHECK(status_of(found[0]) == "different");
  CHECK(found[0].find("\"line\":2,\"offset\":9") != std::string::npos);
}

TEST_CASE("reconcile: a signal ends it early, without a finding") {
  SmallSides sides;
  sides.left.text = SmallSides::lines(sides.folder, {R"({"id":1})"});
  sides.right.text = SmallSides::lines(sides.folder, {});
  const std::atomic<int> stop = 2;
  reconcile::reconcile(sides.left, sides.right, sides.options, stop,
                       [](const Finding&) { FAIL("a finding"); });
}

TEST_CASE("reconcile: what fails while a side is read is thrown, whichever thread meets it") {
  class Broken final : public ItemSource {
    bool read(std::string&) override { throw Error(ErrorKind::unavailable, "gone"); }
  };
  SmallSides sides;
  sides.left.text = SmallSides::lines(sides.folder, {R"({"id":1})"});
  sides.right.text = std::make_unique<LineFile>(std::make_unique<Broken>(), sides.folder.path);
  CHECK_THROWS_WITH_AS(sides.run(), "gone", Error);
}
