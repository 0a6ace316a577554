#include "reconcile/sides/side.h"

#include <algorithm>
#include <fmt/core.h>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "reconcile/join/workers.h"
#include "reconcile/sides/reduced.h"
#include "record/plain.h"
#include "record/scan.h"

namespace iso::reconcile {
namespace {

constexpr std::size_t kLargeBlock = std::size_t{1} << 20;
constexpr std::size_t kFileBlocksAhead = 64;  // they hold no bytes yet

// What all readers of a pass share.
struct Shared {
  const Scan& scan;
  Partitions& to;
  std::mutex mutex, large;
  std::uint64_t items = 0;
};

// Takes blocks of lines apart, on a thread of its own.
class Reader {
 public:
  explicit Reader(Shared& shared)
      : shared_(shared),
        side_(shared.scan.side),
        digester_(side_.rule, side_.key.size(), shared.scan.seed, side_.most_tree),
        writer_(shared.to) {}

  void operator()(const Block& block) {
    if (block.is_too_long) return refuse(block);
    // One at a time, so that as many of them as there are threads need no more room than one.
    std::unique_lock<std::mutex> alone(shared_.large, std::defer_lock);
    if (block.size > kLargeBlock) alone.lock();
    LineFile::Lines lines;
    for (BlockWalk walk(shared_.scan.text.bytes(block, room_), block.offset); walk.more(); ++lines.count) {
      if (lines.marks.empty() || walk.offset() - lines.marks.back().offset >= LineFile::kMarkEvery)
        lines.marks.push_back({walk.offset(), lines.count});
      const std::size_t size = take(walk.lines(), walk.offset());
      lines.longest = std::max(lines.longest, size);
      walk.skip(size);
    }
    shared_.scan.text.lines_in(block, std::move(lines));
    if (block.size > kLargeBlock) room_ = {};
  }

  void finish() {
    writer_.flush();
    const std::lock_guard lock(shared_.mutex);
    shared_.items += items_;
    LineFile::Seen& seen = shared_.scan.text.seen();
    seen.items = seen.items || seen_.items;
    seen.compared = seen.compared || seen_.compared;
  }

 private:
  void refuse(const Block& block) {
    ++items_;
    {
      const std::lock_guard lock(shared_.mutex);
      shared_.scan.invalid(
          Place(block.offset, shared_.scan.later ? std::uint8_t{Place::later} : std::uint8_t{0}));
    }
    shared_.scan.text.lines_in(block, {{{block.offset, 0}}, 1, 0});
  }

  // The first of `lines`; gives its size.
  std::size_t take(std::string_view lines, std::uint64_t offset) {
    const auto [digest, size, line_flags, blank] = read_line(side_, shared_.scan.expected, digester_, lines);
    if (blank) return size;
    ++items_;
    const Place place(offset,
                      static_cast<std::uint8_t>(line_flags | (shared_.scan.later ? Place::later : 0)));
    if (digest.state == Digest::State::item) {
      seen_.items = true;
      seen_.compared = seen_.compared || digest.has_compared;
      writer_.add({digest.key.high & shared_.scan.key_bits, digest.content, place});
    } else {
      const std::lock_guard lock(shared_.mutex);
      shared_.scan.invalid(place);
    }
    return size;
  }

