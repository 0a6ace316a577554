#include "reconcile/sides/line_file.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <filesystem>

#include "reconcile/json/digest.h"
#include "reconcile/small_sides.h"

using namespace iso;
using namespace iso::ends;
using namespace iso::reconcile;
using test::SmallSides;

namespace {

// All blocks, with their lines counted, as one text.
std::string read(LineFile& text, std::size_t& blocks) {
  std::string all;
  std::string room;
  for (Block block; text.next(block);) {
    ++blocks;
    CHECK(block.offset == all.size());
    const auto bytes = text.bytes(block, room);
    REQUIRE((text.source() ? block.bytes : room).size() >= block.size + Digester::kPadding);
    REQUIRE(bytes.size() == block.size);
    CHECK(bytes.back() == '\n');
    all += bytes;
    const auto count = std::count(bytes.begin(), bytes.end(), '\n');
    text.lines_in(block, {{{block.offset, 0}}, static_cast<std::uint64_t>(count), block.size});
  }
  return all;
}

struct Lines {
  std::vector<std::string> lines;
  std::vector<std::uint64_t> offsets;
  std::string text;

  void add(std::string line) {
    offsets.push_back(text.size());
    text += line + "\n";
    lines.push_back(std::move(line));
  }
};

Lines many() {
  Lines many;
  for (int i = 0; i < 40'000; ++i) {
    many.add("line " + std::to_string(i) + std::string(static_cast<std::size_t>(i % 37), '.'));
    if (i == 20'000) many.add(std::string(700'000, 'x'));  // longer than a block
    if (i % 1000 == 0) many.add("");
  }
  return many;
}

}  // namespace

TEST_CASE(
    "text: whole lines come in blocks, and each can be read again and counted, from a file and from a "
    "source") {
  const SmallSides sides;
  const Lines want = many();
  for (const bool is_file : {true, false}) {
    CAPTURE(is_file);
    const auto text = is_file ? sides.file("l", want.text) : SmallSides::lines(sides.folder, want.lines);
    std::size_t blocks = 0;
    CHECK(read(*text, blocks) == want.text);
    CHECK(blocks > 4);
    CHECK(text->offset() == want.text.size());
    for (std::size_t i = 0; i < want.lines.size(); i += i < 19'990 || i > 20'040 ? 97 : 1) {
      REQUIRE(text->line(want.offsets[i]) == want.lines[i]);
      REQUIRE(text->line_number(want.offsets[i]) == i + 1);
    }
  }
}

TEST_CASE("text: a last line without a line break is a line") {
  const SmallSides sides;
  std::size_t blocks = 0;
  const auto text = sides.file("l", "a\nb");
  CHECK(read(*text, blocks) == "a\nb\n");
  CHECK(text->line(2) == "b");
  CHECK(text->reopen_for_changes() == nullptr);
  CHECK(read(*sides.file("none", ""), blocks) == "");
}

TEST_CASE("text: what comes later is another text, whose lines are counted on") {
  const SmallSides sides;
  std::size_t blocks = 0;
  const auto text = sides.file("l", "a\nb\n");
  read(*text, blocks);
  CHECK(text->reopen_for_changes() == nullptr);
  std::ofstream(sides.folder.path + "/l", std::ios::app) << "c\nd\n";
  const auto later = text->reopen_for_changes();
  REQUIRE(later != nullptr);
  Block block;
  std::string room;
  REQUIRE(later->next(block));
  CHECK(later->bytes(block, room) == "c\nd\n");
  later->lines_in(block, {{{block.offset, 0}}, 2, 2});
  CHECK(later->line_number(block.offset + 2) == 4);
  CHECK(later->line(block.offset + 2) == "d");

  const auto fed = SmallSides::lines(sides.folder, {"a"}, {"b", "c"});
  read(*fed, blocks);
  const auto later_fed = fed->reopen_for_changes();
  REQUIRE(later_fed != nullptr);
  CHECK(read(*later_fed, blocks) == "b\nc\n");
  CHECK(fed->reopen_for_changes() == nullptr);
}

TEST_CASE("text: a source that has nothing yet gives a block of nothing, and loses no half of a line") {
  class Slow final : public ItemSource {
   public:
    bool read(std::string& out) override {
      const int call = calls_++;
      if (call == 0) out += "a\n";
      if (call == 3) out += "b\n";
      return call < 4;
    }

   private:
    int calls_ = 0;
  };
  const SmallSides sides;
  LineFile text(std::make_unique<Slow>(), sides.folder.path);
  std::string all;
  std::size_t nothings = 0;
  for (Block block; text.next(block);) {
    if (block.size == 0) ++nothings;
    all += block.bytes.substr(0, block.size);
  }
  CHECK(all == "a\nb\n");
  CHECK(nothings == 1);  // the first ended the block of a
}
