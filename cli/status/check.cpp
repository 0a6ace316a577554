#include "cli/status/check.h"

#include <fmt/core.h>

#include "cli/status/table.h"

namespace iso::cli {
namespace {

using status::QueueStatus;

// Of a queue that tells nothing.
constexpr std::string_view kHeld = "another connection has exclusive use of it";

}  // namespace

std::vector<std::string> broken_limits(const QueueStatus& queue, const Limits& limits) {
  std::vector<std::string> broken;
  if (queue.state == QueueStatus::State::missing) return broken;
  const bool held = queue.state == QueueStatus::State::held;
  const auto add = [&](const std::string& text) {
    broken.push_back(fmt::format("\"{}\" {}", queue.queue, text));
  };
  if (limits.max_ready && !queue.ready)
    add(fmt::format("does not tell how many messages are ready: {}", kHeld));
  if (limits.max_ready && queue.ready && *queue.ready > *limits.max_ready)
    add(fmt::format("has {} ready, more than --max-ready {}", *queue.ready, *limits.max_ready));
  if (limits.min_consumers && !queue.consumers)
    add(fmt::format("does not tell its consumers: {}", held ? kHeld : "only a broker knows them"));
  if (limits.min_consumers && queue.consumers && *queue.consumers < *limits.min_consumers)
    add(fmt::format("has fewer consumers than --min-consumers {}: {}", *limits.min_consumers,
                    *queue.consumers));
  if (!limits.max_age) return broken;
  if (queue.oldest && *queue.oldest > *limits.max_age)
    add(fmt::format("has a message that is {} old, more than --max-age {}", age_text(*queue.oldest),
                    age_text(*limits.max_age)));
  const bool is_known = queue.oldest || (queue.ready && *queue.ready == 0);
  if (!is_known)
    add(fmt::format("does not tell how old its messages are: {}",
                    held ? kHeld
                         : "RabbitMQ does by its management API, for classic queues whose messages have a "
                           "timestamp"));
  return broken;
}

}  // namespace iso::cli
