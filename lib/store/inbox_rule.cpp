#include "store/inbox_rule.h"

#include <fmt/core.h>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "record/members.h"
#include "record/number.h"
#include "record/write.h"

namespace iso::store {
namespace {

constexpr std::size_t kLongestKey = 255;
constexpr std::int64_t kMostZeros = 18;
constexpr std::string_view kWholeBody = "/body";

// Equal for equal numbers, and for people as far as it is short.
std::string number_text(std::string_view json) {
  const Number number(json);
  if (const auto small = number.small()) {
    const bool plain = small->exponent >= 0 && small->exponent <= kMostZeros;
    return fmt::format("{}{}{}", small->negative ? "-" : "", small->digits,
                       plain ? std::string(static_cast<std::size_t>(small->exponent), '0')
                             : fmt::format("e{}", small->exponent));
  }
  std::string ordered;
  number.append_ordered(ordered);
  return "#" + hash_text(ordered);
}

// Text by its characters, numbers by value, anything else as it stands.
std::string canonical(std::string_view json) {
  if (json.front() == '-' || (json.front() >= '0' && json.front() <= '9')) return number_text(json);
  const auto characters = json.front() == '"' ? read_json_string(json) : std::nullopt;
  if (!characters) return std::string(json);
  std::string text;
  append_json_string(text, *characters);
  return text;
}

}  // namespace

std::optional<std::string> InboxRule::key_of(const Record& record) const {
  auto key = pointed_at(record);
  if (!key) key = record.message_id;
  if (!key || key->empty()) return std::nullopt;
  return key->size() <= kLongestKey ? std::move(key) : "xxh3-128:" + hash_text(*key);
}

// With its pointer before it, so that it is never another's message_id.
std::optional<std::string> InboxRule::pointed_at(const Record& record) const {
  if (!key_) return std::nullopt;
  if (key_->text() == kWholeBody && !record.body.empty())
    return fmt::format("{}={}", kWholeBody, record.body);
  const auto json = key_->json_at(record);
  if (!json || json->empty() || *json == "\"\"") return std::nullopt;
  return fmt::format("{}={}", key_->text(), canonical(*json));
}

std::string conflict_text(std::string_view name, std::string_view key) {
  return fmt::format("conflict: a message with the key \"{}\" and other content arrived; it is kept in {}",
                     key, name);
}

}  // namespace iso::store
