#define XXH_INLINE_ALL
#include "reconcile/json/digest.h"

#include <bit>
#include <cstring>
#include <xxhash.h>

#include "reconcile/json/mix.h"
#include "reconcile/json/names.h"
#include "reconcile/json/number.h"
#include "reconcile/json/spelling.h"
#include "record/plain.h"

namespace iso::reconcile {
namespace {

// So that a pair is taken for equal only if 64 more bits of their keys are.
std::uint64_t with_key(std::uint64_t content, KeyHash key) {
  return mix(content ^ key.high, key.low ^ salt::kArray);
}

}  // namespace

struct Digester::Slot {
  enum class Spelling : std::uint8_t { one, text, base64, timestamp, expiration, headers };
  Spelling spelling = Spelling::one;  // of what stands here in a message: the ways to spell it
  static constexpr std::array<std::pair<std::string_view, Spelling>, 5> kSpelled{{
      {"text", Spelling::text},
      {"base64", Spelling::base64},
      {"timestamp", Spelling::timestamp},
      {"expiration", Spelling::expiration},
      {"headers", Spelling::headers},
  }};

  std::uint64_t hash = 0;  // of the name; 0: the slot is free, and stands for all names that have none
  bool of_message = false, is_body = false;
  Rule::Ignored ignored = Rule::Ignored::no;
  std::unique_ptr<Node> node;  // null: no rule
};

// A rule, made for quick look-ups.
struct Digester::Node {
  bool unordered = false, compared = false, sought = false, has_below = false, is_headers = false;
  bool is_root = false, knows_messages = false;
  bool has_names = false;  // rules for some places by name, and not only for all
  int key = -1;
  std::vector<Slot> slots;       // open addressing by the hash of the name; as many as a power of two
  std::size_t mask = 0;          // of an index
  std::unique_ptr<Slot> others;  // of all names that have no slot; or null

  const Slot* find(std::uint64_t hash) const {
    const Slot* const slot = place_of(hash);
    return slot->hash == 0 && others ? others.get() : slot;
  }
  const Slot* slot_of_element(const ValueHasher& hasher, std::uint64_t index) const {
    const bool has_place = !unordered && (has_names || !others);
    return has_place ? find(hasher.hash(std::to_string(index))) : others.get();
  }
  bool has(std::uint64_t hash) const { return place_of(hash)->hash != 0; }
  Slot& room_for(std::uint64_t hash) {
    return slots[static_cast<std::size_t>(place_of(hash) - slots.data())];
  }

