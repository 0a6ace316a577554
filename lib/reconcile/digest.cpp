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
  while (*at == ' ' || *at == '\t' || *at == '\r') ++at;
  return at;
}

inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

inline std::uint64_t with_word(std::uint64_t hash, std::uint64_t word) {
  return mix(hash ^ word, kText);
}

// Eight bytes at a time, the last with zeros after them.
std::uint64_t with_words(std::uint64_t hash, std::string_view bytes) {
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), sizeof word);
    hash = with_word(hash, word);
  }
  if (bytes.empty()) return hash;
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data(), bytes.size());
  return with_word(hash, word);
}

// The first byte from `at` on that a string may not hold as it is; `seen` gathers the bytes before it, to
// tell whether any is beyond ASCII, and `hash` what with_words() makes of them.
inline const char* plain_end(const char* at, std::uint64_t& seen, std::uint64_t& hash) {
  if constexpr (std::endian::native == std::endian::little) {
    for (;; at += 8) {
      std::uint64_t word;
      std::memcpy(&word, at, sizeof word);
      const std::uint64_t stops = mask_not_plain(word);
      if (stops == 0) {
        seen |= word;
        hash = with_word(hash, word);
        continue;
      }
      const int bytes = std::countr_zero(stops) / 8;
      if (bytes == 0) return at;
      word &= ~std::uint64_t{0} >> (64 - 8 * bytes);
      seen |= word;
      hash = with_word(hash, word);
      return at + bytes;
    }
  } else {
    const char* const start = at;
    for (; is_plain(*at); ++at) seen |= static_cast<std::uint64_t>(*at) << 56;
    hash = with_words(hash, {start, static_cast<std::size_t>(at - start)});
    return at;
  }
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

constexpr std::size_t kFew = 24;  // names: among so many a look at each is fastest

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

// Which names an object had so far.
class Digester::Names {
 public:
  // The place of a name among those that came, and whether it is new.
  std::pair<std::size_t, bool> add(std::uint64_t hash) {
    const auto [found, fresh] = places_.try_emplace(hash, places_.size());
    return {found->second, fresh};
  }

 private:
  std::unordered_map<std::uint64_t, std::size_t> places_;
};

struct Digester::Slot {
  std::uint64_t hash = 0;
  std::string name;
  bool used = false, of_message = false, is_body = false;
  std::unique_ptr<Node> node;  // null: no rule
};

// A rule, made for quick look-ups.
struct Digester::Node {
  Rule::Ignored ignored = Rule::Ignored::no;
  bool unordered = false, compared = false, has_below = false, knows_messages = false, is_headers = false;
  int key = -1;
  std::vector<Slot> slots;  // open addressing by the hash of the name

  const Slot* find(std::uint64_t hash, std::string_view name) const {
    for (std::size_t i = hash;; ++i) {
      const Slot& slot = slots[i & (slots.size() - 1)];
      if (!slot.used) return nullptr;
      if (slot.hash == hash && slot.name == name) return &slot;
    }
  }
};

const Digester::Node* Digester::Member::below() const {
  return slot ? slot->node.get() : nullptr;
}

Digester::Digester(const Rule& root, std::size_t key_parts, std::uint64_t seed) : keys_(key_parts) {
  for (std::size_t at = 0; at < secret_.size(); at += 8) {
    seed += kText;
    const std::uint64_t word = mix(seed ^ kObject, seed ^ kArray);
    std::memcpy(secret_.data() + at, &word, sizeof word);
  }
  start_ = mix(seed ^ kText, seed ^ kNumber);
  root_ = compile(root, true);
}

Digester::~Digester() = default;
Digester::Digester(Digester&&) noexcept = default;

std::uint64_t Digester::hash(std::string_view bytes) const {
  return mix(with_words(start_, bytes), bytes.size());
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
      if (!node->find(hash(name), name)) insert(*node, std::string(name), nullptr);
  return node;
}

void Digester::insert(Node& node, std::string name, const Rule* rule) const {
  const std::uint64_t name_hash = hash(name);
  std::size_t i = name_hash;
  while (node.slots[i & (node.slots.size() - 1)].used) ++i;
  Slot& slot = node.slots[i & (node.slots.size() - 1)];
  slot.used = true;
  slot.hash = name_hash;
  slot.of_message = is_message_field(name);
  slot.is_body = is_body_field(name);
  slot.name = std::move(name);
  if (!rule) return;
  slot.node = compile(*rule, false);
  slot.node->is_headers = node.knows_messages && slot.name == "headers";
}

Digest Digester::read(const char* line) {
  for (Key& key : keys_) key.found = false;
  content_ = kAbsent;
  depth_ = 0;
  line_end_ = nullptr;
  shares_.clear();
  members_.clear();
  Said said;
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

const char* Digester::value(const char* at, std::uint64_t& hash) {
  switch (*at) {
    case '"': {
      std::string_view characters;
      at = text(at, characters, hash);
      hash ^= kText;
      return at;
    }
    case '{':
      return depth_ < kRecursive ? object(at, hash) : deep(at, hash);
    case '[':
      return depth_ < kRecursive ? array(at, false, hash) : deep(at, hash);
    case 't':
      hash = kTrue;
      return word_end(at, "true");
    case 'f':
      hash = kFalse;
      return word_end(at, "false");
    case 'n':
      hash = kNull;
      return word_end(at, "null");
    default:
      return number(at, hash);
  }
}

const char* Digester::text(const char* at, std::string_view& characters, std::uint64_t& hash) {
  const char* const start = at;
  std::uint64_t seen = 0, words = start_;
  at = plain_end(at + 1, seen, words);
  if (*at == '\\') return escaped(start, at, characters, hash);
  characters = {start + 1, static_cast<std::size_t>(at - start - 1)};
  hash = mix(words, characters.size());
  if (*at != '"' || (mask_not_ascii(seen) != 0 && !is_utf8(characters))) return nullptr;
  return at + 1;
}

// `at` is at the first escape. The characters are copied.
const char* Digester::escaped(const char* start, const char* at, std::string_view& characters,
                              std::uint64_t& hash) {
  std::uint64_t unused = 0;
  while (*at == '\\') {
    if (at[1] == 'u') {
      for (int digit = 2; digit < 6; ++digit)
        if (!is_hex_digit(at[digit])) return nullptr;
      at += 4;
    } else if (at[1] == '\0' || !std::strchr("\"\\/bfnrt", at[1])) {
      return nullptr;
    }
    at = plain_end(at + 2, unused, unused);
  }
  const std::string_view json(start, static_cast<std::size_t>(at - start + 1));
  if (*at != '"' || !is_utf8(json)) return nullptr;
  auto read = read_json_string(json);
  scratch_ = read ? std::move(*read) : kNoCharacters + std::string(json);
  characters = scratch_;
  hash = this->hash(characters);
  return at + 1;
}

const char* Digester::number(const char* at, std::uint64_t& hash) {
  const char* const start = at;
  const bool negative = *at == '-';
  if (negative) ++at;
  const char* const digits = at;
  std::uint64_t whole = 0;  // wraps when there are too many digits, and is not used then
  for (; is_digit(*at); ++at) whole = whole * 10 + static_cast<std::uint64_t>(*at - '0');
  if (at == digits || (*digits == '0' && at - digits > 1)) return nullptr;
  if (*at != '.' && *at != 'e' && *at != 'E' && at - digits <= Number::kSmallDigits) {
    hash = small_number(negative, whole, 0);
    return at;
  }
  if (*at == '.') {
    if (!is_digit(at[1])) return nullptr;
    at = digits_end(at + 1);
  }
  if (*at == 'e' || *at == 'E') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    if (!is_digit(*at)) return nullptr;
    at = digits_end(at);
  }
  hash = number_hash({start, static_cast<std::size_t>(at - start)});
  return at;
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
const char* Digester::deep(const char* at, std::uint64_t& hash) {
  if (!line_end_) line_end_ = static_cast<const char*>(rawmemchr(at, '\n'));
  const std::string_view rest(at, static_cast<std::size_t>(line_end_ - at));
  JsonScanner scanner;
  if (scanner.scan(rest, true) != JsonScanner::Status::complete) return nullptr;
  const std::string_view json = rest.substr(0, scanner.position());
  if (depth_ + nesting_of(json) > kMaxDepth) return nullptr;
  std::string canonical;
  append_canonical(canonical, read_value(json));
  hash = this->hash(canonical) ^ kDeep;
  return at + json.size();
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

const char* Digester::array(const char* at, bool unordered, std::uint64_t& hash) {
  std::uint64_t all = 0, count = 0;
  at = elements(at, [&](const char* start) {
    std::uint64_t element = 0;
    const char* const end = value(start, element);
    all = with_element(all, element, unordered);
    ++count;
    return end;
  });
  hash = array_hash(all, count, unordered);
  return at;
}

// Walks an object's members; `take` gets a name's hash and characters and where its value starts, and gives
// where that ends.
template <class Take>
const char* Digester::members(const char* at, Take take) {
  if (++depth_ > kMaxDepth) return nullptr;
  at = skip_space(at + 1);
  for (bool more = *at != '}'; more;) {
    std::string_view name;
    std::uint64_t name_hash = 0;
    if (*at != '"' || !(at = text(at, name, name_hash))) return nullptr;
    at = skip_space(at);
    if (*at != ':') return nullptr;
    at = take(name_hash, name, skip_space(at + 1));
    if (!at) return nullptr;
    at = skip_space(at);
    more = *at == ',';
    if (!more && *at != '}') return nullptr;
    if (more) at = skip_space(at + 1);
  }
  --depth_;
  return at + 1;
}

// Of a name that comes twice the last counts. What each name adds to the sum lies on a stack of all objects
// that are open, which costs no allocation.
const char* Digester::object(const char* at, std::uint64_t& hash) {
  const std::size_t base = shares_.size();
  std::unique_ptr<Names> many;
  std::uint64_t sum = 0;
  at = members(at, [&](std::uint64_t name, std::string_view, const char* start) {
    std::uint64_t share = 0;
    const char* const end = value(start, share);
    if (!end) return end;
    share = mix(name, share);
    sum += share;
    sum -= std::exchange(shares_[place_of(shares_, base, name, many)].share, share);
    return end;
  });
  hash = object_hash(sum, shares_.size() - base);
  shares_.resize(base);
  return at;
}

// Where the entry of a name is, or now is, in the object whose entries start at `base` of a stack.
template <class Entry>
std::size_t Digester::place_of(std::vector<Entry>& stack, std::size_t base, std::uint64_t name,
                               std::unique_ptr<Names>& many) {
  const std::size_t count = stack.size() - base;
  if (count < kFew) {
    for (std::size_t i = base; i < stack.size(); ++i)
      if (stack[i].name == name) return i;
    stack.emplace_back().name = name;
    return base + count;
  }
  if (!many) {
    many = std::make_unique<Names>();
    for (std::size_t i = base; i < stack.size(); ++i) many->add(stack[i].name);
  }
  const auto [index, fresh] = many->add(name);
  if (fresh) stack.emplace_back().name = name;
  return base + index;
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
  said.nothing = *at == 'n';
  at = *at == '[' && node.unordered ? array(at, true, said.whole) : value(at, said.whole);
  said.in_message = said.whole;
  return at;
}

const char* Digester::ruled_object(const char* at, const Node& node, Said& said) {
  const std::size_t base = members_.size();
  std::unique_ptr<Names> many;
  at = members(at, [&](std::uint64_t name, std::string_view characters, const char* start) {
    const std::size_t index = place_of(members_, base, name, many);
    if (members_[index].met) {
      if (const Node* const again = members_[index].below()) forget(*again);
    } else {
      members_[index].slot = node.find(name, characters);
      members_[index].met = true;
    }
    const Node* const below = members_[index].below();
    Said inner;
    inner.nothing = *start == 'n';
    const char* const end = below ? ruled(start, *below, inner) : value(start, inner.whole);
    if (!below) inner.in_message = inner.whole;
    members_[index].said = inner;
    return end;
  });
  if (at) sum_up(node, std::span(members_).subspan(base), said);
  members_.resize(base);
  return at;
}

void Digester::sum_up(const Node& node, std::span<const Member> members, Said& said) {
  std::uint64_t whole = 0, whole_count = 0, in_message = 0, in_message_count = 0;
  bool all_known = true, has_body = false;
  for (const Member& member : members) {
    const Node* const below = member.below();
    const Rule::Ignored ignored = below ? below->ignored : Rule::Ignored::no;
    if (ignored == Rule::Ignored::always) continue;
    all_known = all_known && member.slot && member.slot->of_message;
    has_body = has_body || (member.slot && member.slot->is_body);
    whole += mix(member.name, member.said.whole);
    ++whole_count;
    const bool left_out =
        node.knows_messages && member.said.nothing && !(member.slot && member.slot->is_body);
    if (ignored == Rule::Ignored::in_messages || left_out) continue;
    in_message += mix(member.name, member.said.in_message);
    ++in_message_count;
  }
  said.whole = object_hash(whole, whole_count);
  said.in_message = object_hash(in_message, in_message_count);
  if (node.knows_messages) said.in_message ^= kMessage;
  said.nothing = in_message_count == 0 && node.is_headers;
  if (node.knows_messages && !(all_known && has_body)) said.in_message = said.whole;
}

const char* Digester::ruled_array(const char* at, const Node& node, Said& said) {
  std::uint64_t all = 0, count = 0;
  at = elements(at, [&](const char* start) {
    const std::string index = std::to_string(count++);
    const Slot* const slot = node.find(hash(index), index);
    Said element;
    const char* const end =
        slot && slot->node ? ruled(start, *slot->node, element) : value(start, element.whole);
    if (slot && slot->node && slot->node->ignored == Rule::Ignored::always) element.whole = kIgnored;
    all = with_element(all, element.whole, false);
    return end;
  });
  said.whole = array_hash(all, count, false);
  said.in_message = said.whole;
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
    std::uint64_t unused = 0;
    text(json.data(), bytes, unused);
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
