#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/error.h"
#include "store/engine.h"
#include "support/fakes.h"
#include "support/store_row.h"

namespace iso::test {

// A store in memory: what an engine must be, told as plainly as possible. Its sessions are FakeEngine.
struct FakeStore {
  struct Data {
    std::map<std::int64_t, StoreRow> rows;
    std::map<std::int64_t, std::int64_t> claims;  // and whose
    std::vector<store::Topology::Exchange> exchanges;
    std::map<std::string, std::int64_t> queues;  // and whose own; 0: everybody's
    std::vector<store::Topology::Binding> bindings;
    std::map<std::string, std::string> inboxes;
    std::map<std::string, std::uint64_t, std::less<>> offsets;  // of streams, where to go on
    std::int64_t topology = 0, last_seq = 0;
    std::set<std::int64_t> owners;
    std::vector<store::LedgerRow> acks;
    std::map<std::string, std::int64_t> pruned;
  };

  std::unique_ptr<store::StoreEngine> open();

  Data data;
  FakeClock clock;
  std::set<std::int64_t> alive;
  std::map<std::string, const void*> alone;  // who has a queue alone
  std::int64_t changes = 0, next_owner = 0;
  bool locked = false;  // by another session: nothing can be changed
  std::size_t tidied = 0;
  std::vector<store::Pruning> prunings;  // that were asked for

  std::int64_t now() const { return clock.wall().time_since_epoch().count(); }
  std::int64_t put(StoreRow row) {
    if (row.seq == 0) row.seq = data.last_seq + 1;
    data.last_seq = std::max(data.last_seq, row.seq);
    data.rows[row.seq] = row;
    ++changes;
    return row.seq;
  }
  std::vector<StoreRow> rows() const {
    std::vector<StoreRow> all;
    for (const auto& [seq, row] : data.rows) all.push_back(row);
    return all;
  }
  std::int64_t pruned_up_to(const std::string& queue) {
    return data.pruned.contains(queue) ? data.pruned.at(queue) : 0;
  }
  std::size_t claims() const { return data.claims.size(); }
  std::vector<store::LedgerRow> acks() const { return data.acks; }
};

class FakeEngine final : public store::StoreEngine, private store::Ledger {
 public:
  explicit FakeEngine(FakeStore& store) : store_(store) { release_dead_owners(); }
  ~FakeEngine() override {
    store_.alive.erase(owner_);
    std::erase_if(store_.alone, [this](const auto& one) { return one.second == this; });
  }

  const std::string& name() const override { return name_; }
  std::string url() const override { return "fake:" + name_; }
  const std::string& id() override { return id_; }
  bool is_still() const override { return false; }
  bool lasts() const override { return true; }

  store::Topology topology() override {
    store::Topology topology{data().topology, data().exchanges, {}, data().bindings, {}};
    for (const auto& [queue, owner] : data().queues) topology.queues.push_back(queue);
    for (const auto& [queue, key] : data().inboxes) topology.inboxes.push_back({queue, key});
    return topology;
  }
  bool has_queue(std::string_view name) override {
    return data().queues.contains(std::string(name)) ||
           !seqs(name, [](const StoreRow&) { return true; }).empty();
  }
  void make(const store::NewTopology& parts) override {
    change([&] {
      for (const auto& one : parts.exchanges)
        if (std::none_of(data().exchanges.begin(), data().exchanges.end(),
                         [&](const auto& known) { return known.name == one.name; }))
          data().exchanges.push_back(one);
      for (const auto& queue : parts.queues) data().queues.emplace(queue, 0);
      if (!parts.private_queue.empty()) data().queues.emplace(parts.private_queue, owner_);
      const auto text = [](const auto& one) {
        return std::tie(one.exchange, one.queue, one.routing_key, one.arguments);
      };
      for (const auto& one : parts.bindings)
        if (std::none_of(data().bindings.begin(), data().bindings.end(),
                         [&](const auto& known) { return text(known) == text(one); }))
          data().bindings.push_back(one);
      ++data().topology;
    });
  }
  void make_inbox(const store::Topology::Inbox& inbox, const KeyOf& key_of) override {
    change([&] {
      data().inboxes[inbox.queue] = inbox.key;
      for (auto& [seq, row] : data().rows) {
        if (row.queue != inbox.queue || row.key || row.state == 3) continue;
        const auto key = key_of(view(row));
        if (key && !find_key(inbox.queue, *key)) row.key = key;
      }
      ++data().topology;
    });
  }

