#include <algorithm>
#include <fmt/core.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reconcile/sides/beyond_json.h"
#include "reconcile/sides/item_source.h"
#include "record/scan.h"
#include "record/write.h"
#include "store/view.h"

namespace iso::reconcile {
namespace {

constexpr std::size_t kAtOnce = std::size_t{256} * 1024;

RowState::Settled settled_of(store::MessageState state) {
  switch (state) {
    case store::MessageState::ready:
      return RowState::Settled::pending;
    case store::MessageState::done:
      return RowState::Settled::done;
    case store::MessageState::dead:
      return RowState::Settled::dead;
    case store::MessageState::conflict:
      return RowState::Settled::conflict;
  }
  return RowState::Settled::unknown;
}

// Those rows that were there when it was opened: who writes faster than we read does not keep us for ever.
class StoreItems final : public ItemSource, public Rows {
 public:
  StoreItems(std::shared_ptr<store::StoreView> view, std::string queue, std::int64_t after)
      : view_(std::move(view)),
        queue_(std::move(queue)),
        begin_(std::max(after, view_->first_seq() - 1)),
        after_(begin_),
        up_to_(view_->last_seq()),
        hashed_up_to_(begin_),
        deleted_up_to_(view_->pruned_up_to(queue_)) {}

  bool read(std::string& out) override {
    const bool more = read_some(out);
    if (!more) deleted_up_to_ = view_->pruned_up_to(queue_);  // also by who did it while we read
    return more;
  }
  std::int64_t deleted_up_to() const override { return deleted_up_to_; }

  std::unique_ptr<ItemSource> reopen_for_changes() override {
    if (!view_->has_rows(queue_, up_to_)) return nullptr;
    return std::make_unique<StoreItems>(view_, queue_, up_to_);
  }

  // A guess that gets better: the rows to come are like those that came.
  std::uint64_t size() const override {
    if (chosen_)
      return guess(given_, static_cast<std::int64_t>(next_), static_cast<std::int64_t>(chosen_->size()));
    return guess(given_, after_ - begin_, up_to_ - begin_);
  }

  Rows* rows() override { return this; }

  bool look_at(const std::function<void(const Rows::Row&)>& each) override {
    if (hashed_up_to_ >= up_to_) return false;
    std::size_t got = 0;
    const auto one = [&](const store::StoreView::Row& row) {
      head_.clear();
      RowState state = state_of(row);
      if (state.error.empty()) append_head(head_, row.record);
      each({std::move(state), head_, row.body});
      got += head_.size() + row.body.size();
      return got < kAtOnce;
    };
    hashed_up_to_ = view_->page(queue_, hashed_up_to_, up_to_, one, store::StoreView::Body::skimmed);
    hashed_ += got;
    return true;
  }
  std::uint64_t hashed_bytes() const override { return hashed_; }
  std::uint64_t bytes_to_hash() const override {
    return guess(hashed_, hashed_up_to_ - begin_, up_to_ - begin_);
  }
  void choose(std::vector<std::int64_t> rows) override { chosen_ = std::move(rows); }

 private:
  bool read_some(std::string& out) {
    const std::size_t begin = out.size();
    if (chosen_) {
      while (next_ < chosen_->size() && out.size() - begin < kAtOnce)
        view_->row(queue_, (*chosen_)[next_++],
                   [&](const store::StoreView::Row& row) { return append(out, row), true; });
      given_ += out.size() - begin;
      return out.size() != begin;
    }
    while (after_ < up_to_ && out.size() == begin)
      after_ = view_->page(queue_, after_, up_to_, [&](const store::StoreView::Row& row) {
        append(out, row);
        return out.size() - begin < kAtOnce;
      });
    given_ += out.size() - begin;
    return out.size() != begin;
  }

  static std::uint64_t guess(std::uint64_t bytes, std::int64_t done, std::int64_t all) {
    if (done <= 0) return 0;
    return static_cast<std::uint64_t>(static_cast<double>(bytes) * static_cast<double>(all) /
                                      static_cast<double>(done));
  }

  static RowState state_of(const store::StoreView::Row& row) {
    RowState state{row.seq, settled_of(row.state), row.created_ms, row.error};
    if (!state.error.empty()) return state;
    if (const auto field = field_beyond_json(row.record); !field.empty())
      state.error = fmt::format("{} is not UTF-8", field);
    return state;
  }

  static void append_head(std::string& out, const Record& record) {
    append_record(out, record, BodyAs::left_out);
    out.pop_back();
    out += out.back() == '{' ? R"("body":0})" : R"(,"body":0})";
  }

  static void append(std::string& out, const store::StoreView::Row& row) {
    const RowState state = state_of(row);
    if (state.error.empty()) append_record(out, row.record);
    out += '\t';
    append_row_text(out, state);
    out += '\n';
  }

  std::shared_ptr<store::StoreView> view_;
  std::string queue_;
  std::int64_t begin_, after_, up_to_;
  std::uint64_t given_ = 0;

  std::int64_t hashed_up_to_;
  std::uint64_t hashed_ = 0;
  std::string head_;
  std::optional<std::vector<std::int64_t>> chosen_;
  std::size_t next_ = 0;
  std::int64_t deleted_up_to_;
};

class LedgerItems final : public ItemSource {
 public:
  explicit LedgerItems(std::shared_ptr<store::StoreView> view)
      : view_(std::move(view)), version_(view_->version()) {}

  bool read(std::string& out) override {
    if (ended_) return false;
    const std::size_t begin = out.size();
    ended_ = !view_->ledger_page(after_, [&](const store::StoreView::Answers& answers) {
      append(out, answers);
      return out.size() - begin < kAtOnce;
    });
    return out.size() != begin;
  }

  std::unique_ptr<ItemSource> reopen_for_changes() override {
    return view_->version() == version_ ? nullptr : std::make_unique<LedgerItems>(view_);
  }

 private:
  static void append(std::string& out, const store::StoreView::Answers& answers) {
    RowState state{0, RowState::Settled::unknown, answers.last_ms, {}};
    if (is_utf8(answers.message_id)) {
      append_item(out, answers);
    } else {
      state.error = "message_id is not UTF-8";
    }
    out += '\t';
    append_row_text(out, state);
    out += '\n';
  }

  // An application whose name is not UTF-8 is none that --expect can name.
  static void append_item(std::string& out, const store::StoreView::Answers& answers) {
    out += "{\"message_id\":";
    append_json_string(out, answers.message_id);
    out += ",\"acks\":{";
    for (const auto& [application, kind] : answers.by_application) {
      if (!is_utf8(application)) continue;
      if (out.back() != '{') out += ',';
      append_json_string(out, application);
      out += ':';
      append_json_string(out, kind);
    }
    out += "}}";
  }

  std::shared_ptr<store::StoreView> view_;
  std::int64_t version_;
  std::optional<std::string> after_;
  bool ended_ = false;
};

}  // namespace

bool is_ledger(const Url& url) {
  return ends::is_store(url) && url.fragment == "acks";
}

std::unique_ptr<ItemSource> open_store_items(const Url& url) {
  auto view = std::make_shared<store::StoreView>(url);
  if (is_ledger(url)) return std::make_unique<LedgerItems>(std::move(view));
  auto queue = view->queue_of(url);
  return std::make_unique<StoreItems>(std::move(view), std::move(queue), 0);
}

}  // namespace iso::reconcile
