#include <algorithm>
#include <utility>

#include "ends/store_view.h"
#include "reconcile/feed.h"
#include "record/write.h"

namespace iso {
namespace {

constexpr std::size_t kAtOnce = std::size_t{256} * 1024;

RowState::Settled settled_of(MessageState state) {
  switch (state) {
    case MessageState::ready:
      return RowState::Settled::pending;
    case MessageState::done:
      return RowState::Settled::done;
    case MessageState::dead:
      return RowState::Settled::dead;
    case MessageState::conflict:
      return RowState::Settled::conflict;
  }
  return RowState::Settled::unknown;
}

// Those rows that were there when it was opened: who writes faster than we read does not keep us for ever.
class StoreFeed final : public Feed {
 public:
  StoreFeed(std::shared_ptr<StoreView> view, std::string queue, std::int64_t after)
      : view_(std::move(view)),
        queue_(std::move(queue)),
        begin_(std::max(after, view_->first_seq() - 1)),
        after_(begin_),
        up_to_(view_->last_seq()) {}

  bool read(std::string& out) override {
    const std::size_t begin = out.size();
    while (after_ < up_to_ && out.size() == begin)
      after_ = view_->page(queue_, after_, up_to_, [&](const StoreView::Row& row) {
        append(out, row);
        return out.size() - begin < kAtOnce;
      });
    given_ += out.size() - begin;
    return out.size() != begin;
  }

  std::unique_ptr<Feed> later() override {
    if (!view_->has_rows(queue_, up_to_)) return nullptr;
    return std::make_unique<StoreFeed>(view_, queue_, up_to_);
  }

  // A guess that gets better: the rows to come are like those that came.
  std::uint64_t size() const override {
    if (after_ <= begin_) return 0;
    return static_cast<std::uint64_t>(static_cast<double>(given_) * static_cast<double>(up_to_ - begin_) /
                                      static_cast<double>(after_ - begin_));
  }

 private:
  static void append(std::string& out, const StoreView::Row& row) {
    if (row.error.empty()) append_record(out, row.record);
    out += '\t';
    append_row_text(out, {row.seq, settled_of(row.state), row.created_ms, row.error});
    out += '\n';
  }

  std::shared_ptr<StoreView> view_;
  std::string queue_;
  std::int64_t begin_, after_, up_to_;
  std::uint64_t given_ = 0;
};

class LedgerFeed final : public Feed {
 public:
  explicit LedgerFeed(std::shared_ptr<StoreView> view) : view_(std::move(view)), version_(view_->version()) {}

  bool read(std::string& out) override {
    if (ended_) return false;
    const std::size_t begin = out.size();
    ended_ = !view_->ledger_page(after_, [&](const StoreView::Answers& answers) {
      append(out, answers);
      return out.size() - begin < kAtOnce;
    });
    return out.size() != begin;
  }

  std::unique_ptr<Feed> later() override {
    return view_->version() == version_ ? nullptr : std::make_unique<LedgerFeed>(view_);
  }

 private:
  static void append(std::string& out, const StoreView::Answers& answers) {
    out += "{\"message_id\":";
    append_json_string(out, answers.message_id);
    out += ",\"acks\":{";
    for (const auto& [application, kind] : answers.by_application) {
      if (out.back() != '{') out += ',';
      append_json_string(out, application);
      out += ':';
      append_json_string(out, kind);
    }
    out += "}}\t";
    append_row_text(out, {0, RowState::Settled::unknown, answers.last_ms, {}});
    out += '\n';
  }

  std::shared_ptr<StoreView> view_;
  std::int64_t version_;
  std::optional<std::string> after_;
  bool ended_ = false;
};

}  // namespace

bool is_ledger(const Url& url) {
  return url.scheme == "sqlite" && url.fragment == "acks";
}

std::unique_ptr<Feed> open_store_feed(const Url& url) {
  auto view = std::make_shared<StoreView>(url);
  if (is_ledger(url)) return std::make_unique<LedgerFeed>(std::move(view));
  auto queue = view->queue_of(url);
  return std::make_unique<StoreFeed>(std::move(view), std::move(queue), 0);
}

}  // namespace iso
