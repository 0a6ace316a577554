// How a Connection comes to its connection: hosts, TLS, login.
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fmt/core.h>

#include "amqp/connection.h"
#include "base/error.h"

namespace iso::amqp {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kFrameMax = 131'072;
constexpr std::size_t kFrameMin = 4096;  // section 4.2.3
constexpr int kHeartbeat = 10;           // seconds; RabbitMQ's guide: 5 to 20
constexpr const char* kSystemAuthorities = "/etc/ssl/certs/ca-certificates.crt";

std::string host_text(const HostPort& host, std::uint16_t port) {
  return host.host.find(':') == std::string::npos ? fmt::format("{}:{}", host.host, port)
                                                  : fmt::format("[{}]:{}", host.host, port);
}

std::uint16_t port_of(const Url& url, const HostPort& host) {
  return host.port != 0 ? host.port : url.scheme == "amqps" ? 5671 : 5672;
}

int heartbeat_of(const Url& url) {
  const auto text = url.option("heartbeat");
  int seconds = kHeartbeat;
  if (!text.empty() && std::from_chars(text.data(), text.data() + text.size(), seconds).ec != std::errc{})
    throw Error(ErrorKind::usage, fmt::format("{}: heartbeat must be a number of seconds", redacted(url)));
  return std::clamp(seconds, 0, 65'535);
}

// Whether trying again, here or at another host, is of no use. A vhost that is down, or one with too many
// connections, says NOT_ALLOWED too.
bool is_final(const amqp_connection_close_t& close) {
  const auto says = [&](std::string_view text) {
    return view(close.reply_text).find(text) != std::string_view::npos;
  };
  return close.reply_code == AMQP_ACCESS_REFUSED ||
         (close.reply_code == AMQP_NOT_ALLOWED && !says("is down") && !says("limit"));
}

amqp_table_entry_t text_entry(const char* key, std::string_view value) {
  amqp_table_entry_t entry{};
  entry.key = amqp_cstring_bytes(key);
  entry.value.kind = AMQP_FIELD_KIND_UTF8;
  entry.value.value.bytes = bytes_of(value);
  return entry;
}

amqp_table_entry_t flag_entry(const char* key) {
  amqp_table_entry_t entry{};
  entry.key = amqp_cstring_bytes(key);
  entry.value.kind = AMQP_FIELD_KIND_BOOLEAN;
  entry.value.value.boolean = 1;
  return entry;
}

}  // namespace

// Each host gets its share of the time that is left, so that one that takes the connection and then says
// nothing does not keep us from the others.
void Connection::connect(const Url& url, const EndOptions& options) {
  const auto until = steady_clock::now() + options.timeout;
  auto untried = static_cast<int>(url.hosts.size());
  std::string failures;
  for (const HostPort& host : url.hosts) {
    const auto share = std::chrono::duration_cast<milliseconds>(until - steady_clock::now()) / untried--;
    try {
      connect_to(url, host, options, std::max(share, milliseconds(1)));
      name_ = redacted(url);
      return;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::unavailable) throw;
      failures += (failures.empty() ? "" : "; ") + std::string(error.what());
    }
  }
  throw Error(ErrorKind::unavailable, fmt::format("cannot reach the broker: {}", failures));
}

// Errors are told with this host's name.
void Connection::connect_to(const Url& url, const HostPort& host, const EndOptions& options,
                            milliseconds limit) {
  const auto until = steady_clock::now() + limit;
  const auto left = [&] {
    return std::max(std::chrono::duration_cast<milliseconds>(until - steady_clock::now()), milliseconds(1));
  };
  name_ = host_text(host, port_of(url, host));
  fault_.clear();
  open_socket(url, host, limit);
  login(url, options, left());
  set_answer_limit(left());
  open_channel();
  set_answer_limit(timeout_);
}

