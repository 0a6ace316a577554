// How a Connection logs in: AMQP 0-9-1 section 2.2.4.
#include <algorithm>
#include <chrono>
#include <fmt/core.h>
#include <poll.h>

#include "amqp/connection.h"
#include "amqp/fields.h"
#include "base/error.h"
#include "base/integer.h"

namespace iso::amqp {
namespace {

constexpr std::uint32_t kFrameMax = 131'072;
// RabbitMQ does not hold itself to what was agreed on: headers that grew on their way, by x-death, go into
// one frame.
constexpr std::size_t kBeyondFrameMax = std::size_t{1} << 20;
constexpr int kHeartbeat = 10;  // seconds; RabbitMQ's guide: 5 to 20
constexpr std::uint16_t kNotAllowed = 530;

int heartbeat_of(const Url& url) {
  const auto text = url.option("heartbeat");
  const auto seconds = text.empty() ? kHeartbeat : read_integer<int>(text);
  if (!seconds)
    throw Error(ErrorKind::usage, fmt::format("{}: heartbeat must be a number of seconds", redacted(url)));
  return std::clamp(*seconds, 0, 65'535);
}

std::string user_of(const Url& url) {
  return url.user.empty() ? "guest" : url.user;
}

// Whether trying again, here or at another host, is of no use. A vhost that is down, or one with too many
// connections, says NOT_ALLOWED too.
bool is_final(const ConnectionClose& close) {
  const auto says = [&](std::string_view text) { return close.text.find(text) != std::string_view::npos; };
  return close.code == kAccessRefused || (close.code == kNotAllowed && !says("is down") && !says("limit"));
}

bool names(std::string_view mechanisms, std::string_view wanted) {
  while (!mechanisms.empty()) {
    const auto name = mechanisms.substr(0, mechanisms.find(' '));
    if (name == wanted) return true;
    mechanisms.remove_prefix(std::min(mechanisms.size(), name.size() + 1));
  }
  return false;
}

bool has_capability(const FieldTable& server, std::string_view wanted) {
  for (const auto& [name, field] : server) {
    const auto* capabilities = std::get_if<FieldTable>(&field.value);
    if (name != "capabilities" || !capabilities) continue;
    for (const auto& [capability, is] : *capabilities)
      if (capability == wanted) return is.value == Field::Value(true);
  }
  return false;
}

std::string version_in(const FieldTable& server) {
  for (const auto& [name, field] : server)
    if (const auto* text = std::get_if<std::string>(&field.value); text && name == "version") return *text;
  return "";
}

FieldTable client_properties(const std::string& name) {
  FieldTable capabilities;
  for (const char* capability : {"publisher_confirms", "basic.nack", "consumer_cancel_notify",
                                 "connection.blocked", "authentication_failure_close"})
    capabilities.emplace_back(capability, Field{true});
  FieldTable properties;
  properties.emplace_back("product", Field{std::string("iso")});
  properties.emplace_back("connection_name", Field{name});
  properties.emplace_back("capabilities", Field{std::move(capabilities)});
  return properties;
}

// PLAIN: RFC 4616.
std::string plain_response(const Url& url) {
  const std::string password = url.has_password || !url.user.empty() ? url.password : "guest";
  std::string response(1, '\0');
  response += user_of(url);
  response += '\0';
  response += password;
  return response;
}

}  // namespace

void Connection::login(const Url& url, const EndOptions& options, Deadline& deadline) {
  write_max_ = kFrameMin;
  read_max_ = kFrameMax;
  heartbeat_ = std::chrono::milliseconds(0);
  last_write_ = last_read_ = std::chrono::steady_clock::now();
  out_ += std::string_view("AMQP\0\0\x09\x01", 8);
  await_greeting(url, deadline);
  answer_start(await_login<ConnectionStart>(url, deadline), url, options);
  answer_tune(await_login<ConnectionTune>(url, deadline), url);
  await_login<ConnectionOpenOk>(url, deadline);
}

// What answers is often no broker, or one that is spoken to in the wrong way.
void Connection::await_greeting(const Url& url, Deadline& deadline) {
  while (unread().empty()) {
    write_some();
    if (fill()) break;
    if (!fault_.empty()) {
      const bool plain = url.scheme == "amqp";
      fault_.clear();
      lost("logging in", plain ? "it closed the connection at once: does it speak TLS? try amqps://"
                               : "it closed the connection at once");
    }
    wait_at_login(deadline);
  }
  switch (unread().front()) {
    case '\x15':  // an alert, or a handshake: RFC 8446 section 5.1
    case '\x16':
      lost("logging in", "it speaks TLS: try amqps://");
    case 'H':
      lost("logging in", "it speaks HTTP: is this the port of AMQP, 5672?");
    case 'A':
      lost("logging in", "it speaks another version of AMQP than 0-9-1");
    default:
      break;
  }
}

void Connection::wait_at_login(Deadline& deadline) {
  throw_if_lost();
  if (deadline.passed()) lost("logging in", deadline.reason());
  deadline.wait(transport_->fd(), has_unwritten() ? POLLIN | POLLOUT : POLLIN);
}

// What is given is valid until the next is waited for.
template <class Wanted>
Wanted Connection::await_login(const Url& url, Deadline& deadline) {
  for (;;) {
    write_some();
    Frame frame;
    for (int frames = 0; frames < kFramesATurn && readable_ && read_frame_here(frame); ++frames) {
      if (const auto* wanted = std::get_if<Wanted>(&frame)) return *wanted;
      if (const auto* close = std::get_if<ConnectionClose>(&frame)) refused(*close, url);
      if (!std::holds_alternative<std::monostate>(frame)) break_protocol("another answer than a login has");
    }
    wait_at_login(deadline);
  }
}

void Connection::refused(const ConnectionClose& close, const Url& url) {
  if (!is_final(close)) lost("the broker closed the connection", close.text);
  throw Error(ErrorKind::refused,
              fmt::format("{}: the broker refused user \"{}\": {}", name_, user_of(url), close.text));
}

void Connection::answer_start(const ConnectionStart& start, const Url& url, const EndOptions& options) {
  try {
    const FieldTable server = read_table(start.server).table;
    has_confirms_ = has_capability(server, "publisher_confirms");
    server_version_ = version_in(server);
  } catch (const Error& error) {
    break_protocol(error.what());
  }
  const bool external = url.option("auth_mechanism") == "external";
  const std::string_view mechanism = external ? "EXTERNAL" : "PLAIN";
  if (!names(start.mechanisms, mechanism))
    throw Error(ErrorKind::refused,
                fmt::format("{}: the broker does not offer login by {}", name_, mechanism));
  append(Method::connection_start_ok, [&](ByteWriter& out) {
    write_table(out, client_properties(options.name));
    out.short_string(mechanism);
    out.long_string(external ? user_of(url) : plain_response(url));
    out.short_string("en_US");
  });
}

void Connection::answer_tune(const ConnectionTune& tune, const Url& url) {
  const std::uint32_t frame_max = tune.frame_max == 0 ? kFrameMax : std::min(tune.frame_max, kFrameMax);
  if (frame_max < kFrameMin) lost("logging in", "the broker asks for smaller frames than AMQP allows");
  auto heartbeat = static_cast<std::uint16_t>(heartbeat_of(url));
  if (tune.heartbeat != 0) heartbeat = std::min(heartbeat, tune.heartbeat);
  append(Method::connection_tune_ok, [&](ByteWriter& out) {
    out.integer(kChannel);  // the highest channel
    out.integer(frame_max);
    out.integer(heartbeat);
  });
  write_max_ = frame_max;
  read_max_ = frame_max + kBeyondFrameMax;
  heartbeat_ = std::chrono::seconds(heartbeat);
  append(Method::connection_open, [&](ByteWriter& out) {
    out.short_string(url.path);
    out.short_string("");  // reserved
    out.bits({false});
  });
}

}  // namespace iso::amqp
