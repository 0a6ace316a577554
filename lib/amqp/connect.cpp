// How a Connection comes to its connection: hosts, TCP, TLS.
#include <algorithm>
#include <fmt/core.h>

#include "amqp/connection.h"
#include "amqp/tcp.h"
#include "base/error.h"

namespace iso::amqp {
namespace {

constexpr std::uint16_t kWebPort = 15'672, kSecureWebPort = 15'671;

std::uint16_t port_of(const Url& url, const HostPort& host) {
  return host.port != 0 ? host.port : url.scheme == "amqps" ? 5671 : 5672;
}

// What is wrong with a port where nothing speaks AMQP.
std::string_view port_advice(const Url& url, const HostPort& host) {
  const std::uint16_t port = port_of(url, host);
  return port == kWebPort || port == kSecureWebPort
             ? " (this is RabbitMQ's web port; AMQP is 5672, and 5671 over TLS)"
             : "";
}

std::unique_ptr<Tls> tls_of(const Url& url, const HostPort& host) {
  if (url.scheme != "amqps") return nullptr;
  TlsOptions options;
  options.host = host.host;
  options.verify = url.option("verify", "verify_peer") != "verify_none";
  options.authorities = url.option("cacertfile");
  options.certificate = url.option("certfile");
  options.key = url.option("keyfile");
  try {
    return std::make_unique<Tls>(options);
  } catch (const Error& error) {
    throw error.during(redacted(url));
  }
}

}  // namespace

// Each host gets its share of the time that is left, so that one that takes the connection and then says
// nothing does not keep us from the others.
void Connection::connect(const Url& url, const EndOptions& options) {
  Deadline deadline(options.timeout);
  auto untried = static_cast<int>(url.hosts.size());
  std::string failures;
  for (const HostPort& host : url.hosts) {
    try {
      connect_to(url, host, options, deadline.share(untried--));
      name_ = redacted(url);
      return;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::unavailable) throw;
      failures += fmt::format("{}{}{}", failures.empty() ? "" : "; ", error.what(), port_advice(url, host));
    }
  }
  throw Error(ErrorKind::unavailable, fmt::format("cannot reach the broker: {}", failures));
}

// Errors are told with this host's name.
void Connection::connect_to(const Url& url, const HostPort& host, const EndOptions& options,
                            Deadline deadline) {
  const std::uint16_t port = port_of(url, host);
  name_ = host_port_text(host.host, port);
  start_afresh();
  auto tls = tls_of(url, host);
  try {
    Descriptor socket = connect_tcp(host.host, port, deadline);
    transport_ = std::make_unique<Transport>(std::move(socket), std::move(tls), deadline);
  } catch (const Error& error) {
    throw error.during(name_);
  }
  login(url, options, deadline);
  open_channel(deadline);
}

void Connection::start_afresh() {
  transport_.reset();
  fault_.clear();
  close_code_ = 0;
  violated_ = false;
  out_.clear();
  begin_ = in_begin_ = in_end_ = 0;
  order_ = ContentOrder();
  readable_ = true;
  blocked_.clear();
}

}  // namespace iso::amqp