void Connection::open_socket(const Url& url, const HostPort& host, milliseconds limit) {
  connection_.reset(amqp_new_connection());
  amqp_socket_t* socket =
      tls_ ? amqp_ssl_socket_new(connection_.get()) : amqp_tcp_socket_new(connection_.get());
  if (!socket) throw Error(ErrorKind::internal, "out of memory for a connection");
  if (tls_) {
    const auto refuse = [&](std::string_view option) {
      throw Error(ErrorKind::usage,
                  fmt::format("{}: cannot use {} {}", redacted(url), option, url.option(option)));
    };
    const std::string ca(url.option("cacertfile")), certificate(url.option("certfile")),
        key(url.option("keyfile"));
    const bool verify = url.option("verify", "verify_peer") != "verify_none";
    amqp_ssl_socket_set_verify_peer(socket, verify);
    amqp_ssl_socket_set_verify_hostname(socket, verify);
    if (amqp_ssl_socket_set_cacert(socket, ca.empty() ? kSystemAuthorities : ca.c_str()) != AMQP_STATUS_OK) {
      if (verify) refuse("cacertfile");
    }
    if (!certificate.empty() &&
        amqp_ssl_socket_set_key(socket, certificate.c_str(), key.c_str()) != AMQP_STATUS_OK)
      refuse("certfile");
  }
  const timeval time = timeval_of(limit);
  errno = 0;
  const int status = amqp_socket_open_noblock(socket, host.host.c_str(), port_of(url, host), &time);
  if (status == AMQP_STATUS_OK) return;
  // The library leaves errno from the start of a connection that was refused later.
  const bool refused = status == AMQP_STATUS_SOCKET_ERROR && (errno == EINPROGRESS || errno == 0);
  const char* why = refused                              ? "connection refused"
                    : status == AMQP_STATUS_SOCKET_ERROR ? std::strerror(errno)
                                                         : amqp_error_string2(status);
  throw Error(ErrorKind::unavailable, fmt::format("{}: {}", name_, why));
}

void Connection::login(const Url& url, const EndOptions& options, milliseconds limit) {
  std::array capabilities{flag_entry("publisher_confirms"), flag_entry("basic.nack"),
                          flag_entry("consumer_cancel_notify"), flag_entry("connection.blocked"),
                          flag_entry("authentication_failure_close")};
  amqp_table_entry_t capabilities_entry{};
  capabilities_entry.key = amqp_cstring_bytes("capabilities");
  capabilities_entry.value.kind = AMQP_FIELD_KIND_TABLE;
  capabilities_entry.value.value.table = {static_cast<int>(capabilities.size()), capabilities.data()};
  std::array entries{text_entry("product", "iso"), text_entry("connection_name", options.name),
                     capabilities_entry};
  const amqp_table_t properties{static_cast<int>(entries.size()), entries.data()};

  const timeval time = timeval_of(limit);
  amqp_set_handshake_timeout(connection_.get(), &time);
  const std::string user = url.user.empty() ? "guest" : url.user;
  const std::string password = url.has_password || !url.user.empty() ? url.password : "guest";
  const int heartbeat = heartbeat_of(url);
  const bool external = url.option("auth_mechanism") == "external";
  const amqp_rpc_reply_t reply =
      external
          ? amqp_login_with_properties(connection_.get(), url.path.c_str(), 0, kFrameMax, heartbeat,
                                       &properties, AMQP_SASL_METHOD_EXTERNAL, user.c_str())
          : amqp_login_with_properties(connection_.get(), url.path.c_str(), 0, kFrameMax, heartbeat,
                                       &properties, AMQP_SASL_METHOD_PLAIN, user.c_str(), password.c_str());
  if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION && reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
    const auto& close = *static_cast<amqp_connection_close_t*>(reply.reply.decoded);
    if (!is_final(close)) lost("the broker closed the connection", view(close.reply_text));
    throw Error(ErrorKind::refused,
                fmt::format("{}: the broker refused user \"{}\": {}", name_, user, view(close.reply_text)));
  }
  if (reply.library_error == AMQP_STATUS_BROKER_UNSUPPORTED_SASL_METHOD)
    throw Error(ErrorKind::refused, fmt::format("{}: the broker does not offer login by {}", name_,
                                                external ? "EXTERNAL" : "PLAIN"));
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) lost("logging in", amqp_error_string2(reply.library_error));
  start_traffic();
}

// Takes over from the library what was agreed on.
void Connection::start_traffic() {
  frame_max_ = static_cast<std::size_t>(amqp_get_frame_max(connection_.get()));
  if (frame_max_ < kFrameMin) lost("logging in", "the broker asks for smaller frames than AMQP allows");
  scratch_.resize(frame_max_);
  heartbeat_ = std::chrono::seconds(amqp_get_heartbeat(connection_.get()));
  last_write_ = last_read_ = steady_clock::now();
  const int status = amqp_tune_connection(connection_.get(), amqp_get_channel_max(connection_.get()),
                                          amqp_get_frame_max(connection_.get()), 0);
  if (status != AMQP_STATUS_OK) lost("logging in", amqp_error_string2(status));
}

}  // namespace iso::amqp