  Shared& shared_;
  const Side& side_;
  Digester digester_;
  Partitions::Writer writer_;
  std::string room_;
  std::uint64_t items_ = 0;
  LineFile::Seen seen_;
};

}  // namespace

void check_compared(const Side& left, const Side& right) {
  const auto &of_left = left.text->seen(), &of_right = right.text->seen();
  if (left.present || of_left.compared || of_right.compared || !(of_left.items || of_right.items)) return;
  const auto pointer_of = [](const Side& side) {
    std::string pointer;
    for (const auto& token : side.compared) pointer += "/" + pointer_token(token);
    return pointer;
  };
  const std::string on_left = pointer_of(left), on_right = pointer_of(right);
  throw Error(ErrorKind::data, fmt::format("nothing was compared: no item of either side has {}{}", on_left,
                                           on_right == on_left ? "" : ", or " + on_right + " on the right"));
}

std::uint8_t flags_of(const RowState& row) {
  switch (row.settled) {
    case RowState::Settled::pending:
    case RowState::Settled::dead:
      return Place::unsent;
    case RowState::Settled::conflict:
      return Place::conflict;
    case RowState::Settled::done:
    case RowState::Settled::unknown:
      break;
  }
  return 0;
}

ReadLine read_line(const Side& side, const Expected& expected, Digester& digester, std::string_view lines) {
  ReadLine read;
  if (!(side.rows && lines.starts_with('\t'))) read.digest = digester.read(lines.data());
  Digest& digest = read.digest;
  const char* const end = digest.end;
  const auto read_size = static_cast<std::size_t>((end ? end : lines.data()) - lines.data());
  read.size = lines.find('\n', read_size) + 1;
  const std::string_view line = lines.substr(0, read.size);
  if (end && *end != '\n') {
    if (side.rows) {
      read.flags = flags_of(read_row_text(line.substr(read_size)));
    } else {
      digest.state = Digest::State::invalid;
    }
  }
  if (digest.state == Digest::State::invalid) {
    read.blank = line.find_first_not_of(" \t\r\n") == std::string_view::npos;  // a line of nothing is no item
  } else if (side.present) {
    const bool there = !side.ledger || unanswered(read_value(line.substr(0, read_size)), expected).empty();
    digest.content = Digester::presence(digest.key, there);
  }
  return read;
}

BlockWalk::BlockWalk(std::string_view bytes, std::uint64_t offset) : lines_(bytes), offset_(offset) {
  if (offset == 0 && bytes.starts_with(kByteOrderMark)) skip(kByteOrderMark.size());
}

std::int64_t Side::deleted_up_to() const {
  std::int64_t last = 0;
  for (const LineFile* const file : {text.get(), later.get()})
    if (file && file->source()) last = std::max(last, file->source()->deleted_up_to());
  return last;
}

std::string Side::line(Place place) const {
  return (place.has(Place::later) ? *later : *text).line(place.offset());
}

namespace {

// The JSON that a line begins with, but for white space; "" if it does not.
std::string_view json_of(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
  JsonScanner scanner;
  if (line.empty() || scanner.scan(line, true) != JsonScanner::Status::complete) return {};
  return line.substr(0, scanner.position());
}

}  // namespace

std::string item_json(const Side& side, Place place) {
  return std::string(json_of(side.line(place)));
}

std::unique_ptr<Item> read_item(const Side& side, Place place) {
  // Where lines are large, one at a time: all threads together need no more room than one.
  static std::mutex large;
  std::unique_lock<std::mutex> alone(large, std::defer_lock);
  if (side.longest_line() > kLargeBlock) alone.lock();
  std::string line = side.line(place);
  if (line.size() < side.most_tree / kMostGrowth || tree_bytes(line) <= side.most_tree)
    return std::make_unique<Item>(std::move(line), side.rows, side.rule);
  const std::string_view json = json_of(line);
  if (!json.starts_with('{'))
    return std::make_unique<Item>(std::move(line), side.rows, side.rule);  // no item: there is no tree
  std::string less = reduced(json, side.key);
  less.append(json.end(), std::string_view(line).end());  // of a row what its store says
  auto item = std::make_unique<Item>(std::move(less), side.rows, side.rule);
  item->is_reduced = true;
  return item;
}

std::uint64_t Side::line_number(Place place) const {
  return (place.has(Place::later) ? *later : *text).line_number(place.offset());
}

std::size_t Side::longest_line() const {
  return std::max(text->longest_line(), later ? later->longest_line() : 0);
}

std::vector<std::string> unanswered(const Value& item, const Expected& expected) {
  std::vector<std::string> lacking;
  for (const auto& application : expected) {
    const Value* const answer = find_value(item, {"acks", application});
    if (!answer || answer->string != "handled") lacking.push_back(application);
  }
  return lacking;
}

std::uint64_t scan(const Scan& scan, Partitions& to, const std::atomic<int>& stop) {
  Shared shared{scan, to, {}, {}, 0};
  const std::size_t ahead = scan.text.source() ? scan.threads + 2 : kFileBlocksAhead;
  Workers<Block> workers(scan.threads, ahead, [&shared] { return Reader(shared); });
  for (Block block; stop == 0 && scan.text.next(block); block = {}) {
    if (block.size != 0) workers.put(std::move(block));
    scan.progress();
  }
  workers.finish();
  return shared.items;
}

}  // namespace iso::reconcile
