#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "pump/end.h"

namespace iso::amqp {

// Messages that the broker nacked, until they are put again. A queue may be full for a moment, or its leader
// may be away, so a nack is the last word on a message only once its destination (exchange and routing key)
// has refused all that came for it for a while. From then on it is the last word at once, until the
// destination takes a message.
class NackedMessages {
 public:
  struct Message {
    Ticket ticket;
    const Record* record;
  };

  explicit NackedMessages(std::chrono::milliseconds refused_for) : refused_for_(refused_for) {}

  // Keeps a nacked message. False: the nack was the last word on it.
  bool keep(Message message, Clock::Steady now);
  // The broker took a message: what goes to the same destination may be tried for as long as the first.
  void confirmed(const Record& record);
  // No other try is worth it: all that is kept, and each nack to come is the last word.
  std::vector<Message> give_up();

  bool empty() const { return messages_.empty(); }
  // How long to wait until the next try: 100 ms to 2 s, growing with each call while the broker takes nothing
  // of it. `random` is from 0 to 1, and makes it up to half shorter.
  std::chrono::milliseconds pause(double random);
  // Gives what is kept, in the order of the tickets, for another try.
  std::vector<Message> take();

 private:
  static constexpr std::size_t kDestinations = 100'000;  // more than can be in flight

  static std::string destination(const Record& record);

  std::chrono::milliseconds refused_for_;
  std::vector<Message> messages_;
  std::map<std::string, Clock::Steady> refused_since_;  // destinations, by their first nack since a confirm
  unsigned tries_ = 0;                                  // since the last confirm
};

}  // namespace iso::amqp