  void join() override {
    change([&] {
      store_.alive.insert(owner_ = ++store_.next_owner);
      data().owners.insert(owner_);
    });
  }
  void leave() override {
    change([&] { end(owner_); });
  }
  void release_dead_owners() override {
    std::vector<std::int64_t> dead;
    for (const auto owner : data().owners)
      if (!store_.alive.contains(owner)) dead.push_back(owner);
    if (dead.empty()) return;
    change([&] {
      for (const auto owner : dead) end(owner);
    });
  }
  bool try_lock_queue(std::string_view queue) override {
    return store_.alone.emplace(queue, this).first->second == this;
  }

  bool append(std::span<const store::NewRow> rows, std::optional<std::int64_t> version,
              std::vector<store::Received>& out) override {
    if (version && *version != data().topology) return false;
    change([&] {
      for (const auto& row : rows) out.push_back(store_one(row));
    });
    return true;
  }

  void append_from(const store::StreamPosition& position, std::span<const store::NewRow> rows,
                   std::vector<store::Received>& out) override {
    change([&] {
      for (const auto& row : rows) out.push_back(store_one(row));
      data().offsets[std::string(position.stream)] = position.next;
    });
  }
  std::optional<std::uint64_t> next_offset(std::string_view stream) override {
    const auto kept = data().offsets.find(stream);
    return kept == data().offsets.end() ? std::nullopt : std::optional(kept->second);
  }

  bool claim(std::string_view queue, store::Most most, const EachRow& each) override {
    const auto found = seqs(queue, [&](const StoreRow& row) { return is_open(row) && !rests(row); });
    return claim_each(found, most, each);
  }
  bool look(std::string_view queue, std::int64_t after, store::Most most, const EachRow& each) override {
    const auto found =
        seqs(queue, [&](const StoreRow& row) { return row.seq > after && is_open(row) && !rests(row); });
    return give(found, most, each).more;
  }
  bool claim_expired(std::string_view queue, store::Most most, const EachRow& each) override {
    return claim_each(expired(queue), most, each);
  }
  bool has_expired(std::string_view queue) override { return !expired(queue).empty(); }
  void expire(std::string_view queue) override {
    const auto found = expired(queue);
    if (found.empty()) return;
    change([&] {
      for (const auto seq : found) {
        auto& row = data().rows[seq];
        row.state = 2;
        row.state_ms = store_.now();
        row.last_error = "expired";
      }
    });
  }
  bool has_open(std::string_view queue) override {
    return !seqs(queue, [&](const StoreRow& row) { return is_open(row); }).empty();
  }
  std::int64_t count_after(std::string_view queue, std::int64_t after) override {
    return static_cast<std::int64_t>(
        seqs(queue, [&](const StoreRow& row) { return row.seq > after; }).size());
  }
  void settle(std::span<const store::Settlement> settlements, store::Pruning pruning) override {
    change([&] {
      for (const auto& one : settlements) settle_one(one);
      prune(pruning);
    });
    store_.prunings.push_back(pruning);
  }

  void prepare_ledger() override {}
  void write_ledger(const std::function<void(store::Ledger&)>& call) override {
    change([&] { call(*this); });
  }
  std::vector<store::LedgerRow> answers_of(std::string_view message_id) override {
    return answers({&message_id, 1});
  }

  std::int64_t version() override { return store_.changes - own_changes_; }
  std::uint64_t commits() const override { return commits_; }
  void tidy() override { ++store_.tidied; }

 private:
  FakeStore::Data& data() { return store_.data; }

