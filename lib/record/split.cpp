#include "record/split.h"

#include <algorithm>
#include <fmt/core.h>

#include "record/plain.h"

namespace iso {
namespace {

// A buffer larger than this is shrunk again when little of it is needed.
constexpr std::size_t kLargeBuffer = 1 << 20;

// How far after a value its follower is searched for. Bounded, so that no amount of white space delays it for
// ever.
constexpr std::size_t kLookAhead = 64;

bool is_blank(char c) {
  return is_space(c) && c != '\n';
}

bool opens(char c) {
  return c == '{' || c == '[';
}

bool is_one_of(std::string_view set, char c) {
  return set.find(c) != std::string_view::npos;
}

bool starts_word_or_number(char c) {
  return is_one_of("tfn-0123456789", c);
}

std::string_view without_space_at_end(std::string_view bytes) {
  while (!bytes.empty() && is_space(bytes.back())) bytes.remove_suffix(1);
  return bytes;
}

std::string unexpected(char c) {
  if (c > ' ' && c < '\x7F') return fmt::format("unexpected '{}' after a value", c);
  return fmt::format("unexpected byte 0x{:02x} after a value", static_cast<unsigned char>(c));
}

}  // namespace

Splitter::Splitter(Framing framing) : framing_(framing), past_mark_(framing == Framing::whole) {}

// Every byte is moved here at most once a piece and once for each doubling, so the cost stays linear.
std::span<char> Splitter::space(std::size_t at_least) {
  const std::size_t need = end_ - begin_ + at_least;
  if (capacity_ > kLargeBuffer && need <= capacity_ / 4) {
    move_to(std::max(need, kLargeBuffer / 4));
  } else if (need > capacity_) {
    move_to(std::max(need, 2 * capacity_));
  } else if (capacity_ - end_ < at_least) {
    std::copy(buffer_.get() + begin_, buffer_.get() + end_, buffer_.get());
    end_ -= begin_;
    begin_ = 0;
  }
  return {buffer_.get() + end_, capacity_ - end_};
}

void Splitter::move_to(std::size_t capacity) {
  std::unique_ptr<char[]> moved(new char[capacity]);
  std::copy(buffer_.get() + begin_, buffer_.get() + end_, moved.get());
  buffer_ = std::move(moved);
  capacity_ = capacity;
  end_ -= begin_;
  begin_ = 0;
}

void Splitter::filled(std::size_t bytes) {
  end_ += bytes;
}

void Splitter::finish() {
  finished_ = true;
}

std::optional<Piece> Splitter::next() {
  if (!past_mark_ && !past_mark()) return std::nullopt;
  switch (framing_) {
    case Framing::lines:
      return next_line();
    case Framing::whole:
      return next_whole();
    case Framing::json:
    case Framing::records:
      break;
  }
  return next_value();
}

bool Splitter::past_mark() {
  const std::string_view bytes = unread();
  if (!finished_ && bytes.size() < kByteOrderMark.size() && kByteOrderMark.starts_with(bytes)) return false;
  if (bytes.starts_with(kByteOrderMark)) {
    advance(kByteOrderMark.size());
    line_start_ = offset_;
  }
  past_mark_ = true;
  return true;
}

std::optional<Piece> Splitter::next_line() {
  const std::size_t newline = unread().find('\n', searched_);
  if (newline != std::string_view::npos) {
    const Piece line = take(newline);
    advance(1);
    return line;
  }
  searched_ = end_ - begin_;
  if (!finished_ || begin_ == end_) return std::nullopt;
  return take(end_ - begin_);
}

std::optional<Piece> Splitter::next_whole() {
  if (!finished_ || number_ > 0) return std::nullopt;
  return take(end_ - begin_);
}

std::optional<Piece> Splitter::next_value() {
  if (seeking_ == Seeking::to_give) return give_bad();
  if (seeking_ == Seeking::to_drop && !drop_bad()) return std::nullopt;
  skip_space();
  if (begin_ == end_) return std::nullopt;
  switch (scanner_.scan(unread(), finished_)) {
    case JsonScanner::Status::complete:
      return end_value();
    case JsonScanner::Status::bad:
      return reject(scanner_.position(), scanner_.what());
    case JsonScanner::Status::more:
      break;
  }
  return std::nullopt;
}

void Splitter::skip_space() {
  const std::string_view bytes = unread();
  const auto past = std::find_if_not(bytes.begin(), bytes.end(), is_space);
  advance(static_cast<std::size_t>(past - bytes.begin()));
}

std::optional<Piece> Splitter::end_value() {
  const std::size_t length = scanner_.position();
  std::size_t at = length;
  switch (look_past(length, at)) {
    case Follower::unknown:
      return std::nullopt;
    case Follower::bad:
      return reject(at, unexpected(unread()[at]));
    case Follower::good:
      break;
  }
  wary_ = false;
  if (framing_ == Framing::records && unread().front() != '{') {
    return take(length, place(0) + "expected an object, since that is what a record is");
  }
  return take(length);
}

// Whether the bytes after a value of `length` bytes prove that it stands alone; `at` is where this shows.
// Skips white space only to the end of the line, so that a value on a live pipe does not wait for the next
// one; further only if it may be the last element of a broken array, which the next line would show.
Splitter::Follower Splitter::look_past(std::size_t length, std::size_t& at) const {
  const std::string_view bytes = unread().substr(0, length + kLookAhead);
  const auto passes = [this](char c) { return wary_ ? is_space(c) : is_blank(c); };
  while (at < bytes.size() && passes(bytes[at])) ++at;
  if (at == length + kLookAhead) return Follower::good;
  if (at == bytes.size()) return finished_ ? Follower::good : Follower::unknown;
  if (is_one_of(":,]}", bytes[at])) return Follower::bad;
  if (at > length || is_space(bytes[at]) || opens(bytes[at]) || bytes[at] == '"') return Follower::good;
  const bool marks_its_end = is_one_of("\"]}", bytes[length - 1]);
  return marks_its_end && starts_word_or_number(bytes[at]) ? Follower::good : Follower::bad;
}

std::optional<Piece> Splitter::reject(std::size_t fault, std::string_view why) {
  error_ = place(fault).append(why);
  nested_ = opens(unread().front());
  seeking_ = Seeking::to_give;
  searched_ = 0;
  return give_bad();
}

std::optional<Piece> Splitter::give_bad() {
  const auto start = find_start();
  if (!start && !finished_ && end_ - begin_ < kMaxBad) return std::nullopt;
  const std::size_t passed = start.value_or(end_ - begin_);
  const auto bytes = without_space_at_end(unread().substr(0, passed));
  // If the grammar allows a line break and then { or [ here, the next line may be part of this value.
  wary_ = wary_ || is_one_of("[{,:", bytes.back());
  seeking_ = start || finished_ ? Seeking::nothing : Seeking::to_drop;
  const std::size_t searched = searched_;
  Piece bad = take(bytes.size(), std::move(error_));
  advance((seeking_ == Seeking::to_drop ? searched : passed) - bytes.size());
  return bad;
}

// True if the next start was found; it is then at begin_.
bool Splitter::drop_bad() {
  const auto start = find_start();
  if (start) seeking_ = Seeking::nothing;
  advance(start ? *start : finished_ ? end_ - begin_ : searched_);
  searched_ = 0;
  return start.has_value();
}

// The start of the next line that can start a value. A line break at the very end is kept until the line
// after it is there.
std::optional<std::size_t> Splitter::find_start() {
  const std::string_view bytes = unread();
  while (true) {
    const std::size_t newline = bytes.find('\n', searched_);
    searched_ = std::min(newline, bytes.size());
    if (newline == std::string_view::npos) return std::nullopt;
    if (!nested_) return newline + 1;
    if (newline + 1 == bytes.size()) return std::nullopt;
    if (opens(bytes[newline + 1])) return newline + 1;
    ++searched_;
  }
}

Piece Splitter::take(std::size_t length, std::string error) {
  Piece piece{unread().substr(0, length), ++number_, line_, offset_, std::move(error)};
  advance(length);
  searched_ = 0;
  scanner_.reset();
  return piece;
}

void Splitter::advance(std::size_t bytes) {
  const std::string_view passed = unread().substr(0, bytes);
  for (auto at = passed.find('\n'); at != std::string_view::npos; at = passed.find('\n', at + 1)) {
    ++line_;
    line_start_ = offset_ + at + 1;
  }
  begin_ += bytes;
  offset_ += bytes;
}

// "line 3, byte 17: " for the byte that is `at` after the start of what is unread.
std::string Splitter::place(std::size_t at) const {
  const std::string_view before = unread().substr(0, at);
  const auto breaks = static_cast<std::uint64_t>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t last = before.rfind('\n');
  const std::uint64_t column = last == std::string_view::npos ? offset_ + at - line_start_ : at - last - 1;
  return fmt::format("line {}, byte {}: ", line_ + breaks, column + 1);
}

}  // namespace iso
