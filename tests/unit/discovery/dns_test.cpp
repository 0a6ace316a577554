#include <algorithm>
#include <doctest/doctest.h>

#include "discovery/registry.h"
#include "support/errors.h"
#include "support/scripted_server.h"

using namespace iso;
using namespace iso::discovery;
using namespace std::chrono_literals;

namespace {

using Addresses = std::vector<std::string>;

std::string number(unsigned value) {
  return {static_cast<char>(value >> 8 & 0xFF), static_cast<char>(value & 0xFF)};
}

std::string name(const std::string& dotted) {
  std::string out;
  for (std::size_t at = 0; at < dotted.size();) {
    const auto dot = std::min(dotted.find('.', at), dotted.size());
    out += static_cast<char>(dot - at) + dotted.substr(at, dot - at);
    at = dot + 1;
  }
  return out + '\0';
}

// A resource record (RFC 1035 section 4.1.3).
std::string record(const std::string& owner, unsigned type, unsigned ttl, const std::string& data) {
  return name(owner) + number(type) + number(1) + number(ttl >> 16) + number(ttl & 0xFFFF) +
         number(static_cast<unsigned>(data.size())) + data;
}

std::string srv(const std::string& target, unsigned port, unsigned ttl = 60) {
  return record("_shop._tcp.test", 33, ttl, number(1) + number(0) + number(port) + name(target));
}

constexpr const char* kV4 = "\x0A\x01\x02\x03";

// A response to `question`; `flags`: 0x8180 is a normal one.
std::string message(const std::string& question, const std::vector<std::string>& answers,
                    const std::vector<std::string>& additional = {}, unsigned flags = 0x8180) {
  std::string out = question.substr(0, 2) + number(flags) + number(1) +
                    number(static_cast<unsigned>(answers.size())) + number(0) +
                    number(static_cast<unsigned>(additional.size())) + question.substr(12);
  for (const auto& each : answers) out += each;
  for (const auto& each : additional) out += each;
  return out;
}

std::string question(const std::string& of, unsigned type) {
  return number(0x1234) + number(0x0100) + number(1) + number(0) + number(0) + number(0) + name(of) +
         number(type) + number(1);
}

RegistryOptions asking(std::uint16_t port, std::chrono::milliseconds timeout = 1s) {
  RegistryOptions options;
  options.dns_server = HostPort{"127.0.0.1", port};
  options.timeout = timeout;
  return options;
}

bool asks_for(const std::string& asked, unsigned type) {
  return asked.substr(asked.size() - 4, 2) == number(type);
}

}  // namespace

TEST_CASE("found_in_dns: addresses in the additional section belong to the hosts they name") {
  const Found found = found_in_dns(
      message(question("_shop._tcp.test", 33), {srv("a.test", 80), srv("b.test", 81), srv("c.test", 82)},
              {record("A.Test", 1, 60, kV4), record("a.test", 28, 60, std::string(15, '\0') + '\1'),
               record("a.test", 1, 60, kV4), record("b.test", 1, 20, "\x0A\x01\x02\x04"),
               record("b.test", 1, 20, "short"), record("other.test", 1, 1, kV4)}));
  REQUIRE(found.instances.size() == 3);
  CHECK(found.instances[0].addresses == Addresses{"10.1.2.3", "::1"});
  CHECK(found.instances[1].addresses == Addresses{"10.1.2.4"});
  CHECK(found.instances[2].addresses.empty());
  CHECK(found.fresh == 20s);  // limited by the TTL of every address
}

TEST_CASE("find_in_dns: a DNS server from the options is also asked for the addresses of the hosts") {
  const test::ScriptedServer server(SOCK_DGRAM, [](const std::string& asked) {
    if (asks_for(asked, 33)) return message(asked, {srv("a.test", 80)});
    if (asks_for(asked, 1))
      return message(asked, {record("a.test", 5, 60, name("b.test")), record("b.test", 1, 60, kV4)});
    return message(asked, {}, {}, 0x8183);
  });
  const Found found = find_in_dns("_shop._tcp.test", asking(server.port()));
  REQUIRE(found.instances.size() == 1);
  CHECK(found.instances[0].addresses == Addresses{"10.1.2.3"});
}

TEST_CASE("find_in_dns: a response that does not fit into a datagram is read over TCP") {
  std::vector<std::string> answers;
  for (unsigned n = 0; n < 60; ++n) answers.push_back(srv("10.0.0.1", 1000 + n));
  const test::ScriptedServer datagrams(
      SOCK_DGRAM, [](const std::string& asked) { return message(asked, {}, {}, 0x8380); });
  const test::ScriptedServer streams(
      SOCK_STREAM,
      [&](const std::string& asked) {
        const std::string answer = message(asked.substr(2), answers);
        return number(static_cast<unsigned>(answer.size())) + answer;
      },
      {}, datagrams.port());
  CHECK(find_in_dns("_shop._tcp.test", asking(datagrams.port())).instances.size() == 60);
}

TEST_CASE("find_in_dns: gives up at the time limit, whatever the server sends") {
  const auto other_number = [](const std::string& asked) {
    return message("??" + asked.substr(2), {srv("evil.test", 80)});
  };
  const auto other_question = [](const std::string&) {
    return message(question("_other._tcp.test", 33), {srv("evil.test", 80)});
  };
  const auto servfail = [](const std::string& asked) { return message(asked, {}, {}, 0x8182); };
  const auto nothing = [](const std::string&) { return std::string(); };
  for (const test::ScriptedServer::Answer& answer :
       {test::ScriptedServer::Answer(other_number), test::ScriptedServer::Answer(other_question),
        test::ScriptedServer::Answer(servfail), test::ScriptedServer::Answer(nothing)}) {
    const test::ScriptedServer server(SOCK_DGRAM, answer);
    const auto before = std::chrono::steady_clock::now();
    const Error error = test::error_of([&] { find_in_dns("_shop._tcp.test", asking(server.port(), 200ms)); });
    CHECK(error.kind() == ErrorKind::unavailable);
    CHECK(test::says(error, "cannot look up _shop._tcp.test in DNS"));
    CHECK(std::chrono::steady_clock::now() - before < 2s);
  }
}

TEST_CASE("find_in_dns: gives up in time on a connection that delivers single bytes") {
  const test::ScriptedServer datagrams(
      SOCK_DGRAM, [](const std::string& asked) { return message(asked, {}, {}, 0x8380); });
  const test::ScriptedServer streams(
      SOCK_STREAM, [](const std::string&) { return number(60'000) + std::string(60'000, 'x'); }, 20ms,
      datagrams.port());
  const auto before = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(find_in_dns("_shop._tcp.test", asking(datagrams.port(), 300ms)), Error);
  CHECK(std::chrono::steady_clock::now() - before < 3s);
}
