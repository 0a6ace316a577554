#include <chrono>
#include <fmt/core.h>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/wait.h"
#include "reconcile/sides/beyond_json.h"
#include "reconcile/sides/item_source.h"
#include "record/write.h"

namespace iso::reconcile {
namespace {

constexpr std::size_t kAtOnce = 256;  // messages
constexpr std::chrono::seconds kLongestWait{1}, kOld{5};

class QueueItems final : public ItemSource {
 public:
  QueueItems(Url url, SourceOptions options)
      : url_(std::move(url)), options_(std::move(options)), source_(ends::open_source(url_, options_)) {
    opened_ = system_clock().steady();
  }

  // Once all is read the connection ends, and the broker puts every message back at its place.
  bool read(std::string& out) override {
    if (!source_) return false;
    open_again_if_old();
    std::vector<Delivery> taken;
    const SourceState state = source_->take(kAtOnce, taken);
    for (const Delivery& one : taken) {
      if (one.bad_input) {
        out += kUnreadable + unreadable_text(one);
      } else if (const auto field = field_beyond_json(one.record); !field.empty()) {
        out += fmt::format("{}a message whose {} is not UTF-8", kUnreadable, field);
      } else {
        append_record(out, one.record);
      }
      out += '\n';
    }
    if (state == SourceState::ended) {
      source_.reset();
      return !taken.empty();
    }
    source_->flush();
    if (state == SourceState::idle && taken.empty()) wait_for(source_->wait(), kLongestWait);
    return true;
  }

  std::unique_ptr<ItemSource> reopen_for_changes() override {
    return std::make_unique<QueueItems>(url_, options_);
  }

 private:
  // While the other side was read nobody answered the broker's heartbeats, and messages came since.
  void open_again_if_old() {
    if (!std::exchange(fresh_, false) || system_clock().steady() - opened_ < kOld) return;
    source_.reset();
    source_ = ends::open_source(url_, options_);
  }

  Url url_;
  SourceOptions options_;
  std::unique_ptr<Source> source_;
  Clock::Steady opened_;
  bool fresh_ = true;  // nothing was read yet
};

}  // namespace

std::unique_ptr<ItemSource> open_queue_items(const Url& url, const SourceOptions& options) {
  SourceOptions all = options;
  if (all.queue.empty()) all.queue = url.fragment;
  if (all.queue.empty())
    throw Error(ErrorKind::usage, fmt::format("{}: which queue? say {}#QUEUE", redacted(url), redacted(url)));
  all.peek = all.peek_all = true;
  all.count = 0;
  all.declare = false;
  return std::make_unique<QueueItems>(url, std::move(all));
}

}  // namespace iso::reconcile
