#pragma once

#include <cstdint>
#include <string>

#include "amqp/connection.h"
#include "record/record.h"

namespace iso::amqp {

// A message that the broker gives back because no queue takes it (basic.return), put together from its
// frames. It carries no number, so it is known only by what it looks like.
class ReturnedMessage {
 public:
  void begin(const BasicReturn& method);
  // The next frame of content. True when the message is whole.
  bool add(const Frame& frame);
  bool is_open() const { return open_; }  // its content is still coming

  // How much of the sent record is found in what came back. 0: it is another message, kAlike: they are alike
  // in everything that travels.
  int likeness(const Record& sent) const;
  static constexpr int kAlike = 8;

  Refusal why;

 private:
  bool open_ = false;
  std::uint64_t body_left_ = 0;
  Record record_;
};

}  // namespace iso::amqp
