#include <fmt/core.h>
#include <map>
#include <set>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "record/route.h"
#include "store/file.h"
#include "store/inbox_rule.h"
#include "store/rows.h"
#include "store/store.h"

namespace iso::store {
namespace {

constexpr int kNoRoute = 312, kNotFound = 404;  // AMQP 0-9-1 section 1.2
constexpr std::size_t kCommitBytes = 4 << 20;

std::string_view text_of(const Record::Text& text) {
  return text ? std::string_view(*text) : std::string_view();
}

// What is bound to what, as last read.
class Routes {
 public:
  // Reads it again if it has changed. Within a transaction, so that it holds until the commit.
  void refresh(sqlite::Database& database) {
    const auto version = database.integer("SELECT value FROM iso_meta WHERE name = 'topology'");
    if (version == version_) return;
    version_ = version;
    exchanges_.clear();
    bindings_.clear();
    queues_.clear();
    for (auto row = database.query("SELECT name, type FROM iso_exchanges"); row.step();)
      exchanges_.emplace(row.text(0), exchange_type_of(row.text(1)));
    for (auto row = database.query("SELECT name FROM iso_queues"); row.step();) queues_.emplace(row.text(0));
    inboxes_ = inbox_rules(database);
    for (auto row = database.query("SELECT exchange, queue, routing_key, arguments FROM iso_bindings");
         row.step();)
      bindings_[std::string(row.text(0))].push_back(
          {std::string(row.text(1)), std::string(row.text(2)), read_fields(row.text(3))});
  }

  // Null: the queue is no inbox.
  const InboxRule* inbox(std::string_view queue) const {
    const auto rule = inboxes_.find(queue);
    return rule == inboxes_.end() ? nullptr : &rule->second;
  }

  // The queues that take a message, each once. Nothing if there is no such exchange.
  std::optional<std::set<std::string_view>> queues_for(const Record& record) const {
    std::set<std::string_view> queues;
    const auto exchange = text_of(record.exchange), key = text_of(record.routing_key);
    if (exchange.empty()) {
      if (const auto queue = queues_.find(key); queue != queues_.end()) queues.insert(*queue);
      return queues;
    }
    const auto type = exchanges_.find(exchange);
    if (type == exchanges_.end()) return std::nullopt;
    static const FieldTable kNone;
    if (const auto bound = bindings_.find(exchange); bound != bindings_.end())
      for (const auto& binding : bound->second)
        if (routes(type->second, binding.key, binding.arguments, key,
                   record.headers ? *record.headers : kNone))
          queues.insert(binding.queue);
    return queues;
  }

 private:
  struct Bound {
    std::string queue, key;
    FieldTable arguments;
  };
  std::int64_t version_ = -1;
  std::map<std::string, ExchangeType, std::less<>> exchanges_;
  std::set<std::string, std::less<>> queues_;
  std::map<std::string, InboxRule, std::less<>> inboxes_;
  std::map<std::string, std::vector<Bound>, std::less<>> bindings_;
};

// Routes and stores what was put in one transaction, and confirms it once that is on the disk.
class StoreSink final : public Sink {
 public:
  StoreSink(const Url& url, const SinkOptions& options)
      : file_(url, Access::create, options.timeout), notice_(options.notice), locked_(file_.database()) {
    prepare(options);
  }

  void put(Ticket ticket, const Record& record) override {
    waiting_.push_back({ticket, &record});
    waiting_bytes_ += record.body.size();
    if (waiting_bytes_ >= kCommitBytes) flush();
  }

  void flush() override {
    if (!waiting_.empty()) locked_.run([this] { store_waiting(); });
  }

  void results(std::vector<DeliveryResult>& out) override { move_append(known_, out); }

  Wait wait() const override { return Wait(std::chrono::milliseconds(locked_.duration() ? 10 : 0)); }

  std::string_view stalled() const override { return locked_.text(); }

 private:
  struct Waiting {
    Ticket ticket;
    const Record* record;
  };

  void store_waiting() {
    auto& database = file_.database();
    const auto now = system_clock().wall().time_since_epoch().count();
    std::vector<DeliveryResult> results;
    sqlite::Transaction transaction(database);
    routes_.refresh(database);
    for (const auto& [ticket, record] : waiting_) results.push_back(store(ticket, *record, now));
    transaction.commit();
    move_append(results, known_);
    waiting_.clear();
    waiting_bytes_ = 0;
    file_.tidy();
  }

  void prepare(const SinkOptions& options) {
    into_ = options.into;
    if (!into_.empty() && !file_.has_queue(into_)) {
      sqlite::Transaction transaction(file_.database());
      file_.create_queue(into_);
      transaction.commit();
    }
    if (!into_.empty()) return;  // what the settings name is for whoever relays it
    if (options.direct_name.empty() && options.queue.empty()) return;
    sqlite::Transaction transaction(file_.database());
    if (!options.direct_name.empty() && !file_.has_exchange(options.direct_name))
      file_.create_exchange(options.direct_name, "direct");
    if (!options.queue.empty() && !file_.has_queue(options.queue)) file_.create_queue(options.queue);
    if (!options.queue.empty() && !options.exchange.empty()) {
      if (!file_.has_exchange(options.exchange))
        throw Error(ErrorKind::config, fmt::format("{}: NOT_FOUND - no exchange '{}' to bind queue '{}' to",
                                                   file_.path(), options.exchange, options.queue));
      file_.create_binding(options.exchange, options.queue, options.routing_key);
    }
    transaction.commit();
  }

  DeliveryResult store(Ticket ticket, const Record& record, std::int64_t now) {
    auto queues = routes_.queues_for(record);
    if (!into_.empty()) queues = std::set<std::string_view>{into_};
    if (!queues)
      return {ticket, DeliveryStatus::returned, kNotFound,
              fmt::format("NOT_FOUND - no exchange '{}' in {}", text_of(record.exchange), file_.path())};
    if (queues->empty() && record.mandatory.value_or(true))
      return {ticket, DeliveryStatus::returned, kNoRoute, "NO_ROUTE"};
    if (queues->empty()) return {ticket, DeliveryStatus::confirmed, 0, {}};
    properties_.clear();
    append_properties(properties_, record);
    if (const auto why = why_unreadable(properties_); !why.empty())
      return {ticket, DeliveryStatus::rejected, 0, "it could not be read again from a store: " + why};
    const std::string hash = hash128(record.body);
    for (const auto queue : *queues) insert(queue, {record, properties_, hash, now});
    return {ticket, DeliveryStatus::confirmed, 0, {}};
  }

  void insert(std::string_view queue, const NewRow& row) {
    if (const InboxRule* const rule = routes_.inbox(queue)) {
      const auto key = rule->key_of(row.record);
      if (receive(file_, queue, row, key) == Received::conflict) notice_(conflict_text(file_, *key));
      return;
    }
    static const std::string kSql =
        fmt::format("INSERT INTO iso_messages({}) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", kNewRow);
    auto query = file_.database().query(kSql);
    bind_new_row(query, queue, row);
    query.run();
    file_.must_have_changed("storing a message");
  }

  StoreFile file_;
  Routes routes_;
  std::vector<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::vector<DeliveryResult> known_;
  Notice notice_;
  std::string into_;  // the queue for all of them, or ""
  LockedOut locked_;
  std::string properties_;  // kept for its memory
};

}  // namespace

std::unique_ptr<Sink> open_store_sink(const Url& url, const SinkOptions& options) {
  return std::make_unique<StoreSink>(url, options);
}

}  // namespace iso::store