 private:
  const Slot* place_of(std::uint64_t hash) const {
    for (std::size_t i = hash;; ++i) {
      const Slot& slot = slots[i & mask];
      if (slot.hash == hash || slot.hash == 0) return &slot;
    }
  }
};

struct Digester::Member {
  std::uint64_t name;
  const Slot* slot;
  Said said;
};

Digester::Digester(const Rule& root, std::size_t key_parts, std::uint64_t seed, std::size_t most_tree)
    : most_tree_(most_tree), hasher_(seed), keys_(key_parts) {
  for (std::size_t at = 0; at < secret_.size(); at += 8) {
    seed += salt::kText;
    const std::uint64_t word = mix(seed ^ salt::kObject, seed ^ salt::kArray);
    std::memcpy(secret_.data() + at, &word, sizeof word);
  }
  root_ = compile(root, true);
}

Digester::~Digester() = default;
Digester::Digester(Digester&&) noexcept = default;

std::unique_ptr<Digester::Node> Digester::compile(const Rule& rule, bool is_root) {
  auto node = std::make_unique<Node>();
  node->unordered = rule.unordered;
  node->compared = rule.compared;
  node->key = rule.key;
  node->sought = rule.sought;
  node->has_names = !rule.below.empty();
  seeks_ = seeks_ || rule.sought;
  node->has_below = !rule.below.empty() || !rule.others.empty();
  node->is_root = is_root;
  node->knows_messages = is_root && is_for_messages(rule);
  node->slots.resize(std::bit_ceil((rule.below.size() + (is_root ? 32 : 0)) * 2 + 2));
  node->mask = node->slots.size() - 1;
  for (const auto& [name, below] : rule.below) insert(*node, name, &below);
  if (const Rule* const others = rule.of_others()) {
    node->others = std::make_unique<Slot>();
    node->others->ignored = others->ignored;
    node->others->node = compile(*others, false);
  }
  if (is_root)
    for (const auto name : message_fields())
      if (!node->has(hasher_.hash(name))) insert(*node, name, rule.of_others());
  return node;
}

void Digester::insert(Node& node, std::string_view name, const Rule* rule) {
  const std::uint64_t name_hash = hasher_.hash(name);
  Slot& slot = node.room_for(name_hash);
  slot.hash = name_hash;
  slot.of_message = is_message_field(name);
  slot.is_body = is_body_field(name);
  if (node.is_root)
    for (const auto& [spelled, spelling] : Slot::kSpelled)
      if (spelled == name) slot.spelling = spelling;
  if (!rule) return;
  slot.ignored = rule->ignored;
  slot.node = compile(*rule, false);
  slot.node->is_headers = node.knows_messages && name == "headers";
}

Digest Digester::read(const char* line) {
  Digest digest = read_as_it_stands(line);
  if (!spelled_ || !is_message_ || digest.state == Digest::State::invalid) return digest;
  const std::string_view json(line, static_cast<std::size_t>(digest.end - line));
  if (most_tree_ != SIZE_MAX && tree_bytes(json) > most_tree_) {
    digest.state = Digest::State::invalid;
    return digest;
  }
  if (!respell(json)) return digest;
  const char* const end = digest.end;
  digest = read_as_it_stands(respelled_.data());
  digest.end = end;
  return digest;
}

bool Digester::respell(std::string_view json) {
  Value message = read_value(json);
  Respelling respelling;
  if (!reconcile::respell(message, respelling)) return false;
  respelled_.clear();
  append_respelled(respelled_, message);
  respelled_.append(1, '\n').append(kPadding, '\0');
  return true;
}

// Only what may be spelled in another way is read again: that takes a tree.
void Digester::note_spelling(const Slot& slot, const char* start, const char* end) {
  const auto size = static_cast<std::size_t>(end - start);
  switch (slot.spelling) {
    case Slot::Spelling::one:
      break;
    case Slot::Spelling::text:
      // What a JSON text can begin with.
      spelled_ = spelled_ || std::strchr("{[\"-0123456789tfn \\", start[1]) != nullptr;
      break;
    case Slot::Spelling::timestamp:
      spelled_ = spelled_ || *start == '"';
      break;
    case Slot::Spelling::expiration:
      spelled_ = spelled_ || *start != '"';
      break;
    case Slot::Spelling::base64:
      spelled_ = true;
      break;
    case Slot::Spelling::headers:
      spelled_ = spelled_ || std::string_view(start, size).find("\"$") != std::string_view::npos;
  }
}

Digest Digester::read_as_it_stands(const char* line) {
  is_message_ = spelled_ = is_sought_there_ = false;
  for (Key& key : keys_) key.found = false;
  content_ = salt::kAbsent;
  hasher_.begin_line();
  Said said{};
  const char* at = ruled(ValueHasher::skip_space(line), *root_, said);
  return at ? finish(ValueHasher::skip_space(at)) : Digest{};
}

Digest Digester::finish(const char* at) {
  Digest digest;
  digest.end = at;
  digest.state = Digest::State::item;
  for (const Key& key : keys_) {
    if (!key.found) digest.state = Digest::State::no_key;
    digest.key = {mix(digest.key.high ^ salt::kText, key.hash.high) ^ key.hash.low,
                  mix(digest.key.low ^ salt::kObject, key.hash.low) ^ key.hash.high};
  }
  digest.has_compared = content_ != salt::kAbsent && (!seeks_ || is_sought_there_);
  digest.content = with_key(content_, digest.key);
  return digest;
}

std::uint64_t Digester::presence(KeyHash key, bool there) {
  return with_key(there ? salt::kTrue : salt::kFalse, key);
}

// A value that has a rule, or whose insides have.
const char* Digester::ruled(const char* at, const Node& node, Said& said) {
  const char* const start = at;
  at = ruled_value(at, node, said);
  if (!at) return nullptr;
  if (node.key >= 0)
    take_key(static_cast<std::size_t>(node.key), {start, static_cast<std::size_t>(at - start)}, said.whole);
  if (node.compared) content_ = node.knows_messages ? said.in_message : said.whole;
  is_sought_there_ = is_sought_there_ || node.sought;
  return at;
}

const char* Digester::ruled_value(const char* at, const Node& node, Said& said) {
  if (*at == '{' && node.has_below) return ruled_object(at, node, said);
  if (*at == '[' && (node.unordered ? node.others != nullptr : node.has_below))
    return ruled_array(at, node, said);
  const auto [end, hash] = *at == '[' && node.unordered ? hasher_.array(at, true) : hasher_.value(at);
  said = {hash, hash, *at == 'n'};
  return end;
}

// What an object's members add up to.
class Digester::Sums {
 public:
  Sums(const ValueHasher& hasher, const Node& node) : hasher_(hasher), node_(node) {}

