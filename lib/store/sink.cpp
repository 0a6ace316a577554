#include "store/sink.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/error.h"
#include "base/hash.h"
#include "store/store.h"

namespace iso::store {
namespace {

constexpr int kNoRoute = 312, kNotFound = 404;  // AMQP 0-9-1 section 1.2
constexpr std::size_t kCommitBytes = 4 << 20;
constexpr int kTries = 10;                          // in a row, of routing by what has changed meanwhile
constexpr std::chrono::milliseconds kTryAgain{10};  // while another process has the store

bool has_exchange(const Topology& topology, const std::string& name) {
  return std::any_of(topology.exchanges.begin(), topology.exchanges.end(),
                     [&](const auto& exchange) { return exchange.name == name; });
}

}  // namespace

StoreSink::StoreSink(OpenStore store, const SinkOptions& options)
    : store_(std::move(store)),
      notice_(options.notice),
      max_message_(options.max_message),
      into_(options.into),
      locked_(*store_.engine) {
  prepare(options);
}

// If one queue takes all, the exchange of the settings is for its relay.
void StoreSink::prepare(const SinkOptions& options) {
  StoreEngine& engine = *store_.engine;
  const std::string& queue = into_.empty() ? options.queue : into_;
  NewTopology parts;
  if (!queue.empty() && !engine.has_queue(queue)) parts.queues.push_back(queue);
  if (into_.empty()) {
    const Topology topology = engine.topology();
    if (!options.direct_name.empty() && !has_exchange(topology, options.direct_name))
      parts.exchanges.push_back({options.direct_name, "direct"});
    if (!queue.empty() && !options.exchange.empty()) {
      if (options.exchange != options.direct_name && !has_exchange(topology, options.exchange))
        throw Error(ErrorKind::config, fmt::format("{}: NOT_FOUND - no exchange '{}' to bind queue '{}' to",
                                                   engine.name(), options.exchange, queue));
      parts.bindings.push_back({options.exchange, queue, options.routing_key, "{}"});
    }
  }
  if (!parts.empty()) engine.make(parts);
}

void StoreSink::put(Ticket ticket, const Record& record) {
  waiting_.push_back({ticket, &record});
  waiting_bytes_ += record.body.size();
  if (waiting_bytes_ >= kCommitBytes) flush();
}

void StoreSink::flush() {
  if (!waiting_.empty()) locked_.run([this] { store_waiting(); });
}

Wait StoreSink::wait() const {
  return Wait(locked_.duration() ? kTryAgain : std::chrono::milliseconds(0));
}

// What could not be stored stays in waiting_, for the next call.
void StoreSink::store_waiting() {
  if (routes_.version() < 0) routes_ = Routes(store_.engine->topology());
  for (int tries = 0; tries < kTries; ++tries) {
    if (try_store()) return store_.engine->tidy();
    routes_ = Routes(store_.engine->topology());
  }
}

bool StoreSink::try_store() {
  rows_.clear();
  received_.clear();
  results_.clear();
  if (written_.size() < waiting_.size()) written_.resize(waiting_.size());
  for (std::size_t i = 0; i < waiting_.size(); ++i)
    results_.push_back(prepare_rows(waiting_[i], written_[i]));
  if (!store_.engine->append(rows_, routes_.version(), received_)) return false;
  tell_of_conflicts();
  move_append(results_, known_);
  waiting_.clear();
  waiting_bytes_ = 0;
  return true;
}

DeliveryResult StoreSink::prepare_rows(const Waiting& waiting, Written& written) {
  const Ticket ticket = waiting.ticket;
  const Record& record = *waiting.record;
  auto queues = into_.empty() ? routes_.queues_for(record) : std::set<std::string_view>{into_};
  if (!queues)
    return {ticket, DeliveryStatus::returned, kNotFound,
            fmt::format("NOT_FOUND - no exchange '{}' in {}", record.exchange.value_or(""),
                        store_.engine->name())};
  if (queues->empty() && record.mandatory.value_or(true))
    return {ticket, DeliveryStatus::returned, kNoRoute, "NO_ROUTE"};
  if (queues->empty()) return {ticket, DeliveryStatus::confirmed, 0, {}};
  if (record.body.size() > max_message_)
    return {ticket, DeliveryStatus::rejected, 0,
            fmt::format("its body has {} bytes, and --max-message is {}", record.body.size(), max_message_)};
  written.properties.clear();
  append_properties(written.properties, record);
  if (const auto why = why_unreadable(written.properties); !why.empty())
    return {ticket, DeliveryStatus::rejected, 0, "it could not be read again from a store: " + why};
  written.hash = hash128(record.body);
  for (const auto queue : *queues) {
    rows_.push_back(new_row(queue, record, written.properties, written.hash, Expires::yes));
    if (const InboxRule* const rule = routes_.inbox(queue)) rows_.back().key = rule->key_of(record);
  }
  return {ticket, DeliveryStatus::confirmed, 0, {}};
}

void StoreSink::tell_of_conflicts() {
  for (std::size_t i = 0; i < rows_.size(); ++i)
    if (received_[i] == Received::conflict) notice_(conflict_text(store_.engine->name(), *rows_[i].key));
}

std::unique_ptr<Sink> open_store_sink(const Url& url, const SinkOptions& options) {
  return std::make_unique<StoreSink>(open_store(url, Access::create, options.timeout), options);
}

}  // namespace iso::store
