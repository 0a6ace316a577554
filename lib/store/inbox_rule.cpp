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
constexpr std::int64_t kAtOnce = 256;
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

struct Unkeyed {
  std::int64_t seq = 0;
  std::string key;
};

std::vector<Unkeyed> next_unkeyed(sqlite::Database& database, std::string_view queue, const InboxRule& rule,
                                  std::int64_t& after) {
  static const std::string kSql = fmt::format(
      "SELECT {} FROM iso_messages WHERE queue = ? AND seq > ? AND dedupe_key IS NULL AND state <> 3 "
      "ORDER BY seq LIMIT ?",
      kMessage);
  std::vector<Unkeyed> found;
  auto row = database.query(kSql);
  row.bind(queue).bind(after).bind(kAtOnce);
  while (row.step()) {
    StoredMessage message;
    const std::string error = read_row(row, queue, message);
    after = message.seq;
    found.push_back({message.seq, error.empty() ? rule.key_of(message.record).value_or("") : std::string()});
  }
  return found;
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

void make_inbox(StoreFile& file, std::string_view queue, const InboxRule& rule) {
  auto& database = file.database();
  const std::string text = rule.text();
  {
    auto known = database.query("SELECT value FROM iso_meta WHERE name = 'inbox/' || ?");
    if (known.bind(queue).step() && known.text(0) == text) return;
  }
  sqlite::Transaction transaction(database);
  database.query("INSERT OR REPLACE INTO iso_meta(name, value) VALUES('inbox/' || ?, ?)")
      .bind(queue)
      .bind(text)
      .run();
  std::int64_t after = 0;
  for (auto some = next_unkeyed(database, queue, rule, after); !some.empty();
       some = next_unkeyed(database, queue, rule, after))
    for (const Unkeyed& one : some)
      if (!one.key.empty())
        database.query("UPDATE OR IGNORE iso_messages SET dedupe_key = ? WHERE seq = ?")
            .bind(one.key)
            .bind(one.seq)
            .run();
  file.changed_topology();
  transaction.commit();
}

std::map<std::string, InboxRule, std::less<>> inbox_rules(sqlite::Database& database) {
  std::map<std::string, InboxRule, std::less<>> rules;
  for (auto row = database.query("SELECT substr(name, 7), value FROM iso_meta WHERE name LIKE 'inbox/%'");
       row.step();)
    rules.emplace(row.text(0),
                  InboxRule(row.text(1).empty() ? std::nullopt : std::optional<Pointer>(row.text(1))));
  return rules;
}

Received receive(StoreFile& file, std::string_view queue, const NewRow& row,
                 const std::optional<std::string>& key) {
  static const std::string kNew = fmt::format(
      "INSERT INTO iso_messages({}, dedupe_key) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT(queue, dedupe_key) WHERE dedupe_key IS NOT NULL AND state <> 3 "
      "DO UPDATE SET duplicates = duplicates + 1 WHERE body_hash = excluded.body_hash RETURNING duplicates",
      kNewRow);
  static const std::string kConflict = fmt::format(
      "INSERT INTO iso_messages({}, dedupe_key, state) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 3)",
      kNewRow);
  auto& database = file.database();
  std::optional<std::int64_t> duplicates;
  {
    auto insert = database.query(kNew);
    bind_new_row(insert, queue, row);
    insert.bind(key);
    while (insert.step()) duplicates = insert.integer(0);
  }
  if (duplicates) return *duplicates == 0 ? Received::stored : Received::duplicate;
  if (!key) file.must_have_changed("storing a message");
  // One that an application put there has no hash: then the bodies themselves are compared.
  database
      .query(
          "UPDATE iso_messages SET duplicates = duplicates + 1 WHERE queue = ?1 AND dedupe_key = ?2 AND "
          "state <> 3 AND body_hash IS NULL AND CAST(body AS BLOB) = ?3")
      .bind(queue)
      .bind(*key)
      .bind_blob(row.record.body)
      .run();
  if (database.changes() != 0) return Received::duplicate;
  // A redelivery of a conflict is not another one.
  database
      .query(
          "UPDATE iso_messages SET duplicates = duplicates + 1 WHERE queue = ? AND state >= 2 AND state = 3 "
          "AND dedupe_key = ? AND body_hash = ?")
      .bind(queue)
      .bind(*key)
      .bind_blob(row.hash)
      .run();
  if (database.changes() != 0) return Received::conflict_again;
  auto insert = database.query(kConflict);
  bind_new_row(insert, queue, row);
  insert.bind(std::string_view(*key)).run();
  file.must_have_changed("storing a message");
  return Received::conflict;
}

std::string conflict_text(const StoreFile& file, std::string_view key) {
  return fmt::format("conflict: a message with the key \"{}\" and other content arrived; it is kept in {}",
                     key, file.path());
}

}  // namespace iso::store
