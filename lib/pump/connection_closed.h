#pragma once

#include <string>

#include "base/error.h"

namespace iso {

// ErrorKind::unavailable, said by the far side itself: it closed the connection, and why.
class ConnectionClosed : public Error {
 public:
  // `reply_code`: a number of AMQP 0-9-1 section 1.2; from 500 on it is about what the client did.
  ConnectionClosed(const std::string& what, int reply_code)
      : Error(ErrorKind::unavailable, what), reply_code_(reply_code) {}

  int reply_code() const noexcept { return reply_code_; }

 private:
  int reply_code_;
};

// ErrorKind::unavailable, and of no use to connect again.
class UnavailableForGood : public Error {
 public:
  explicit UnavailableForGood(const std::string& what) : Error(ErrorKind::unavailable, what) {}
};

// The far side does not keep to its protocol.
class ProtocolViolation : public UnavailableForGood {
 public:
  using UnavailableForGood::UnavailableForGood;
};

}  // namespace iso
