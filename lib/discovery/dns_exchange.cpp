#include "discovery/dns_exchange.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/core.h>
#include <poll.h>

#include "base/error.h"

namespace iso::discovery {
namespace {

constexpr std::size_t kHeader = 12, kLongestDatagram = 4096;  // bytes
constexpr int kRounds = 2;
constexpr int kNoError = 0, kNoSuchName = 3;

unsigned char byte_at(std::string_view message, std::size_t at) {
  return static_cast<unsigned char>(message[at]);
}

int code_of(std::string_view message) {
  return byte_at(message, 3) & 0x0F;
}
bool is_cut(std::string_view message) {
  return (byte_at(message, 2) & 0x02) != 0;
}

// Whether a message has the ID and the question of the query (RFC 5452 section 9.1).
bool answers(std::string_view message, std::string_view question) {
  return message.size() >= question.size() && question.size() > kHeader &&
         message.substr(0, 2) == question.substr(0, 2) && (byte_at(message, 2) & 0x80) != 0 &&
         message.substr(4, 2) == question.substr(4, 2) &&
         message.substr(kHeader, question.size() - kHeader) == question.substr(kHeader);
}

Error failed(std::string_view what) {
  return {ErrorKind::unavailable, std::string(what)};
}

Descriptor connected(const DnsServer& server, int type, Deadline deadline) {
  Descriptor fd = Descriptor::own(socket(server.address.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) throw system_error("open", "a socket", ErrorKind::unavailable);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&server.address), server.length) == 0) return fd;
  if (errno != EINPROGRESS) throw system_error("connect", {}, ErrorKind::unavailable);
  if (!ready_by(deadline, fd.get(), POLLOUT)) throw failed("no connection in time");
  return fd;
}

std::string ask_by_datagram(const DnsServer& server, const std::string& question, Deadline deadline) {
  const Descriptor fd = connected(server, SOCK_DGRAM, deadline);
  if (send(fd.get(), question.data(), question.size(), MSG_NOSIGNAL) < 0)
    throw system_error("send", {}, ErrorKind::unavailable);
  std::array<char, kLongestDatagram> bytes;
  while (ready_by(deadline, fd.get(), POLLIN)) {
    const ssize_t got = recv(fd.get(), bytes.data(), bytes.size(), 0);
    if (got < 0 && errno != EAGAIN && errno != EINTR)
      throw system_error("receive", {}, ErrorKind::unavailable);
    const std::string_view message(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (answers(message, question)) return std::string(message);
  }
  throw failed("no answer in time");
}

// RFC 1035 section 4.2.2: a message is preceded by its length.
std::string ask_by_stream(const DnsServer& server, const std::string& question, Deadline deadline) {
  Stream stream(connected(server, SOCK_STREAM, deadline));
  stream.until(deadline);
  const auto length = static_cast<std::uint16_t>(question.size());
  stream.send(std::string{static_cast<char>(length >> 8), static_cast<char>(length & 0xFF)} + question);
  std::string message;
  std::size_t size = 2;
  while (message.size() < size) {
    message += stream.receive(size - message.size());
    if (message.size() == 2) size = 2 + (std::size_t{byte_at(message, 0)} << 8 | byte_at(message, 1));
  }
  message.erase(0, 2);
  if (!answers(message, question)) throw failed("the answer is to another question");
  return message;
}

std::string ask_one(const DnsServer& server, const std::string& question, Deadline deadline) {
  std::string message = ask_by_datagram(server, question, deadline);
  if (is_cut(message)) message = ask_by_stream(server, question, deadline);
  const int code = code_of(message);
  if (code != kNoError && code != kNoSuchName) throw failed(fmt::format("the server failed (code {})", code));
  return message;
}

}  // namespace

std::string ask_dns(const std::vector<DnsServer>& servers, const std::string& question, Deadline deadline) {
  std::string why = "there is no DNS server";
  std::size_t left = servers.size() * kRounds;
  for (int round = 0; round < kRounds; ++round) {
    for (const auto& server : servers) {
      const auto now = std::chrono::steady_clock::now();
      const auto share = now + (deadline - now) / static_cast<int>(left--);
      try {
        return ask_one(server, question, share);
      } catch (const Error& error) {
        why = error.what();
      }
    }
  }
  throw failed(why);
}

}  // namespace iso::discovery
