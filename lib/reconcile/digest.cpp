#define XXH_INLINE_ALL
#include "reconcile/digest.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_map>
#include <utility>
#include <xxhash.h>

#include "reconcile/comparison.h"
#include "reconcile/mix.h"
#include "reconcile/number.h"
#include "reconcile/plain_block.h"
#include "reconcile/value.h"
#include "record/members.h"
#include "record/plain.h"
#include "record/scan.h"

namespace iso {
namespace {

// What a hash starts from, so that values of different kinds differ: arbitrary odd numbers.
constexpr std::uint64_t kText = 0x9e3779b97f4a7c15, kObject = 0x94d049bb133111eb, kArray = 0xd6e8feb86659fd93,
                        kUnordered = 0xa0761d6478bd642f, kNumber = 0xe7037ed1a0b428db,
                        kBigNumber = 0x8ebc6af09c88c6e3, kTrue = 0x589965cc75374cc3,
                        kFalse = 0x1d8e4e27c47d124f, kNull = 0xeb44accab455d165,
                        kIgnored = 0x4cf5ad432745937f, kAbsent = 0x2127599bf4325c37,
                        kBoolean = 0x6c62272e07bb0142, kMessage = 0x62b821756295c58d,
                        kDeep = 0x71d67fffeda60001;

inline const char* skip_space(const char* at) {
  while (static_cast<unsigned char>(*at) <= ' ' && (*at == ' ' || *at == '\t' || *at == '\r')) ++at;
  return at;
}

inline std::uint64_t digit_of(char c) {
  return static_cast<std::uint64_t>(c - '0');
}

inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// A number of at most 18 digits: ± digits · 10^exponent.
inline std::uint64_t small_number(bool negative, std::uint64_t digits, std::int64_t exponent) {
  if (digits == 0) return mix(kNumber, 0);
  for (; digits % 10 == 0; ++exponent) digits /= 10;
  return mix(kNumber ^ digits, (static_cast<std::uint64_t>(exponent) << 1) | (negative ? 1 : 0));
}

const char* digits_end(const char* at) {
  while (is_digit(*at)) ++at;
  return at;
}

const char* word_end(const char* at, std::string_view word) {
  return std::memcmp(at, word.data(), word.size()) == 0 ? at + word.size() : nullptr;
}

constexpr std::size_t kGuesses = 64;  // names of an item

std::uint64_t object_hash(std::uint64_t sum, std::uint64_t count) {
  return mix(sum ^ kObject, count);
}

std::uint64_t with_element(std::uint64_t all, std::uint64_t element, bool unordered) {
  return unordered ? all + mix(element, kUnordered) : mix(all ^ element, kArray);
}

std::uint64_t array_hash(std::uint64_t all, std::uint64_t count, bool unordered) {
  return mix(all ^ kArray, count ^ (unordered ? kUnordered : kArray));
}

// So that a pair is taken for equal only if 64 more bits of their keys are.
std::uint64_t with_key(std::uint64_t content, KeyHash key) {
  return mix(content ^ key.high, key.low ^ kArray);
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

// What an object's names stand for, of a name that comes twice the last.
template <class Entry>
class Digester::Names {
 public:
  struct Found {
    Entry& entry;
    bool fresh;  // the name is new
  };

  // The entry stays where it is.
  Found find(std::uint64_t name) {
    if (many_) return find_among_many(name);
    const std::uint64_t bit = std::uint64_t{1} << (name >> 58);
    const bool perhaps_known = (std::exchange(seen_, seen_ | bit) & bit) != 0;
    if (perhaps_known)
      for (std::size_t i = 0; i < count_; ++i)
        if (few_[i].name == name) return {few_[i].entry, false};
    if (count_ == kFew) return find_among_many(name);
    few_[count_].name = name;
    return {few_[count_++].entry, true};
  }

  std::size_t size() const { return count_ + (many_ ? many_->size() : 0); }

 private:
  static constexpr std::size_t kFew = 24;  // among so many a look at each is fastest
  struct Named {
    std::uint64_t name;
    Entry entry;
  };
  using Many = std::unordered_map<std::uint64_t, Entry>;

  Found find_among_many(std::uint64_t name) {
    if (!many_) many_ = std::make_unique<Many>();
    for (std::size_t i = 0; i < count_; ++i)
      if (few_[i].name == name) return {few_[i].entry, false};
    const auto [found, fresh] = many_->try_emplace(name);
    return {found->second, fresh};
  }

  std::uint64_t seen_ = 0;  // a bit of each name's hash: most names are new, and this tells without a look
  std::size_t count_ = 0;
  std::array<Named, kFew> few_;
  std::unique_ptr<Many> many_;
};

struct Digester::Slot {
  std::uint64_t hash = 0;  // of the name; 0: the slot is free
  bool of_message = false, is_body = false;
  std::unique_ptr<Node> node;  // null: no rule
};

// A rule, made for quick look-ups.
struct Digester::Node {
  Rule::Ignored ignored = Rule::Ignored::no;
  bool unordered = false, compared = false, has_below = false, knows_messages = false, is_headers = false;
  int key = -1;
  std::vector<Slot> slots;  // open addressing by the hash of the name

  const Slot* find(std::uint64_t hash) const {
    for (std::size_t i = hash;; ++i) {
      const Slot& slot = slots[i & (slots.size() - 1)];
      if (slot.hash == hash) return &slot;
      if (slot.hash == 0) return nullptr;
    }
  }
};

// A name with its quotes, as long as 16 bytes hold it.
struct Digester::Guess {
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

struct Digester::Member {
  std::uint64_t name;
  const Slot* slot;
  Said said;

  const Node* below() const { return slot ? slot->node.get() : nullptr; }
};

Digester::Digester(const Rule& root, std::size_t key_parts, std::uint64_t seed)
    : guesses_(kGuesses), keys_(key_parts) {
  for (std::size_t at = 0; at < secret_.size(); at += 8) {
    seed += kText;
    const std::uint64_t word = mix(seed ^ kObject, seed ^ kArray);
    std::memcpy(secret_.data() + at, &word, sizeof word);
  }
  first_secret_ = mix(seed ^ kText, seed ^ kNumber);
  second_secret_ = mix(seed ^ kNumber, seed ^ kTrue);
  root_ = compile(root, true);
}

Digester::~Digester() = default;
Digester::Digester(Digester&&) noexcept = default;

inline std::uint64_t Digester::with_block(std::uint64_t hash, const PlainBlock& block) const {
  return mix(block.first ^ second_secret_, block.second ^ hash);
}

// Its size tells its bytes from the zeros after them.
inline std::uint64_t Digester::with_last_block(std::uint64_t hash, const PlainBlock& block) const {
  return mix(block.first ^ second_secret_, block.second ^ (hash + block.size));
}

std::uint64_t Digester::hash(std::string_view bytes) const {
  std::uint64_t hash = first_secret_;
  for (bool more = true; more;) {
    PlainBlock block;
    block.size = std::min(bytes.size(), PlainBlock::kBytes);
    std::memcpy(&block.first, bytes.data(), std::min<std::size_t>(block.size, 8));
    if (block.size > 8) std::memcpy(&block.second, bytes.data() + 8, block.size - 8);
    bytes.remove_prefix(block.size);
    more = block.is_whole();
    hash = more ? with_block(hash, block) : with_last_block(hash, block);
  }
  return hash;
}

std::unique_ptr<Digester::Node> Digester::compile(const Rule& rule, bool is_root) const {
  auto node = std::make_unique<Node>();
  node->ignored = rule.ignored;
  node->unordered = rule.unordered;
  node->compared = rule.compared;
  node->key = rule.key;
  node->has_below = !rule.below.empty();
  node->knows_messages = is_root && is_for_messages(rule);
  node->slots.resize(std::bit_ceil((rule.below.size() + (node->knows_messages ? 32 : 0)) * 2 + 2));
  for (const auto& [name, below] : rule.below) insert(*node, name, &below);
  if (node->knows_messages)
    for (const auto name : message_fields())
      if (!node->find(hash(name))) insert(*node, name, nullptr);
  return node;
}

void Digester::insert(Node& node, std::string_view name, const Rule* rule) const {
  const std::uint64_t name_hash = hash(name);
  std::size_t i = name_hash;
  while (node.slots[i & (node.slots.size() - 1)].hash != 0) ++i;
  Slot& slot = node.slots[i & (node.slots.size() - 1)];
  slot.hash = name_hash;
  slot.of_message = is_message_field(name);
  slot.is_body = is_body_field(name);
  if (!rule) return;
  slot.node = compile(*rule, false);
  slot.node->is_headers = node.knows_messages && name == "headers";
}

Digest Digester::read(const char* line) {
  for (Key& key : keys_) key.found = false;
  content_ = kAbsent;
  depth_ = 0;
  names_read_ = 0;
  line_end_ = nullptr;
  Said said{};
  const char* at = ruled(skip_space(line), *root_, said);
  return at ? finish(skip_space(at)) : Digest{};
}

Digest Digester::finish(const char* at) {
  Digest digest;
  digest.end = at;
  digest.state = Digest::State::item;
  for (const Key& key : keys_) {
    if (!key.found) digest.state = Digest::State::no_key;
    digest.key = {mix(digest.key.high ^ kText, key.hash.high) ^ key.hash.low,
                  mix(digest.key.low ^ kObject, key.hash.low) ^ key.hash.high};
  }
  digest.content = with_key(content_, digest.key);
  return digest;
}

std::uint64_t Digester::presence(KeyHash key, bool there) {
  return with_key(there ? kTrue : kFalse, key);
}

Digester::Walked Digester::value(const char* at) {
  switch (*at) {
    case '"': {
      const auto [end, hash] = text(at);
      return {end, hash ^ kText};
    }
    case '{':
      return depth_ < kRecursive ? object(at) : deep(at);
    case '[':
      return depth_ < kRecursive ? array(at, false) : deep(at);
    case 't':
      return {word_end(at, "true"), kTrue};
    case 'f':
      return {word_end(at, "false"), kFalse};
    case 'n':
      return {word_end(at, "null"), kNull};
    default:
      return number(at);
  }
}

inline Digester::Walked Digester::text(const char* at) {
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

// A string with an escape, with bytes beyond ASCII, or not well-formed; `at` is at the first byte that does
// not stand for itself.
Digester::Walked Digester::odd_text(const char* start, const char* at) {
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
std::string_view Digester::characters(std::string_view json) {
  auto read = read_json_string(json);
  scratch_ = read ? std::move(*read) : kNoCharacters + std::string(json);
  return scratch_;
}

inline Digester::Walked Digester::number(const char* at) {
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
  if (*at != 'e' && *at != 'E' && at - digits <= Number::kSmallDigits)
    return {at, small_number(negative, number, at == whole_end ? 0 : whole_end + 1 - at)};
  if (*at == 'e' || *at == 'E') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    if (!is_digit(*at)) return {};
    at = digits_end(at);
  }
  return {at, number_hash({start, static_cast<std::size_t>(at - start)})};
}

// All spellings of a number take the same one of the two ways, since that depends on its value alone.
std::uint64_t Digester::number_hash(std::string_view text) {
  const Number number(text);
  if (const auto small = number.small()) return small_number(small->negative, small->digits, small->exponent);
  scratch_.clear();
  number.append_ordered(scratch_);
  return hash(scratch_) ^ kBigNumber;
}

// What is nested so deeply is hashed by its canonical form, without recursion. Equal values are as deep.
Digester::Walked Digester::deep(const char* at) {
  if (!line_end_) line_end_ = static_cast<const char*>(rawmemchr(at, '\n'));
  const std::string_view rest(at, static_cast<std::size_t>(line_end_ - at));
  JsonScanner scanner;
  if (scanner.scan(rest, true) != JsonScanner::Status::complete) return {};
  const std::string_view json = rest.substr(0, scanner.position());
  if (depth_ + nesting_of(json) > kMaxDepth) return {};
  std::string canonical;
  append_canonical(canonical, read_value(json));
  return {at + json.size(), hash(canonical) ^ kDeep};
}

// Walks an array's elements; `take` gets where one starts, and gives where it ends.
template <class Take>
const char* Digester::elements(const char* at, Take take) {
  if (++depth_ > kMaxDepth) return nullptr;
  at = skip_space(at + 1);
  for (bool more = *at != ']'; more;) {
    at = take(at);
    if (!at) return nullptr;
    at = skip_space(at);
    more = *at == ',';
    if (!more && *at != ']') return nullptr;
    if (more) at = skip_space(at + 1);
  }
  --depth_;
  return at + 1;
}

Digester::Walked Digester::array(const char* at, bool unordered) {
  std::uint64_t all = 0, count = 0;
  at = elements(at, [&](const char* start) {
    const auto [end, hash] = value(start);
    all = with_element(all, hash, unordered);
    ++count;
    return end;
  });
  return {at, array_hash(all, count, unordered)};
}

// Most items are alike: their names are those of the last item, in the same order. Whether that is so again
// is seen sooner than where a name ends and what its hash is.
inline Digester::Walked Digester::name(const char* at) {
  if (names_read_ == guesses_.size()) return text(at);
  Guess& guess = guesses_[names_read_++];
  if (guess.is_at(at)) [[likely]]
    return {at + guess.size, guess.hash};
  const auto [end, hash] = text(at);
  guess = end ? Guess(at, static_cast<std::size_t>(end - at), hash) : Guess();
  return {end, hash};
}

// Walks an object's members; `take` gets a name's hash and where its value starts, and gives where that ends.
template <class Take>
const char* Digester::members(const char* at, Take take) {
  if (++depth_ > kMaxDepth) return nullptr;
  at = skip_space(at + 1);
  for (bool more = *at != '}'; more;) {
    if (*at != '"') return nullptr;
    const auto [name_end, name] = this->name(at);
    if (!name_end) return nullptr;
    at = skip_space(name_end);
    if (*at != ':') return nullptr;
    at = take(name, skip_space(at + 1));
    if (!at) return nullptr;
    at = skip_space(at);
    more = *at == ',';
    if (!more && *at != '}') return nullptr;
    if (more) at = skip_space(at + 1);
  }
  --depth_;
  return at + 1;
}

Digester::Walked Digester::object(const char* at) {
  Names<std::uint64_t> shares;
  std::uint64_t sum = 0;
  at = members(at, [&](std::uint64_t name, const char* start) {
    const auto [end, hash] = value(start);
    const auto [share, fresh] = shares.find(name);
    if (!fresh) sum -= share;
    share = mix(name, hash);
    sum += share;
    return end;
  });
  return {at, object_hash(sum, shares.size())};
}

// A value that has a rule, or whose insides have.
const char* Digester::ruled(const char* at, const Node& node, Said& said) {
  const char* const start = at;
  at = ruled_value(at, node, said);
  if (!at) return nullptr;
  if (node.key >= 0)
    take_key(static_cast<std::size_t>(node.key), {start, static_cast<std::size_t>(at - start)});
  if (node.compared) content_ = node.knows_messages ? said.in_message : said.whole;
  return at;
}

const char* Digester::ruled_value(const char* at, const Node& node, Said& said) {
  if (*at == '{' && node.has_below) return ruled_object(at, node, said);
  if (*at == '[' && node.has_below && !node.unordered) return ruled_array(at, node, said);
  const auto [end, hash] = *at == '[' && node.unordered ? array(at, true) : value(at);
  said = {hash, hash, *at == 'n'};
  return end;
}

// What an object's members add up to.
class Digester::Sums {
 public:
  explicit Sums(const Node& node) : node_(node) {}

  void add(const Member& member) { count(member, 1); }
  void take_back(const Member& member) { count(member, ~std::uint64_t{0}); }

  Said said() const {
    const bool is_message = strange_ == 0 && bodies_ != 0;
    const std::uint64_t whole = object_hash(whole_, whole_count_);
    const std::uint64_t in_message =
        object_hash(in_message_, in_message_count_) ^ (node_.knows_messages ? kMessage : 0);
    return {whole, node_.knows_messages && !is_message ? whole : in_message,
            in_message_count_ == 0 && node_.is_headers};
  }

 private:
  void count(const Member& member, std::uint64_t times) {
    const Slot* const slot = member.slot;
    const Rule::Ignored ignored = slot && slot->node ? slot->node->ignored : Rule::Ignored::no;
    if (ignored == Rule::Ignored::always) return;
    const bool is_body = slot && slot->is_body;
    if (!slot || !slot->of_message) strange_ += times;
    if (is_body) bodies_ += times;
    whole_ += mix(member.name, member.said.whole) * times;
    whole_count_ += times;
    const bool left_out = node_.knows_messages && member.said.nothing && !is_body;
    if (ignored == Rule::Ignored::in_messages || left_out) return;
    in_message_ += mix(member.name, member.said.in_message) * times;
    in_message_count_ += times;
  }

  const Node& node_;
  std::uint64_t whole_ = 0, whole_count_ = 0, in_message_ = 0, in_message_count_ = 0;
  std::uint64_t strange_ = 0;  // members that no message has
  std::uint64_t bodies_ = 0;
};

const char* Digester::ruled_object(const char* at, const Node& node, Said& said) {
  Names<Member> known;
  Sums sums(node);
  at = members(at, [&](std::uint64_t name, const char* start) {
    const auto [member, fresh] = known.find(name);
    if (!fresh) sums.take_back(member);
    member.name = name;
    member.slot = node.find(name);
    const Node* const below = member.below();
    if (!below) {
      const auto [end, hash] = value(start);
      member.said = {hash, hash, *start == 'n'};
      sums.add(member);
      return end;
    }
    if (!fresh) forget(*below);
    const char* const end = ruled(start, *below, member.said);
    sums.add(member);
    return end;
  });
  said = sums.said();
  return at;
}

const char* Digester::ruled_array(const char* at, const Node& node, Said& said) {
  std::uint64_t all = 0, count = 0;
  at = elements(at, [&](const char* start) {
    const std::string index = std::to_string(count++);
    const Slot* const slot = node.find(hash(index));
    if (!slot || !slot->node) {
      const auto [end, hash] = value(start);
      all = with_element(all, hash, false);
      return end;
    }
    Said element{};
    const char* const end = ruled(start, *slot->node, element);
    all = with_element(all, slot->node->ignored == Rule::Ignored::always ? kIgnored : element.whole, false);
    return end;
  });
  const std::uint64_t hash = array_hash(all, count, false);
  said = {hash, hash, false};
  return at;
}

// What was found in a member whose name comes again.
void Digester::forget(const Node& node) {
  if (node.key >= 0) keys_[static_cast<std::size_t>(node.key)].found = false;
  if (node.compared) content_ = kAbsent;
  for (const Slot& slot : node.slots)
    if (slot.node) forget(*slot.node);
}

// A key is text, a number, true or false.
void Digester::take_key(std::size_t part, std::string_view json) {
  std::string_view bytes = json;
  std::uint64_t kind = kBoolean;
  if (json[0] == '"') {
    bytes = json.find('\\') == json.npos ? json.substr(1, json.size() - 2) : characters(json);
    kind = kText;
  } else if (json[0] == '-' || is_digit(json[0])) {
    scratch_.clear();
    Number(json).append_ordered(scratch_);
    bytes = scratch_;
    kind = kNumber;
  } else if (json[0] == 'n' || json[0] == '{' || json[0] == '[') {
    return;
  }
  const auto wide = XXH3_128bits_withSecret(bytes.data(), bytes.size(), secret_.data(), secret_.size());
  keys_[part] = {true, {wide.high64 ^ kind, wide.low64}, json};
}

}  // namespace iso
