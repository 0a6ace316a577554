#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "ends/binding_kind.h"
#include "ends/store.h"
#include "ends/store_file.h"
#include "record/read.h"

namespace iso {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kShortestWait{1}, kLongestWait{25};

constexpr std::string_view kReady =
    "SELECT seq, exchange, routing_key, message_id, correlation_id, properties, redeliveries, body_hash, "
    "body FROM iso_messages "
    "WHERE queue = ?1 AND state = 0 AND seq > ?2 AND (expires_ms IS NULL OR expires_ms > ?3) "
    "AND NOT EXISTS (SELECT 1 FROM iso_claims WHERE iso_claims.seq = iso_messages.seq) ORDER BY seq LIMIT ?4";

// Messages of one queue, shared with every other listener of the store: a message is claimed before it is
// given out, and a claim lasts as long as its owner lives.
class StoreSource final : public Source {
 public:
  StoreSource(const Url& url, const SourceOptions& options) : options_(options), file_(url, options.declare) {
    owner_ = file_.owners().join();
    sqlite::Transaction transaction(file_.database());
    open_queue();
    for (const Binding& binding : options_.bindings) bind(binding);
    if (!options_.peek) file_.database().query("INSERT INTO iso_owners(owner) VALUES(?)").bind(owner_).run();
    transaction.commit();
  }

  ~StoreSource() override {
    try {
      leave();
    } catch (const Error&) {
      // Our lock ends with us, and the next to come buries what is left.
    }
  }

  Flow take(std::size_t most, std::vector<Taken>& out) override {
    if (stopped_) return Flow::ended;
    file_.bury_the_dead();
    most = std::min<std::size_t>(
        most, options_.prefetch - std::min<std::size_t>(claimed_.size(), options_.prefetch));
    if (options_.peek) return peek(most, out);
    if (most == 0 || !anything_ready()) return rest();
    const std::size_t taken = claim(most, out);
    if (taken == 0) return rest();
    pause_ = kShortestWait;
    return taken == most ? Flow::more : Flow::idle;
  }

  bool settle(Ticket ticket, Settle how, std::string_view) override {
    if (!options_.peek) settled_.push_back({ticket, how});
    return false;
  }

  void flush() override {
    if (settled_.empty()) return;
    auto& database = file_.database();
    const auto now = now_ms();
    sqlite::Transaction transaction(database);
    for (const auto& [ticket, how] : settled_) settle_one(claimed_.at(ticket), how, now);
    file_.prune(now, 100 + 2 * static_cast<std::int64_t>(settled_.size()));
    transaction.commit();
    for (const auto& [ticket, how] : settled_) claimed_.erase(ticket);
    settled_.clear();
    file_.checkpoint();
  }

  Wait wait() const override { return {-1, 0, pause_}; }

  bool drained() override {
    return !file_.database()
                .query(kReady)
                .bind(queue_)
                .bind(std::int64_t{0})
                .bind(now_ms())
                .bind(std::int64_t{1})
                .step();
  }

  void stop() override { stopped_ = true; }

 private:
  static std::int64_t now_ms() { return system_clock().wall().time_since_epoch().count(); }

  void open_queue() {
    queue_ = options_.queue;
    if (queue_.empty()) {
      queue_ = "iso.gen-" + IdMaker().next();
      file_.create_queue(queue_, owner_);
      options_.notice(fmt::format("listening on the private queue {}", queue_));
    } else if (!file_.has_queue(queue_)) {
      if (!options_.declare)
        throw Error(Kind::missing,
                    fmt::format("no queue \"{}\" in {}; create it with --declare", queue_, file_.path()));
      file_.create_queue(queue_);
    }
  }

  void bind(const Binding& binding) {
    if (!file_.has_exchange(binding.exchange)) {
      if (!options_.declare)
        throw Error(Kind::missing, fmt::format("no exchange \"{}\" in {}; create it with --declare",
                                               binding.exchange, file_.path()));
      file_.create_exchange(binding.exchange, exchange_kind_for(binding.routing_key));
    }
    file_.create_binding(binding.exchange, queue_, binding.routing_key);
  }

  Flow rest() {
    pause_ = std::min(pause_ * 2, kLongestWait);
    return Flow::idle;
  }

  bool anything_ready() { return !drained() || expire() != 0; }

  std::int64_t expire() {
    auto& database = file_.database();
    const auto now = now_ms();
    constexpr std::string_view kExpired =
        "SELECT 1 FROM iso_messages WHERE queue = ? AND state = 0 AND expires_ms <= ? LIMIT 1";
    if (!database.query(kExpired).bind(queue_).bind(now).step()) return 0;
    sqlite::Transaction transaction(database);
    database
        .query(
            "UPDATE iso_messages SET state = 2, state_ms = ?2, last_error = 'expired' WHERE queue = ?1 AND "
            "state = 0 AND expires_ms <= ?2 "
            "AND seq NOT IN (SELECT seq FROM iso_claims)")
        .bind(queue_)
        .bind(now)
        .run();
    const auto changed = database.changes();
    transaction.commit();
    return changed;
  }