  template <class Call>
  void change(Call call) {
    if (store_.locked) throw Error(ErrorKind::unavailable, name_ + ": locked");
    const auto before = data();
    try {
      call();
    } catch (...) {
      data() = before;
      throw;
    }
    ++commits_;
    ++store_.changes;
    ++own_changes_;
  }

  static std::optional<std::string_view> view(const std::optional<std::string>& text) {
    return text ? std::optional<std::string_view>(*text) : std::nullopt;
  }
  static std::optional<std::string> owned(std::optional<std::string_view> text) {
    return text ? std::optional<std::string>(*text) : std::nullopt;
  }
  static store::StoredRow view(const StoreRow& row) {
    return {row.seq,
            static_cast<store::MessageState>(row.state),
            row.created_ms,
            static_cast<std::uint64_t>(row.redeliveries),
            static_cast<std::uint32_t>(row.attempts),
            row.exchange,
            view(row.routing_key),
            view(row.message_id),
            view(row.correlation_id),
            row.properties,
            view(row.hash),
            row.body,
            view(row.last_error)};
  }

  // The ready ones of a queue that a test takes.
  template <class Test>
  std::vector<std::int64_t> seqs(std::string_view queue, Test test) {
    std::vector<std::int64_t> found;
    for (const auto& [seq, row] : data().rows)
      if (row.queue == queue && row.state == 0 && test(row)) found.push_back(seq);
    return found;
  }
  std::vector<std::int64_t> expired(std::string_view queue) {
    return seqs(queue, [&](const StoreRow& row) {
      return row.expires_ms && *row.expires_ms <= store_.now() && !data().claims.contains(row.seq);
    });
  }
  bool is_open(const StoreRow& row) {
    return (!row.expires_ms || *row.expires_ms > store_.now()) && !data().claims.contains(row.seq);
  }
  bool rests(const StoreRow& row) {
    return row.not_before_ms > store_.now() && row.not_before_ms <= store_.now() + kLongestRest.count();
  }

  struct Given {
    std::size_t count = 0;
    bool more = false;
  };
  Given give(const std::vector<std::int64_t>& found, store::Most most, const EachRow& each) {
    Given given;
    for (std::size_t bytes = 0; given.count < found.size() && !given.more;) {
      const auto& row = data().rows[found[given.count++]];
      each(view(row));
      bytes += row.body.size() + row.properties.size();
      given.more = given.count == most.rows || bytes >= most.bytes;
    }
    return given;
  }
  bool claim_each(const std::vector<std::int64_t>& found, store::Most most, const EachRow& each) {
    if (found.empty()) return false;
    Given given;
    change([&] {
      given = give(found, most, each);
      for (std::size_t i = 0; i < given.count; ++i) data().claims[found[i]] = owner_;
    });
    return given.more;
  }

  void end(std::int64_t owner) {
    for (const auto& [seq, whose] : data().claims)
      if (whose == owner) ++data().rows[seq].redeliveries;
    std::erase_if(data().claims, [&](const auto& one) { return one.second == owner; });
    std::vector<std::string> gone;
    for (const auto& [queue, whose] : data().queues)
      if (whose == owner) gone.push_back(queue);
    for (const auto& queue : gone) {
      data().queues.erase(queue);
      std::erase_if(data().rows, [&](const auto& one) { return one.second.queue == queue; });
      std::erase_if(data().bindings, [&](const auto& one) { return one.queue == queue; });
      ++data().topology;
    }
    data().owners.erase(owner);
  }

