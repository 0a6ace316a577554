#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "amqp/connection.h"

namespace iso::amqp {

// What a broker reports about a queue to a client without administrator rights.
struct QueueLook {
  enum class State { there, missing, held };  // held: another connection has exclusive use of it
  State state = State::there;
  std::uint32_t ready = 0, consumers = 0;
};

// Looks at queues over one connection, by passive declares: they change nothing and count as nothing.
class QueueLooker {
 public:
  // Connects. Throws as Connection does.
  QueueLooker(const Url& url, const EndOptions& options) : connection_(url, options) {}

  // Throws ErrorKind::unavailable, after which this is of no more use, and ErrorKind::refused.
  QueueLook look(const std::string& queue);

  // "classic", "quorum" or "stream", or "" if the broker does not say. Asked once for each queue that is
  // there, since the broker notes the question in its log.
  std::string_view kind_of(const std::string& queue);

  // Answers the broker's heartbeats while nothing is asked; to be called some times a second. Throws
  // ErrorKind::unavailable.
  void keep_alive();

 private:
  Connection connection_;
  std::map<std::string, std::string_view> kinds_;
};

}  // namespace iso::amqp