  void add(const Member& member) { count(member, 1); }
  void take_back(const Member& member) { count(member, ~std::uint64_t{0}); }

  bool is_message() const { return strange_ == 0 && bodies_ != 0; }

  Said said() const {
    const std::uint64_t whole = ValueHasher::object_hash(sum_, count_), left = count_ - left_out_count_;
    const std::uint64_t in_message =
        ValueHasher::object_hash(sum_ - left_out_, left) ^ (node_.knows_messages ? salt::kMessage : 0);
    return {whole, node_.knows_messages && !is_message() ? whole : in_message, left == 0 && node_.is_headers};
  }

 private:
  void count(const Member& member, std::uint64_t times) {
    const Slot& slot = *member.slot;
    if (slot.ignored == Rule::Ignored::always) return;
    if (!slot.of_message) strange_ += times;
    if (slot.is_body) bodies_ += times;
    const Said& said = member.said;
    const std::uint64_t whole = hasher_.member_hash(member.name, said.whole) * times;
    sum_ += whole;
    count_ += times;
    if (slot.ignored == Rule::Ignored::in_messages ||
        (said.nothing && node_.knows_messages && !slot.is_body)) {
      left_out_ += whole;
      left_out_count_ += times;
    } else if (said.in_message != said.whole) {
      left_out_ += whole - hasher_.member_hash(member.name, said.in_message) * times;
    }
  }

  const ValueHasher& hasher_;
  const Node& node_;
  std::uint64_t sum_ = 0, count_ = 0, left_out_ = 0, left_out_count_ = 0;  // left out: in messages
  std::uint64_t strange_ = 0;                                              // members that no message has
  std::uint64_t bodies_ = 0;
};

const char* Digester::ruled_object(const char* at, const Node& node, Said& said) {
  Names<Member> known;
  Sums sums(hasher_, node);
  at = hasher_.members(at, [&](std::uint64_t name, const char* start) {
    const auto [member, fresh] = known.find(name);
    if (!fresh) sums.take_back(member);
    member.name = name;
    member.slot = node.find(name);
    const Node* const below = member.slot->node.get();
    if (!below) {
      const auto [end, hash] = hasher_.value(start);
      member.said = {hash, hash, *start == 'n'};
      if (end) note_spelling(*member.slot, start, end);
      sums.add(member);
      return end;
    }
    if (!fresh) forget(*below);
    member.said = {};
    const char* const end = ruled(start, *below, member.said);
    if (end) note_spelling(*member.slot, start, end);
    sums.add(member);
    return end;
  });
  said = sums.said();
  if (node.is_root) is_message_ = sums.is_message();
  return at;
}

const char* Digester::ruled_array(const char* at, const Node& node, Said& said) {
  std::uint64_t all = 0, count = 0;
  at = hasher_.elements(at, [&](const char* start) {
    const Slot* const slot = node.slot_of_element(hasher_, count++);
    if (!slot->node) {
      const auto [end, hash] = hasher_.value(start);
      all = hasher_.with_element(all, hash, node.unordered);
      return end;
    }
    Said element{};
    const char* const end = ruled(start, *slot->node, element);
    all = hasher_.with_element(all, slot->ignored == Rule::Ignored::always ? salt::kIgnored : element.whole,
                               node.unordered);
    return end;
  });
  const std::uint64_t hash = ValueHasher::array_hash(all, count, node.unordered);
  said = {hash, hash, false};
  return at;
}

// What was found in a member whose name comes again.
void Digester::forget(const Node& node) {
  if (node.key >= 0) keys_[static_cast<std::size_t>(node.key)].found = false;
  if (node.compared) content_ = salt::kAbsent;
  for (const Slot& slot : node.slots)
    if (slot.node) forget(*slot.node);
}

// A key is text, a number, true or false. Its hash is one half, and another kind of hash the other.
void Digester::take_key(std::size_t part, std::string_view json, std::uint64_t hash) {
  std::string_view bytes = json;
  std::uint64_t kind = salt::kBoolean;
  if (json[0] == '"') {
    bytes = json.find('\\') == json.npos ? json.substr(1, json.size() - 2) : hasher_.characters(json);
    kind = salt::kText;
  } else if (json[0] == '-' || is_digit(json[0])) {
    ordered_.clear();
    Number(json).append_ordered(ordered_);
    bytes = ordered_;
    kind = salt::kNumber;
  } else if (json[0] == 'n' || json[0] == '{' || json[0] == '[') {
    return;
  }
  const auto high = XXH3_64bits_withSecret(bytes.data(), bytes.size(), secret_.data(), secret_.size());
  keys_[part] = {true, {high ^ kind, hash}, json};
}

}  // namespace iso::reconcile