  // A claim that a loss of power undoes only means that the message comes again, so its commit is not synced.
  std::size_t claim(std::size_t most, std::vector<Taken>& out) {
    auto& database = file_.database();
    const std::size_t before = out.size();
    file_.sync_commits(false);
    {
      sqlite::Transaction transaction(database);
      std::vector<std::int64_t> seqs;
      {
        auto row = database.query(kReady);
        row.bind(queue_).bind(std::int64_t{0}).bind(now_ms()).bind(static_cast<std::int64_t>(most));
        while (row.step()) {
          out.push_back({next_ticket_ + seqs.size(), record_of(row), nullptr});
          seqs.push_back(row.integer(0));
        }
      }
      for (const auto seq : seqs)
        database.query("INSERT INTO iso_claims(seq, owner) VALUES(?, ?)").bind(seq).bind(owner_).run();
      transaction.commit();
      for (const auto seq : seqs) claimed_.emplace(next_ticket_++, seq);
    }
    file_.sync_commits(true);
    return out.size() - before;
  }

  Flow peek(std::size_t most, std::vector<Taken>& out) {
    const std::uint64_t limit = options_.count != 0 ? options_.count : options_.peek_most;
    most = std::min<std::uint64_t>(most, limit - peeked_);
    std::size_t taken = 0;
    {
      auto row = file_.database().query(kReady);
      row.bind(queue_).bind(last_peeked_).bind(now_ms()).bind(static_cast<std::int64_t>(most));
      for (; row.step(); ++taken) {
        out.push_back({next_ticket_++, record_of(row), nullptr});
        last_peeked_ = row.integer(0);
      }
    }
    peeked_ += taken;
    if (taken != 0 && peeked_ < limit) return Flow::more;
    if (options_.count == 0 && peeked_ == limit) tell_of_more();
    return Flow::ended;
  }

  void tell_of_more() {
    auto count =
        file_.database().query("SELECT count(*) FROM iso_messages WHERE queue = ? AND state = 0 AND seq > ?");
    count.bind(queue_).bind(last_peeked_).step();
    if (count.integer(0) != 0)
      options_.notice(fmt::format("{} more in the queue; --count shows more", count.integer(0)));
  }

  Record record_of(const sqlite::Query& row) {
    Record record;
    try {
      record = read_record(row.text(5));
    } catch (const Error& error) {
      throw Error(Kind::io, fmt::format("{}: message {} of queue \"{}\": its properties: {}", file_.path(),
                                        row.integer(0), queue_, error.what()));
    }
    const auto body = row.text(8);
    if (!row.is_null(7) && row.text(7) != body_hash_of(body))
      throw Error(Kind::io, fmt::format("{}: message {} of queue \"{}\" is damaged: its body does not match "
                                        "its hash; it was left as it is",
                                        file_.path(), row.integer(0), queue_));
    record.exchange = row.text(1);
    record.routing_key = row.is_null(2) ? std::string_view(queue_) : row.text(2);
    if (!row.is_null(3)) record.message_id = row.text(3);
    if (!row.is_null(4)) record.correlation_id = row.text(4);
    record.no_message_id = record.no_correlation_id = false;
    record.direct_name.reset();
    record.mandatory.reset();
    record.persistent = record.persistent.value_or(true);
    record.queue = queue_;
    record.redelivered = row.integer(6) > 0;
    record.delivery_count = static_cast<std::uint64_t>(row.integer(6));
    record.received_at = now_ms();
    record.body = body;
    record.body_kind = body_kind_of(body);
    return record;
  }

  void settle_one(std::int64_t seq, Settle how, std::int64_t now) {
    auto& database = file_.database();
    switch (how) {
      case Settle::ack:
        if (file_.keeps_done()) {
          database.query("UPDATE iso_messages SET state = 1, state_ms = ? WHERE seq = ?")
              .bind(now)
              .bind(seq)
              .run();
        } else {
          database.query("DELETE FROM iso_messages WHERE seq = ?").bind(seq).run();
        }
        break;
      case Settle::requeue:
        database.query("UPDATE iso_messages SET redeliveries = redeliveries + 1 WHERE seq = ?")
            .bind(seq)
            .run();
        break;
      case Settle::dead_letter:
        database
            .query("UPDATE iso_messages SET state = 2, state_ms = ?, last_error = 'rejected' WHERE seq = ?")
            .bind(now)
            .bind(seq)
            .run();
        break;
    }
    database.query("DELETE FROM iso_claims WHERE seq = ?").bind(seq).run();
  }

  // What is claimed and not settled goes back, and counts as delivered once more.
  void leave() {
    if (options_.peek) return;
    auto& database = file_.database();
    sqlite::Transaction transaction(database);
    file_.end_owner(owner_);
    transaction.commit();
  }

  SourceOptions options_;
  StoreFile file_;
  std::int64_t owner_ = 0;
  std::string queue_;
  struct Settled {
    Ticket ticket;
    Settle how;
  };
  std::map<Ticket, std::int64_t> claimed_;  // to the message's seq
  std::vector<Settled> settled_;
  Ticket next_ticket_ = 1;
  std::uint64_t peeked_ = 0;
  std::int64_t last_peeked_ = 0;
  milliseconds pause_ = kShortestWait;
  bool stopped_ = false;
};

}  // namespace

std::unique_ptr<Source> open_store_source(const Url& url, const SourceOptions& options) {
  return std::make_unique<StoreSource>(url, options);
}

}  // namespace iso
