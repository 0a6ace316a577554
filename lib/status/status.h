#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/url.h"
#include "pump/end_options.h"

namespace iso::status {

// What a queue holds, and who reads it. Nothing: the end does not tell.
struct QueueStatus {
  std::string queue;
  enum class State {
    there,
    missing,
    held,  // another connection has the queue for itself, and the broker tells nothing of it
  };
  State state = State::there;
  std::optional<std::uint64_t> ready;                             // a consumer would be given them now
  std::optional<std::uint64_t> unacked, consumers;                // a broker's
  std::optional<std::uint64_t> claimed, resting, dead, conflict;  // a store's, as StoreReader::Counts
  std::string type;                                               // "classic", "quorum", "stream"; ""
  std::optional<std::string> dead_letters_to;                     // EXCHANGE or EXCHANGE:KEY; "": nowhere
  // How long ago the first message that is not done was stored, or published.
  std::optional<std::chrono::milliseconds> oldest;
  std::optional<double> in, out;  // messages a second, by the broker's own count
};

// Looks at the queues of an end, again and again, and changes nothing.
class Looker {
 public:
  virtual ~Looker() = default;

  // One for each name, in their order; without names, all queues by name. Throws ErrorKind::unavailable,
  // after which the next call connects again; ErrorKind::refused; ErrorKind::missing if the store does not
  // exist; ErrorKind::usage if the end cannot list its queues.
  virtual std::vector<QueueStatus> look(const std::vector<std::string>& names) = 0;

  // While nobody looks: to be called some times a second. Throws nothing.
  virtual void keep_alive() {}
};

// RabbitMQ: by passive declares of the names, and by its management API where that answers: at the URL of
// the option `management`, or else on the host and RabbitMQ's port for it. A store: by its file. Throws
// ErrorKind::usage for another end. Nothing is opened before the first look.
std::unique_ptr<Looker> open_looker(const Url& url, const EndOptions& options);

}  // namespace iso::status
