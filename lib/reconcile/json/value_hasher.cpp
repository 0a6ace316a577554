#include "reconcile/json/value_hasher.h"

#include <algorithm>

#include "reconcile/json/comparison.h"
#include "reconcile/json/names.h"
#include "reconcile/json/value.h"
#include "record/members.h"

namespace iso::reconcile {
namespace {

inline std::uint64_t digit_of(char c) {
  return static_cast<unsigned char>(c - '0');
}

const char* digits_end(const char* at) {
  while (is_digit(*at)) ++at;
  return at;
}

const char* word_end(const char* at, std::string_view word) {
  return std::memcmp(at, word.data(), word.size()) == 0 ? at + word.size() : nullptr;
}

constexpr std::size_t kRecursive = 256;  // levels; threads may have small stacks

// How deeply a well-formed value is nested.
std::size_t nesting_of(std::string_view json) {
  std::size_t depth = 0, most = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string && c == '\\') ++i;
    if (c == '"') in_string = !in_string;
    if (in_string) continue;
    if (c == '{' || c == '[') most = std::max(most, ++depth);
    if (c == '}' || c == ']') --depth;
  }
  return most;
}

}  // namespace

ValueHasher::ValueHasher(std::uint64_t seed)
    : first_secret_(mix(seed ^ salt::kText, seed ^ salt::kNumber)),
      second_secret_(mix(seed ^ salt::kNumber, seed ^ salt::kTrue)),
      number_secret_(mix(seed ^ salt::kTrue, seed ^ salt::kText)) {}

void ValueHasher::begin_line() {
  depth_ = 0;
  guess_ = guesses_.data();
  line_end_ = nullptr;
}

std::uint64_t ValueHasher::hash(std::string_view bytes) const {
  std::uint64_t hash = first_secret_;
  for (bool more = true; more;) {
    const auto block = PlainBlock::of(bytes.data(), std::min(bytes.size(), PlainBlock::kBytes));
    bytes.remove_prefix(block.size);
    more = block.is_whole();
    hash = more ? with_block(hash, block) : with_last_block(hash, block);
  }
  return hash;
}

ValueHasher::Walked ValueHasher::other_value(const char* at) {
  switch (*at) {
    case '{':
      return depth_ < kRecursive ? object(at) : deep(at);
    case '[':
      return depth_ < kRecursive ? array(at, false) : deep(at);
    case 't':
      return {word_end(at, "true"), salt::kTrue};
    case 'f':
      return {word_end(at, "false"), salt::kFalse};
    case 'n':
      return {word_end(at, "null"), salt::kNull};
    default:
      return number(at);
  }
}

// A string with an escape, with bytes beyond ASCII, or not well-formed; `at` is at the first byte that does
// not stand for itself.
ValueHasher::Walked ValueHasher::odd_text(const char* start, const char* at) {
  const bool escaped = *at == '\\';
  while (*at == '\\') {
    if (at[1] == 'u') {
      for (int digit = 2; digit < 6; ++digit)
        if (!is_hex_digit(at[digit])) return {};
      at += 4;
    } else if (at[1] == '\0' || !std::strchr("\"\\/bfnrt", at[1])) {
      return {};
    }
    for (at += 2; is_plain(*at);) ++at;
  }
  const std::string_view json(start, static_cast<std::size_t>(at - start + 1));
  if (*at != '"' || !is_utf8(json)) return {};
  return {at + 1, hash(escaped ? characters(json) : json.substr(1, json.size() - 2))};
}

// Of a well-formed string with escapes.
std::string_view ValueHasher::characters(std::string_view json) {
  auto read = read_json_string(json);
  scratch_ = read ? std::move(*read) : kNoCharacters + std::string(json);
  return scratch_;
}

// A number of at most 18 digits: ± digits · 10^exponent.
inline std::uint64_t ValueHasher::small_number(const Number::Small& number) const {
  auto [negative, digits, exponent] = number;
  if (digits == 0) return fold(number_secret_, first_secret_);
  for (; digits % 10 == 0; ++exponent) digits /= 10;
  const std::uint64_t scale = (static_cast<std::uint64_t>(exponent) << 1) | (negative ? 1 : 0);
  return fold(digits ^ number_secret_, scale ^ first_secret_);
}

ValueHasher::Walked ValueHasher::number(const char* at) {
  const char* const start = at;
  const bool negative = *at == '-';
  if (negative) ++at;
  const char* const digits = at;
  std::uint64_t number = 0;  // wraps when there are too many digits, and is not used then
  for (; is_digit(*at); ++at) number = number * 10 + digit_of(*at);
  if (at == digits || (*digits == '0' && at - digits > 1)) return {};
  const char* const whole_end = at;
  if (*at == '.') {
    const char* const point = at++;
    for (; is_digit(*at); ++at) number = number * 10 + digit_of(*at);
    if (at == point + 1) return {};
  }
  if (*at == 'e' || *at == 'E' || at - digits > Number::kSmallDigits) return large_number(start, at);
  return {at, small_number({negative, number, at == whole_end ? 0 : whole_end + 1 - at})};
}

// One with too many digits, or with an exponent, at which `at` is.
ValueHasher::Walked ValueHasher::large_number(const char* start, const char* at) {
  if (*at == 'e' || *at == 'E') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    if (!is_digit(*at)) return {};
    at = digits_end(at);
  }
  return {at, number_hash({start, static_cast<std::size_t>(at - start)})};
}

// All spellings of a number take the same one of the two ways, since that depends on its value alone.
std::uint64_t ValueHasher::number_hash(std::string_view text) {
  const Number number(text);
  if (const auto small = number.small()) return small_number(*small);
  scratch_.clear();
  number.append_ordered(scratch_);
  return hash(scratch_) ^ salt::kBigNumber;
}

// What is nested so deeply is hashed by its canonical form, without recursion. Equal values are as deep.
ValueHasher::Walked ValueHasher::deep(const char* at) {
  if (!line_end_) line_end_ = static_cast<const char*>(rawmemchr(at, '\n'));
  const std::string_view rest(at, static_cast<std::size_t>(line_end_ - at));
  JsonScanner scanner;
  if (scanner.scan(rest, true) != JsonScanner::Status::complete) return {};
  const std::string_view json = rest.substr(0, scanner.position());
  if (depth_ + nesting_of(json) > kMaxDepth) return {};
  std::string canonical;
  append_canonical(canonical, read_value(json));
  return {at + json.size(), hash(canonical) ^ salt::kDeep};
}

ValueHasher::Walked ValueHasher::array(const char* at, bool unordered) {
  std::uint64_t all = 0, count = 0;
  at = elements(at, [&](const char* start) {
    const auto [end, hash] = value(start);
    all = with_element(all, hash, unordered);
    ++count;
    return end;
  });
  return {at, array_hash(all, count, unordered)};
}

ValueHasher::Walked ValueHasher::object(const char* at) {
  Names<std::uint64_t> shares;
  std::uint64_t sum = 0;
  at = members(at, [&](std::uint64_t name, const char* start) {
    const auto [end, hash] = value(start);
    const auto [share, fresh] = shares.find(name);
    if (!fresh) sum -= share;
    share = member_hash(name, hash);
    sum += share;
    return end;
  });
  return {at, object_hash(sum, shares.size())};
}

}  // namespace iso::reconcile
