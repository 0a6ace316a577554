#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/json/rules.h"
#include "reconcile/json/value_hasher.h"

namespace iso::reconcile {

struct KeyHash {
  std::uint64_t high = 0, low = 0;
  bool operator==(const KeyHash&) const = default;
};

// As much of an item as most comparisons need.
struct Digest {
  enum class State : std::uint8_t { item, no_key, invalid };

  State state = State::invalid;
  bool has_compared = false;  // it has the part that is compared
  KeyHash key;                // equal for equal keys: by value for numbers, by characters for strings
  std::uint64_t content = 0;  // equal for equal keys with equal contents, as `same` in patch.h means it
  const char* end = nullptr;  // after the item's value and the white space behind it
};

// Reads items in one pass, without a tree, and checks them against RFC 8259. Different digests mean different
// items; two different items have equal digests with a probability of 2^-64, and nobody can provoke that
// without knowing the seed. For one thread.
class Digester {
 public:
  // Bytes after the line that may be read, whatever they are.
  static constexpr std::size_t kPadding = ValueHasher::kPadding;

  // A message that is spelled otherwise, and whose tree would take more than `most_tree` bytes, is invalid.
  Digester(const Rule& root, std::size_t key_parts, std::uint64_t seed, std::size_t most_tree = SIZE_MAX);
  ~Digester();
  Digester(Digester&&) noexcept;

  // `line` is one item and ends with a line break.
  Digest read(const char* line);

  // The JSON of a part of the last item's key. It lives until the next line is read.
  std::string_view key_part(std::size_t part) const { return keys_[part].json; }

  // The content of an item of which only one thing is said.
  static std::uint64_t presence(KeyHash key, bool there);

  // The same seed's hash of any bytes.
  std::uint64_t hash(std::string_view bytes) const { return hasher_.hash(bytes); }

 private:
  struct Node;
  struct Slot;
  class Sums;

  // The two things that a value may be taken for.
  struct Said {
    std::uint64_t whole, in_message;
    bool nothing;  // in a message: as if it were left out
  };
  struct Member;  // of an object that has rules

  std::unique_ptr<Node> compile(const Rule& rule, bool is_root);
  void insert(Node& node, std::string_view name, const Rule* rule);

  const char* ruled(const char* at, const Node& node, Said& said);
  const char* ruled_value(const char* at, const Node& node, Said& said);
  const char* ruled_object(const char* at, const Node& node, Said& said);
  const char* ruled_array(const char* at, const Node& node, Said& said);
  void forget(const Node& node);
  void take_key(std::size_t part, std::string_view json, std::uint64_t hash);
  Digest finish(const char* at);
  Digest read_as_it_stands(const char* line);
  bool respell(std::string_view json);
  std::size_t most_tree_;
  void note_spelling(const Slot& slot, const char* start, const char* end);

  std::array<unsigned char, 192> secret_;
  ValueHasher hasher_;
  std::unique_ptr<Node> root_;
  std::string ordered_;
  bool seeks_ = false;  // some rule is `sought`

  // Of the item that is being read.
  struct Key {
    bool found = false;
    KeyHash hash;
    std::string_view json;
  };
  std::vector<Key> keys_;
  std::uint64_t content_ = 0;
  bool is_sought_there_ = false;
  bool is_message_ = false, spelled_ = false;  // spelled: perhaps otherwise than it is read (spelling.h)
  std::string respelled_;
};

}  // namespace iso::reconcile
