#include "amqp/tls.h"

#include <algorithm>
#include <arpa/inet.h>
#include <climits>
#include <fmt/core.h>

#include "amqp/functions.h"
#include "base/error.h"

namespace iso::amqp {
namespace {

constexpr const char* kSystemAuthorities = "/etc/ssl/certs/ca-certificates.crt";

bool is_address(const std::string& host) {
  in6_addr address;
  return inet_pton(AF_INET, host.c_str(), &address) == 1 || inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

int as_int(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, INT_MAX));
}

// OpenSSL would ask at the terminal.
int no_password(char*, int, int, void*) {
  return 0;
}

[[noreturn]] void refuse(std::string_view option, const std::string& file) {
  const char* why = ERR_reason_error_string(ERR_peek_error());
  throw Error(ErrorKind::usage,
              fmt::format("cannot use {} {}{}{}", option, file, why ? ": " : "", why ? why : ""));
}

// What is wrong with the peer's certificate, and what can be done about it.
std::string certificate_fault(long result, const std::string& host) {
  switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the broker's certificate, or its authority's, has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the broker's certificate is not valid yet: is the clock right?";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return fmt::format("the broker's certificate is not for the name {}", host);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return fmt::format(
          "the broker's certificate is from an unknown authority ({}): name it with ?cacertfile=FILE",
          X509_verify_cert_error_string(result));
    default:
      return fmt::format("the broker's certificate is not good: {}", X509_verify_cert_error_string(result));
  }
}

}  // namespace

void Tls::Free::operator()(ssl_ctx_st* context) const noexcept {
  SSL_CTX_free(context);
}
void Tls::Free::operator()(ssl_st* session) const noexcept {
  SSL_free(session);
}

Tls::Tls(const TlsOptions& options) : host_(options.host), verify_(options.verify) {
  context_.reset(SSL_CTX_new(TLS_client_method()));
  if (!context_) throw Error(ErrorKind::internal, "out of memory for TLS");
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  use_files(options);
  session_.reset(SSL_new(context_.get()));
  if (!session_) throw Error(ErrorKind::internal, "out of memory for TLS");
  in_ = BIO_new(BIO_s_mem());
  out_ = BIO_new(BIO_s_mem());
  if (!in_ || !out_) throw Error(ErrorKind::internal, "out of memory for TLS");
  SSL_set_bio(session_.get(), in_, out_);
  SSL_set_mode(session_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  check_peer(options);
  SSL_set_connect_state(session_.get());
}

Tls::~Tls() = default;

void Tls::use_files(const TlsOptions& options) {
  SSL_CTX* context = context_.get();
  SSL_CTX_set_default_passwd_cb(context, no_password);
  SSL_CTX_set_verify(context, options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  ERR_clear_error();
  if (options.verify && !options.authorities.empty()) {
    if (SSL_CTX_load_verify_locations(context, options.authorities.c_str(), nullptr) != 1)
      refuse("cacertfile", options.authorities);
  } else if (options.verify && SSL_CTX_load_verify_locations(context, kSystemAuthorities, nullptr) != 1) {
    SSL_CTX_set_default_verify_paths(context);
  }
  if (options.certificate.empty()) return;
  const std::string& key = options.key.empty() ? options.certificate : options.key;
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, options.certificate.c_str()) != 1)
    refuse("certfile", options.certificate);
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1)
    refuse(options.key.empty() ? "certfile" : "keyfile", key);
}

void Tls::check_peer(const TlsOptions& options) {
  const bool address = is_address(host_);
  if (!address)  // SSL_set_tlsext_host_name, whose macro casts
    SSL_ctrl(session_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host_.data());
  if (!options.verify) return;
  const int done = address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session_.get()), host_.c_str())
                           : SSL_set1_host(session_.get(), host_.c_str());
  if (done != 1)
    throw Error(ErrorKind::usage, fmt::format("{} is not a name that a certificate can be for", host_));
}

void Tls::receive(std::string_view encrypted) {
  BIO_write(in_, encrypted.data(), as_int(encrypted.size()));
}

// What OpenSSL wrote, to where it is sent from.
void Tls::collect() {
  const std::size_t size = BIO_ctrl_pending(out_);
  if (size == 0) return;
  const std::size_t before = to_send_.size();
  to_send_.resize(before + size);
  BIO_read(out_, to_send_.data() + before, as_int(size));
}

bool Tls::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(session_.get());
  collect();
  return result == 1 || !wants_more(result, "beginning TLS");
}

std::size_t Tls::read(char* at, std::size_t most) {
  ERR_clear_error();
  const int got = SSL_read(session_.get(), at, as_int(most));
  collect();  // answers of TLS's own
  if (got > 0) return static_cast<std::size_t>(got);
  wants_more(got, "reading");
  return 0;
}

std::size_t Tls::write(std::string_view plain) {
  if (plain.empty()) return 0;
  ERR_clear_error();
  const int wrote = SSL_write(session_.get(), plain.data(), as_int(plain.size()));
  collect();
  if (wrote > 0) return static_cast<std::size_t>(wrote);
  wants_more(wrote, "writing");
  return 0;
}

void Tls::close() noexcept {
  ERR_clear_error();
  SSL_shutdown(session_.get());
  collect();
}

// True if it only needs more from the peer.
bool Tls::wants_more(int result, std::string_view task) {
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return true;
    case SSL_ERROR_ZERO_RETURN:
      throw Error(ErrorKind::unavailable, "the broker closed the connection");
    default:
      fail(task);
  }
}

void Tls::fail(std::string_view task) {
  if (const long result = SSL_get_verify_result(session_.get()); verify_ && result != X509_V_OK)
    throw Error(ErrorKind::unavailable, certificate_fault(result, host_));
  const char* why = ERR_reason_error_string(ERR_peek_error());
  throw Error(ErrorKind::unavailable, fmt::format("{}: {}", task, why ? why : "TLS failed"));
}

}  // namespace iso::amqp
