#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "amqp/frames.h"
#include "pump/end.h"
#include "record/record.h"

namespace iso::amqp {

// Puts a delivery together from its frames: the method, the header, and the body's pieces (AMQP 0-9-1 section
// 4.2.6).
class DeliveryAssembler {
 public:
  void begin(const BasicDeliver& method, std::string_view queue);
  // The next frame, of content or not. True when the record is whole. Throws ErrorKind::unavailable for
  // properties that are not well formed.
  bool add(const Frame& frame);

  std::uint64_t tag() const { return tag_; }
  Record& record() { return record_; }
  // Why the record is not all of the message, or "".
  const std::string& why_unreadable() const { return why_unreadable_; }
  // The same as input with this number; null if the record is all of it.
  std::unique_ptr<BadInput> bad_input(std::uint64_t number) const;

 private:
  bool finish();

  std::uint64_t tag_ = 0;
  Record record_;
  std::string why_unreadable_;
  std::uint64_t body_left_ = 0;
};

}  // namespace iso::amqp