  StoreRow* find_key(std::string_view queue, const std::string& key) {
    for (auto& [seq, row] : data().rows)
      if (row.queue == queue && row.key == key && row.state != 3) return &row;
    return nullptr;
  }
  store::Received store_one(const store::NewRow& row) {
    StoreRow* const known = row.key ? find_key(row.queue, *row.key) : nullptr;
    if (known) {
      if (known->hash ? *known->hash == row.hash : known->body == row.body)
        return ++known->duplicates, store::Received::duplicate;
      for (auto& [seq, other] : data().rows)
        if (other.queue == row.queue && other.key == row.key && other.state == 3 && other.hash == row.hash)
          return ++other.duplicates, store::Received::conflict_again;
    }
    StoreRow stored;
    stored.queue = row.queue;
    stored.body = row.body;
    stored.seq = ++data().last_seq;
    stored.state = known ? 3 : 0;
    stored.state_ms = stored.created_ms = store_.now();
    if (row.time_to_live) stored.expires_ms = store_.now() + row.time_to_live->count();
    stored.message_id = owned(row.message_id);
    stored.correlation_id = owned(row.correlation_id);
    stored.key = row.key;
    stored.exchange = row.exchange;
    stored.routing_key = row.routing_key;
    stored.hash = row.hash;
    stored.properties = row.properties;
    data().rows[stored.seq] = stored;
    return known ? store::Received::conflict : store::Received::stored;
  }

  void settle_one(const store::Settlement& one) {
    using Mark = store::Settlement::Mark;
    data().claims.erase(one.seq);
    const auto at = data().rows.find(one.seq);
    if (at == data().rows.end()) return;
    StoreRow& row = at->second;
    if (one.mark == Mark::forget) {
      remove(one.seq);
    } else if (one.mark == Mark::give_back) {
      ++row.redeliveries;
    } else {
      row.state = one.mark == Mark::done ? 1 : one.mark == Mark::dead ? 2 : 0;
      row.state_ms = store_.now();
      if (one.mark == Mark::done) return;
      row.attempts += one.mark == Mark::postpone ? 0 : 1;
      row.redeliveries += one.mark == Mark::dead ? 0 : 1;
      row.not_before_ms = one.mark != Mark::dead ? store_.now() + one.rest.count() : 0;
      row.last_error = one.why;
    }
  }
  void remove(std::int64_t seq) {
    const auto& row = data().rows[seq];
    auto& last = data().pruned[row.queue];
    last = std::max(last, row.created_ms);
    data().rows.erase(seq);
  }
  void prune(store::Pruning pruning) {
    std::vector<std::pair<std::int64_t, std::int64_t>> done;
    for (const auto& [seq, row] : data().rows)
      if (row.state == 1 && row.state_ms < store_.now() - pruning.done_for.count())
        done.emplace_back(row.state_ms, seq);
    std::sort(done.begin(), done.end());
    done.resize(std::min(done.size(), pruning.most));
    for (const auto& [state_ms, seq] : done) remove(seq);
  }

  void correlated(std::span<const Question> questions, const EachMessage& each) override {
    for (std::size_t i = 0; i < questions.size(); ++i) {
      std::set<std::string> ids;
      for (const auto& [seq, row] : data().rows)
        if (row.correlation_id == questions[i].correlation_id && row.queue != questions[i].not_queue)
          if (!row.message_id || ids.insert(*row.message_id).second) each(i, view(row));
    }
  }
  std::vector<store::LedgerRow> answers(std::span<const std::string_view> message_ids) override {
    std::vector<store::LedgerRow> found;
    for (const auto& row : data().acks)
      if (std::find(message_ids.begin(), message_ids.end(), row.message_id) != message_ids.end())
        found.push_back(row);
    return found;
  }
  std::vector<bool> add(std::span<const store::LedgerRow> rows) override {
    std::vector<bool> added;
    for (const auto& row : rows) {
      const auto same = [&](const store::LedgerRow& known) {
        return known.message_id == row.message_id && known.application == row.application &&
               known.kind == row.kind;
      };
      added.push_back(std::none_of(data().acks.begin(), data().acks.end(), same));
      if (added.back()) data().acks.push_back(row);
    }
    return added;
  }

  FakeStore& store_;
  std::string name_ = "fake", id_ = "0123456789abcdef0123456789abcdef";
  std::int64_t owner_ = 0, own_changes_ = 0;
  std::uint64_t commits_ = 0;
};

inline std::unique_ptr<store::StoreEngine> FakeStore::open() {
  return std::make_unique<FakeEngine>(*this);
}

}  // namespace iso::test
