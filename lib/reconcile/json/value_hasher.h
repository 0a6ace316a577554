#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "reconcile/json/mix.h"
#include "reconcile/json/number.h"
#include "reconcile/json/plain_block.h"
#include "record/scan.h"

namespace iso::reconcile {

// What a hash starts from, so that values of different kinds differ: arbitrary odd numbers.
namespace salt {
inline constexpr std::uint64_t kText = 0x9e3779b97f4a7c15, kObject = 0x94d049bb133111eb,
                               kArray = 0xd6e8feb86659fd93, kUnordered = 0xa0761d6478bd642f,
                               kNumber = 0xe7037ed1a0b428db, kBigNumber = 0x8ebc6af09c88c6e3,
                               kTrue = 0x589965cc75374cc3, kFalse = 0x1d8e4e27c47d124f,
                               kNull = 0xeb44accab455d165, kIgnored = 0x4cf5ad432745937f,
                               kAbsent = 0x2127599bf4325c37, kBoolean = 0x6c62272e07bb0142,
                               kMessage = 0x62b821756295c58d, kDeep = 0x71d67fffeda60001;
}  // namespace salt

// Hashes the JSON text of a line, without a tree, and checks it against RFC 8259. The seed is part of each
// hash except those of true, false, null and anything empty, so that nobody can construct a collision without
// knowing it. Equal values have equal hashes: numbers by value, strings by characters; of members with the
// same name the last one counts. The line ends with a line break, and kPadding more bytes may be read. For
// one thread.
class ValueHasher {
 public:
  static constexpr std::size_t kPadding = PlainBlock::kBytes;

  explicit ValueHasher(std::uint64_t seed);

  // Where a value ends, or null if it is not well-formed.
  struct Walked {
    const char* end = nullptr;
    std::uint64_t hash = 0;
  };
  void begin_line();  // before anything else of a line
  Walked value(const char* at) { return *at == '"' ? text(at) : other_value(at); }
  Walked array(const char* at, bool unordered);

  // Walks an array's elements; `take` gets where one starts, and gives where it ends.
  template <class Take>
  const char* elements(const char* at, Take take);
  // Walks an object's members; `take` gets a name's hash and where its value starts, and gives where that
  // ends.
  template <class Take>
  const char* members(const char* at, Take take);

  // What a member adds to the sum of its object, and a sum's hash.
  std::uint64_t member_hash(std::uint64_t name, std::uint64_t value) const {
    return fold(name, value ^ second_secret_);
  }
  static std::uint64_t object_hash(std::uint64_t sum, std::uint64_t count) {
    return mix(sum ^ salt::kObject, count);
  }
  // Of an array, which is 0 before its first element; and of all its elements.
  std::uint64_t with_element(std::uint64_t all, std::uint64_t element, bool unordered) const {
    return unordered ? all + fold(element ^ first_secret_, second_secret_)
                     : fold(all ^ element ^ first_secret_, second_secret_);
  }
  static std::uint64_t array_hash(std::uint64_t all, std::uint64_t count, bool unordered) {
    return mix(all ^ salt::kArray, count ^ (unordered ? salt::kUnordered : salt::kArray));
  }

  // Of characters, such as a name's.
  std::uint64_t hash(std::string_view characters) const;
  // Of a string that is well-formed; they live until the next call.
  std::string_view characters(std::string_view json);

  static const char* skip_space(const char* at) {
    while (static_cast<unsigned char>(*at) <= ' ' && (*at == ' ' || *at == '\t' || *at == '\r')) ++at;
    return at;
  }

 private:
  // A name with its quotes and its colon, if 16 bytes hold them.
  struct Guess {
    std::array<std::uint64_t, 2> text{}, mask{~std::uint64_t{0}, ~std::uint64_t{0}};  // matches no JSON
    std::size_t size = 0;
    std::uint64_t hash = 0;

