#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;
struct bio_st;

namespace iso::amqp {

struct TlsOptions {
  std::string host;              // the name, or the address, that its certificate must be for
  bool verify = true;            // the certificate, its authority and its name
  std::string authorities;       // a file in PEM; "": the system's
  std::string certificate, key;  // files in PEM, of ours; "" is none, and the key may be with the certificate
};

// One TLS connection, 1.2 or later, by OpenSSL, as a step from bytes to bytes: what came from the peer goes
// in by receive(), and what to_send() holds is to be sent to it. What the peer does wrong throws
// ErrorKind::unavailable.
class Tls {
 public:
  // Throws ErrorKind::usage, with the name of the option, for a file that is of no use.
  explicit Tls(const TlsOptions& options);
  ~Tls();
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;

  void receive(std::string_view encrypted);
  const std::string& to_send() const { return to_send_; }
  void was_sent(std::size_t bytes) { to_send_.erase(0, bytes); }

  bool handshake();                              // goes on with it; true: it is done
  std::size_t read(char* at, std::size_t most);  // 0: nothing is here
  // Gives how many bytes were taken.
  std::size_t write(std::string_view plain);
  void close() noexcept;  // says that no more will come

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const noexcept;
    void operator()(ssl_st* session) const noexcept;
  };

  void use_files(const TlsOptions& options);
  void check_peer(const TlsOptions& options);
  void collect();
  bool wants_more(int result, std::string_view task);
  [[noreturn]] void fail(std::string_view task);

  std::unique_ptr<ssl_ctx_st, Free> context_;
  std::unique_ptr<ssl_st, Free> session_;
  bio_st* in_ = nullptr;  // owned by session_, as out_ is
  bio_st* out_ = nullptr;
  std::string host_;
  bool verify_;
  std::string to_send_;
};

}  // namespace iso::amqp
