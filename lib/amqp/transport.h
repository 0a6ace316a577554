#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "amqp/deadline.h"
#include "amqp/tls.h"
#include "base/file.h"

namespace iso::amqp {

// Bytes to a broker and from it, over TCP or over TLS. Nothing here waits but the constructor. A connection
// that broke, or that the broker closed, throws ErrorKind::unavailable.
class Transport {
 public:
  // With `tls`, after its handshake.
  Transport(Descriptor socket, std::unique_ptr<Tls> tls, Deadline& deadline);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // What is here, at most as much; 0: nothing now.
  std::size_t read(char* at, std::size_t most);
  bool may_have_more() const { return may_have_more_; }  // though the socket is not ready

  // Sends what goes without waiting. Gives how many bytes were taken; some of them may wait here for their
  // turn, which flush() sends.
  std::size_t write(std::string_view bytes);
  void flush();
  bool has_unsent() const { return tls_ && !tls_->to_send().empty(); }
  std::uint64_t sent() const { return sent_; }  // bytes that the kernel took

  int fd() const { return socket_.get(); }
  bool is_ready(short events) const;  // POLLIN, POLLOUT

 private:
  void shake_hands(Deadline& deadline);
  void see_whether_tls(std::string_view answer);
  std::size_t receive(char* at, std::size_t most);
  std::size_t send(std::string_view bytes);

  Descriptor socket_;
  std::unique_ptr<Tls> tls_;
  std::string encrypted_;  // room for what is read
  std::uint64_t sent_ = 0;
  bool may_have_more_ = false;
};

}  // namespace iso::amqp
