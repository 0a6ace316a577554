#include <algorithm>
#include <fmt/core.h>

#include "amqp/queue_look.h"
#include "base/error.h"
#include "base/url_options.h"
#include "status/management.h"
#include "status/status.h"
#include "store/view.h"

namespace iso::status {
namespace {

using std::chrono::milliseconds;

// At RabbitMQ's own port often nobody answers, and nobody asked for it.
constexpr milliseconds kUnaskedTime{1000};

class BrokerLooker final : public Looker {
 public:
  BrokerLooker(const Url& url, const EndOptions& options) : url_(url), options_(options) {
    management_url(url_);  // a wrong option is told at once
  }

  std::vector<QueueStatus> look(const std::vector<std::string>& names) override {
    try {
      if (!connection_) connection_ = std::make_unique<amqp::QueueLooker>(url_, options_);
      const ManagementAnswer api = ask_api();
      if (names.empty()) return listed(api);
      std::vector<QueueStatus> all;
      for (const auto& name : names) all.push_back(look_at(name, api));
      return all;
    } catch (const Error&) {
      connection_.reset();
      throw;
    }
  }

  void keep_alive() override {
    try {
      if (connection_) connection_->keep_alive();
    } catch (const Error&) {
      connection_.reset();  // the next look tells why
    }
  }

 private:
  // Not asked again where it has never answered and nobody named it.
  ManagementAnswer ask_api() {
    const bool named = !url_.option("management").empty();
    if (!named && !silence_.why.empty()) return silence_;
    const auto limit = named ? options_.timeout : std::min(options_.timeout, kUnaskedTime);
    ManagementAnswer answer = ask_management(url_, limit);
    if (!answer.why.empty() && silence_.why != answer.why) {
      silence_ = answer;
      if (named) options_.notice(answer.why + "; without it, only what AMQP tells is shown");
    }
    return answer;
  }

  static std::vector<QueueStatus> listed(const ManagementAnswer& api) {
    if (api.why.empty()) return api.queues;
    throw Error(api.is_refusal ? ErrorKind::refused : ErrorKind::usage,
                fmt::format("name the queues, since RabbitMQ lists them only by {} (?management=URL says "
                            "where it is)",
                            api.why));
  }

  // What the API says is some seconds old; what the broker says now counts.
  QueueStatus look_at(const std::string& name, const ManagementAnswer& api) {
    QueueStatus status;
    const auto found = std::find_if(api.queues.begin(), api.queues.end(),
                                    [&](const QueueStatus& queue) { return queue.queue == name; });
    if (found != api.queues.end()) status = *found;
    status.queue = name;
    const amqp::QueueLook look = connection_->look(name);
    using State = amqp::QueueLook::State;
    if (look.state == State::missing) {
      status = {};
      status.queue = name;
      status.state = QueueStatus::State::missing;
    } else if (look.state == State::held) {
      status.state = QueueStatus::State::held;
    } else {
      status.ready = look.ready;
      status.consumers = look.consumers;
      if (look.ready == 0) status.oldest.reset();
      if (status.type.empty()) status.type = connection_->kind_of(name);
    }
    return status;
  }

  Url url_;
  EndOptions options_;
  std::unique_ptr<amqp::QueueLooker> connection_;
  ManagementAnswer silence_;  // the last one without queues, if `why` is not empty
};

class StoreLooker final : public Looker {
 public:
  explicit StoreLooker(const Url& url) : url_(url) {}

  std::vector<QueueStatus> look(const std::vector<std::string>& names) override {
    const auto reader = store::open_store_reader(url_);
    std::vector<QueueStatus> all;
    for (const auto& name : names.empty() ? reader->queues() : names) all.push_back(look_at(*reader, name));
    return all;
  }

 private:
  static QueueStatus look_at(store::StoreReader& reader, const std::string& name) {
    const auto counts = reader.counts(name);
    QueueStatus status;
    status.queue = name;
    // A queue that nobody made is there while it has messages.
    if (counts.ready + counts.claimed + counts.resting + counts.dead + counts.conflict == 0 &&
        !reader.has_queue(name)) {
      status.state = QueueStatus::State::missing;
      return status;
    }
    status.ready = counts.ready;
    status.claimed = counts.claimed;
    status.resting = counts.resting;
    status.dead = counts.dead;
    status.conflict = counts.conflict;
    status.oldest = counts.oldest;
    return status;
  }

  Url url_;
};

}  // namespace

std::unique_ptr<Looker> open_looker(const Url& url, const EndOptions& options) {
  check_options(url);
  if (url.scheme == "amqp" || url.scheme == "amqps") return std::make_unique<BrokerLooker>(url, options);
  if (url.scheme == "file")
    throw Error(ErrorKind::usage,
                fmt::format("{}: a file has no queues; use amqp://, amqps:// or a store", redacted(url)));
  return std::make_unique<StoreLooker>(url);
}

}  // namespace iso::status
