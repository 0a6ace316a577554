// In whatever parts a stream comes, its pieces are the same; between pieces nothing is lost but what parts
// them; and what is not there yet is not looked at. The first byte of the input says how it is cut.
#include "record/split.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "record/plain.h"
#include "record/scan.h"
#include "require.h"

using namespace iso;
using fuzz::require;

namespace {

struct Kept {
  std::string bytes, error;
  std::uint64_t number, line, offset;
  bool operator==(const Kept&) const = default;
};

std::vector<Kept> split(Framing framing, std::string_view input, std::size_t seed) {
  Splitter splitter(framing);
  std::vector<Kept> pieces;
  const auto drain = [&] {
    while (auto piece = splitter.next())
      pieces.push_back({std::string(piece->bytes), piece->error, piece->number, piece->line, piece->offset});
  };
  for (std::string_view rest = input; !rest.empty();) {
    seed = seed * 6364136223846793005 + 1442695040888963407;
    const auto part = rest.substr(0, seed == 0 ? rest.size() : 1 + (seed >> 60));
    const auto space = splitter.space(part.size());
    require(space.size() >= part.size(), "there is the room that was asked for");
    std::memset(space.data(), '"', space.size());  // seen by a splitter that reads too far
    std::memcpy(space.data(), part.data(), part.size());
    splitter.filled(part.size());
    rest.remove_prefix(part.size());
    drain();
  }
  splitter.finish();
  drain();
  return pieces;
}

void check_gap(Framing framing, std::string_view gap, bool first, bool last) {
  if (first && framing != Framing::whole && gap.starts_with("\xEF\xBB\xBF")) gap.remove_prefix(3);
  if (framing == Framing::lines) {
    require(first || (last && gap.empty()) || gap == "\n", "lines are parted by one line break", gap);
  } else {
    require(std::all_of(gap.begin(), gap.end(), is_space), "nothing is lost but white space", gap);
  }
}

void check_piece(Framing framing, const Kept& piece) {
  if (framing == Framing::lines || framing == Framing::whole) {
    require(piece.error.empty(), "text is never bad", piece.error);
  } else if (piece.error.empty()) {
    require(is_json(piece.bytes), "a good piece is JSON", piece.bytes);
    require(framing == Framing::json || piece.bytes.starts_with('{'), "a record is an object", piece.bytes);
  }
}

void check(Framing framing, std::string_view input, const std::vector<Kept>& pieces) {
  std::size_t at = 0, line = 1, number = 0;
  for (const Kept& piece : pieces) {
    require(piece.offset >= at && input.substr(piece.offset, piece.bytes.size()) == piece.bytes,
            "a piece is what stands at its offset", piece.bytes);
    check_gap(framing, input.substr(at, piece.offset - at), number == 0, false);
    line +=
        static_cast<std::size_t>(std::count(input.begin() + static_cast<std::ptrdiff_t>(at),
                                            input.begin() + static_cast<std::ptrdiff_t>(piece.offset), '\n'));
    require(piece.line == line, "a piece knows its line", piece.bytes);
    require(piece.number == ++number, "pieces are counted from 1");
    check_piece(framing, piece);
    line += static_cast<std::size_t>(std::count(piece.bytes.begin(), piece.bytes.end(), '\n'));
    at = piece.offset + piece.bytes.size();
  }
  check_gap(framing, input.substr(at), number == 0, true);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto framing = static_cast<Framing>(data[0] % 4);
  const auto input = fuzz::text_of(data + 1, size - 1);
  const auto whole = split(framing, input, 0);
  check(framing, input, whole);
  if (framing == Framing::whole)
    require(whole.size() == 1 && whole[0].bytes == input, "all of it is one piece");
  for (const std::size_t seed : {std::size_t{1}, size, static_cast<std::size_t>(data[size - 1]) << 20})
    require(split(framing, input, seed) == whole, "pieces do not depend on how the bytes come");
  return 0;
}
