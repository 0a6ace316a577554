#include "store/queue.h"

#include <fmt/core.h>

#include "base/error.h"
#include "base/random.h"
#include "record/binding_kind.h"

namespace iso::store {
namespace {

#define UNCLAIMED "NOT EXISTS (SELECT 1 FROM iso_claims WHERE iso_claims.seq = iso_messages.seq)"

// ?1 queue, ?2 the seq before, ?3 now, ?4 the longest rest
#define OPEN                                                                                      \
  "FROM iso_messages WHERE queue = ?1 AND state = 0 AND (expires_ms IS NULL OR expires_ms > ?3) " \
  "AND " UNCLAIMED
#define RESTS "(not_before_ms > ?3 AND not_before_ms <= ?3 + ?4)"
// By its number, so that the row is asked and no index.
constexpr std::string_view kSaysSo =
    "(SELECT state IS 0 AND queue = ?1 FROM iso_messages AS row WHERE row.seq = iso_messages.seq)";
constexpr std::string_view kReady = OPEN " AND seq > ?2 AND " RESTS " IS NOT TRUE ORDER BY seq ";

[[noreturn]] void throw_damaged(const std::string& path, const std::string& how) {
  throw Error(ErrorKind::io, fmt::format("{}: the store is damaged: {}; see man iso-store", path, how));
}

}  // namespace

StoreQueue::StoreQueue(StoreFile& file, const SourceOptions& options)
    : options_(options), file_(file), store_id_(file.id()) {
  if (options_.peek && options_.bindings.empty() && file_.has_queue(options_.queue)) {
    name_ = options_.queue;  // nothing is to be written
    return;
  }
  owner_ = file_.register_owner();
  sqlite::Transaction transaction(file_.database());
  open();
  for (const Binding& binding : options_.bindings) bind(binding);
  if (!options_.peek) file_.database().query("INSERT INTO iso_owners(owner) VALUES(?)").bind(owner_).run();
  transaction.commit();
}

StoreQueue::~StoreQueue() {
  if (options_.peek) return;
  try {
    sqlite::Transaction transaction(file_.database());
    file_.end_owner(owner_);
    transaction.commit();
  } catch (const Error&) {
    // Our lock ends with us, and the next to come buries what is left.
  }
}

void StoreQueue::open() {
  name_ = options_.queue;
  if (name_.empty()) {
    name_ = "iso.gen-" + IdMaker().next();
    file_.create_queue(name_, owner_);
    options_.notice(fmt::format("listening on the private queue {}", name_));
  } else if (!file_.has_queue(name_)) {
    if (!options_.declare && !(options_.relay && file_.adopts())) throw_missing();
    file_.create_queue(name_);
  }
}

// No hint takes a message: whoever follows it would lose what comes meanwhile.
void StoreQueue::throw_missing() const {
  const std::string what = fmt::format("there is no queue \"{}\" in {}", name_, file_.path());
  throw Error(ErrorKind::missing,
              options_.relay
                  ? fmt::format("{}; it is made by the first message in it, or by sqlite:{}?adopt=yes#{}",
                                what, file_.path(), name_)
                  : what + "; --declare makes it");
}

void StoreQueue::bind(const Binding& binding) {
  if (!file_.has_exchange(binding.exchange)) {
    if (!options_.declare)
      throw Error(ErrorKind::missing, fmt::format("no exchange \"{}\" in {}; create it with --declare",
                                                  binding.exchange, file_.path()));
    file_.create_exchange(binding.exchange, exchange_kind_for(binding.routing_key));
  }
  file_.create_binding(binding.exchange, name_, binding.routing_key);
}

bool StoreQueue::has_ready(std::int64_t now) {
  static const std::string kSql = fmt::format("SELECT 1 {} LIMIT 1", kReady);
  auto query = file_.database().query(kSql);
  return query.bind(name_).bind(std::int64_t{0}).bind(now).bind(kLongestRetryDelay).step();
}

// What is open is ready or rests. Where a damaged index says otherwise, waiting for it would never end.
bool StoreQueue::is_empty(std::int64_t now) {
  if (options_.relay && has_expired(now)) return false;
  static const std::string kSql = fmt::format(
      "SELECT EXISTS(SELECT 1 " OPEN "), EXISTS(SELECT 1 {}), EXISTS(SELECT 1 " OPEN " AND " RESTS ")",
      kReady);
  auto query = file_.database().query(kSql);
  query.bind(name_).bind(std::int64_t{0}).bind(now).bind(kLongestRetryDelay).step();
  const bool open = query.integer(0) != 0, accounted_for = query.integer(1) + query.integer(2) != 0;
  if (open && !accounted_for)
    throw_damaged(file_.path(), fmt::format("messages of the queue \"{}\" are missing from an index", name_));
  return !open;
}

void StoreQueue::expire(std::int64_t now) {
  if (!has_expired(now)) return;
  sqlite::Transaction transaction(file_.database());
  file_.database()
      .query(
          "UPDATE iso_messages SET state = 2, state_ms = ?2, last_error = 'expired' WHERE queue = ?1 AND "
          "state = 0 AND expires_ms <= ?2 AND seq NOT IN (SELECT seq FROM iso_claims)")
      .bind(name_)
      .bind(now)
      .run();
  transaction.commit();
}

void StoreQueue::claim(std::size_t most, std::int64_t now, std::vector<StoredMessage>& out) {
  sqlite::Transaction transaction(file_.database());
  const std::size_t before = out.size();
  look(0, most, now, out);
  register_claims(std::span(out).subspan(before));
  transaction.commit();
}

void StoreQueue::look(std::int64_t seq, std::size_t most, std::int64_t now, std::vector<StoredMessage>& out) {
  static const std::string kSql = fmt::format("SELECT {}, {} {} LIMIT ?5", kMessage, kSaysSo, kReady);
  auto row = file_.database().query(kSql);
  row.bind(name_).bind(seq).bind(now).bind(kLongestRetryDelay).bind(static_cast<std::int64_t>(most));
  while (row.step()) {
    // Settling takes out of the index of what is open only what says so itself: the rest would come for ever.
    if (row.integer(kMessageColumns) == 0)
      throw_damaged(file_.path(),
                    fmt::format("message {} of the queue \"{}\" is in an index of what is open, "
                                "and is not",
                                row.integer(0), name_));
    out.push_back(read_message(row, name_, now));
    Record& record = out.back().record;
    if (options_.relay && !record.message_id) record.message_id = relayed_id(store_id_, row);
  }
}

// A listener's queue drops what is too old, as a broker's does. What an application gave to a relay must not
// be dropped without a word.
void StoreQueue::claim_expired(std::size_t most, std::int64_t now, std::vector<StoredMessage>& out) {
  static const std::string kSql = fmt::format(
      "SELECT {} FROM iso_messages WHERE queue = ?1 AND state = 0 AND expires_ms <= ?2 AND " UNCLAIMED
      " ORDER BY seq LIMIT ?3",
      kMessage);
  sqlite::Transaction transaction(file_.database());
  const std::size_t before = out.size();
  {
    auto row = file_.database().query(kSql);
    row.bind(name_).bind(now).bind(static_cast<std::int64_t>(most));
    while (row.step()) {
      out.push_back(read_message(row, name_, now));
      out.back().error =
          fmt::format("expired: message {} of queue \"{}\" was not sent within its time to live",
                      out.back().record.message_id.value_or(fmt::format("number {}", row.integer(0))), name_);
    }
  }
  register_claims(std::span(out).subspan(before));
  transaction.commit();
}

void StoreQueue::register_claims(std::span<const StoredMessage> messages) {
  for (const auto& message : messages)
    file_.database()
        .query("INSERT INTO iso_claims(seq, owner) VALUES(?, ?)")
        .bind(message.seq)
        .bind(owner_)
        .run();
}

bool StoreQueue::has_expired(std::int64_t now) {
  constexpr std::string_view kExpired =
      "SELECT 1 FROM iso_messages WHERE queue = ? AND state = 0 AND expires_ms <= ? AND " UNCLAIMED
      " LIMIT 1";
  return file_.database().query(kExpired).bind(name_).bind(now).step();
}

std::int64_t StoreQueue::count_after(std::int64_t seq) {
  auto count =
      file_.database().query("SELECT count(*) FROM iso_messages WHERE queue = ? AND state = 0 AND seq > ?");
  count.bind(name_).bind(seq).step();
  return count.integer(0);
}

void StoreQueue::settle(std::span<const Settlement> settlements, std::int64_t now) {
  sqlite::Transaction transaction(file_.database());
  for (const auto& settlement : settlements) settle_one(settlement, now);
  file_.prune(now, 100 + 2 * static_cast<std::int64_t>(settlements.size()));
  transaction.commit();
}

void StoreQueue::settle_one(const Settlement& settlement, std::int64_t now) {
  auto& database = file_.database();
  if (!database.query("SELECT 1 FROM iso_messages WHERE seq = ?").bind(settlement.seq).step()) {
    database.query("DELETE FROM iso_claims WHERE seq = ?").bind(settlement.seq).run();
    return;  // someone deleted it
  }
  if (settlement.how == Disposition::ack && file_.keeps_done()) {
    database.query("UPDATE iso_messages SET state = 1, state_ms = ? WHERE seq = ?")
        .bind(now)
        .bind(settlement.seq)
        .run();
  } else if (settlement.how == Disposition::ack) {
    file_.delete_done("SELECT ?1", settlement.seq, 0);
  } else if (settlement.how == Disposition::give_back) {
    database.query("UPDATE iso_messages SET redeliveries = redeliveries + 1 WHERE seq = ?")
        .bind(settlement.seq)
        .run();
  } else {
    const bool dead = settlement.dead || settlement.how == Disposition::dead_letter;
    database
        .query(
            "UPDATE iso_messages SET state = ?1, state_ms = ?2, attempts = attempts + 1, redeliveries = "
            "redeliveries + ?3, not_before_ms = ?4, last_error = ?5 WHERE seq = ?6")
        .bind(std::int64_t{dead ? 2 : 0})
        .bind(now)
        .bind(std::int64_t{dead ? 0 : 1})
        .bind(settlement.not_before)
        .bind(settlement.why)
        .bind(settlement.seq)
        .run();
  }
  file_.must_have_changed("marking a message");
  database.query("DELETE FROM iso_claims WHERE seq = ?").bind(settlement.seq).run();
}

}  // namespace iso::store