    Guess() = default;
    Guess(const char* at, std::size_t length, std::uint64_t its_hash) : size(length), hash(its_hash) {
      if (size > sizeof text) return;
      mask = {};
      std::memcpy(text.data(), at, size);
      std::memset(mask.data(), 0xFF, size);
    }

    bool is_at(const char* at) const {
      std::array<std::uint64_t, 2> words;
      std::memcpy(words.data(), at, sizeof words);
      return (((words[0] ^ text[0]) & mask[0]) | ((words[1] ^ text[1]) & mask[1])) == 0;
    }
  };

  std::uint64_t with_block(std::uint64_t hash, const PlainBlock& block) const {
    return fold(block.first ^ second_secret_, block.second ^ hash);
  }
  // Its size tells its bytes from the zeros after them.
  std::uint64_t with_last_block(std::uint64_t hash, const PlainBlock& block) const {
    return fold(block.first ^ second_secret_, block.second ^ (hash + block.size));
  }
  // What stands between an opening bracket, at which `at` is, and its closing one.
  template <class Take>
  const char* listed(const char* at, char end, Take take);
  Walked name(const char* at);
  Walked text(const char* at);
  Walked odd_text(const char* start, const char* at);
  Walked other_value(const char* at);
  Walked object(const char* at);
  Walked number(const char* at);
  Walked large_number(const char* start, const char* at);
  std::uint64_t small_number(const Number::Small& number) const;
  std::uint64_t number_hash(std::string_view number);
  Walked deep(const char* at);

  std::uint64_t first_secret_, second_secret_, number_secret_;
  std::size_t depth_ = 0;
  std::array<Guess, 64> guesses_;   // the names of the last item, in their order
  Guess* guess_ = nullptr;          // of the next name
  const char* line_end_ = nullptr;  // once it was sought
  std::string scratch_;
};

inline ValueHasher::Walked ValueHasher::text(const char* at) {
  const char* const start = at++;
  std::uint64_t beyond_ascii = 0, hash = first_secret_;
  PlainBlock block = plain_block(at);
  for (; block.is_whole(); block = plain_block(at)) {
    beyond_ascii |= block.beyond_ascii;
    hash = with_block(hash, block);
    at += PlainBlock::kBytes;
  }
  beyond_ascii |= block.beyond_ascii;
  at += block.size;
  if (*at == '"' && beyond_ascii == 0) [[likely]]
    return {at + 1, with_last_block(hash, block)};
  return odd_text(start, at);
}

// A member's name with its colon. Most items are alike: their names are those of the last item, in the same
// order. Whether that is so again is seen sooner than where a name ends and what its hash is.
inline ValueHasher::Walked ValueHasher::name(const char* at) {
  Guess& guess = *guess_;
  if (guess_ != &guesses_.back()) ++guess_;
  if (guess.is_at(at)) [[likely]]
    return {at + guess.size, guess.hash};
  const auto [end, hash] = *at == '"' ? text(at) : Walked{};
  const char* const colon = end ? skip_space(end) : nullptr;
  if (!colon || *colon != ':') return {};
  guess = Guess(at, static_cast<std::size_t>(colon + 1 - at), hash);
  return {colon + 1, hash};
}

template <class Take>
const char* ValueHasher::listed(const char* at, char end, Take take) {
  if (++depth_ > kMaxDepth) return nullptr;
  at = skip_space(at + 1);
  for (bool more = *at != end; more;) {
    at = take(at);
    if (!at) return nullptr;
    at = skip_space(at);
    more = *at == ',';
    if (!more && *at != end) return nullptr;
    if (more) at = skip_space(at + 1);
  }
  --depth_;
  return at + 1;
}

template <class Take>
const char* ValueHasher::elements(const char* at, Take take) {
  return listed(at, ']', take);
}

template <class Take>
const char* ValueHasher::members(const char* at, Take take) {
  return listed(at, '}', [&](const char* member) {
    const auto [start, name] = this->name(member);
    return start ? take(name, skip_space(start)) : nullptr;
  });
}

}  // namespace iso::reconcile
