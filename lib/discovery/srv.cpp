#include <algorithm>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <cstring>
#include <fmt/core.h>
#include <memory>
#include <netinet/in.h>
#include <resolv.h>

#include "base/error.h"
#include "base/library.h"
#include "base/text.h"
#include "discovery/dns_exchange.h"
#include "discovery/registry.h"

// SRV records in DNS (RFC 2782). The C library encodes queries and reads the configuration; dns_exchange.h
// waits for responses, within a deadline.

namespace iso::discovery {
namespace {

// The functions that parse DNS messages are in a separate library, which is loaded on first use.
namespace late {
constinit const LateFunction<int (*)(const unsigned char*, int, ns_msg*)> ns_initparse{"libresolv.so.2",
                                                                                       "ns_initparse"};
constinit const LateFunction<int (*)(ns_msg*, ns_sect, int, ns_rr*)> ns_parserr{"libresolv.so.2",
                                                                                "ns_parserr"};
}  // namespace late

constexpr std::size_t kLongestQuestion = 512;  // bytes
constexpr int kMostServers = MAXNS;

struct CloseResolver {
  void operator()(res_state state) const {
    res_nclose(state);
    delete state;
  }
};
using Resolver = std::unique_ptr<std::remove_pointer_t<res_state>, CloseResolver>;

Resolver make_resolver() {
  Resolver resolver(new std::remove_pointer_t<res_state>());
  if (res_ninit(resolver.get()) != 0)
    throw Error(ErrorKind::unavailable, "the DNS resolver cannot be set up");
  return resolver;
}

template <class Address>
DnsServer server_at(const Address& address) {
  DnsServer server;
  server.length = sizeof address;
  std::memcpy(&server.address, &address, sizeof address);
  return server;
}

DnsServer server_at(const HostPort& where) {
  const auto port = htons(where.port == 0 ? NAMESERVER_PORT : where.port);
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = port;
  if (inet_pton(AF_INET, where.host.c_str(), &v4.sin_addr) == 1) return server_at(v4);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = port;
  if (inet_pton(AF_INET6, where.host.c_str(), &v6.sin6_addr) == 1) return server_at(v6);
  throw Error(ErrorKind::usage, fmt::format("{}: the DNS server must be an IP address", where.host));
}

// The servers in /etc/resolv.conf. An entry of nsaddr_list that is not IPv4 has its IPv6 address in _u._ext.
std::vector<DnsServer> servers_of(const Resolver& resolver) {
  std::vector<DnsServer> servers;
  for (int i = 0; i < std::min(resolver->nscount, kMostServers); ++i) {
    if (resolver->nsaddr_list[i].sin_family == AF_INET)
      servers.push_back(server_at(resolver->nsaddr_list[i]));
    else if (const sockaddr_in6* address = resolver->_u._ext.nsaddrs[i])
      servers.push_back(server_at(*address));
  }
  return servers;
}

// Sends all queries for one service, within one deadline.
class Asker {
 public:
  explicit Asker(const RegistryOptions& options)
      : resolver_(make_resolver()),
        servers_(options.dns_server ? std::vector{server_at(*options.dns_server)} : servers_of(resolver_)),
        deadline_(std::chrono::steady_clock::now() + options.timeout) {}

  // Returns the response. Throws ErrorKind::unavailable.
  std::string ask(const std::string& name, ns_type type) const {
    std::string question(kLongestQuestion, '\0');
    const int size =
        res_nmkquery(resolver_.get(), ns_o_query, name.c_str(), ns_c_in, type, nullptr, 0, nullptr,
                     reinterpret_cast<unsigned char*>(question.data()), static_cast<int>(question.size()));
    if (size < 0) throw Error(ErrorKind::unavailable, fmt::format("{} cannot be looked up in DNS", name));
    question.resize(static_cast<std::size_t>(size));
    try {
      return ask_dns(servers_, question, deadline_);
    } catch (const Error& error) {
      throw error.during(fmt::format("cannot look up {} in DNS", name));
    }
  }

 private:
  Resolver resolver_;
  std::vector<DnsServer> servers_;
  Deadline deadline_;
};

// Calls `take` with each record in a section of a message, until one is invalid.
template <class Take>
void for_each_record(std::string_view message, ns_sect section, Take take) {
  ns_msg parsed;
  if (message.empty() || late::ns_initparse(reinterpret_cast<const unsigned char*>(message.data()),
                                            static_cast<int>(message.size()), &parsed) != 0)
    return;
  for (int i = 0; i < ns_msg_count(parsed, section); ++i) {
    ns_rr record;
    if (late::ns_parserr(&parsed, section, i, &record) != 0) return;
    take(parsed, record);
  }
}

// The address in an A or AAAA record.
std::optional<std::string> read_address(const ns_rr& record) {
  const bool v4 = ns_rr_type(record) == ns_t_a && ns_rr_rdlen(record) == sizeof(in_addr);
  const bool v6 = ns_rr_type(record) == ns_t_aaaa && ns_rr_rdlen(record) == sizeof(in6_addr);
  char text[INET6_ADDRSTRLEN];
  if ((!v4 && !v6) || !inet_ntop(v4 ? AF_INET : AF_INET6, ns_rr_rdata(record), text, sizeof text))
    return std::nullopt;
  return text;
}

void add_address(Instance& instance, const std::string& address) {
  auto& all = instance.addresses;
  if (all.size() < kMostAddresses && std::find(all.begin(), all.end(), address) == all.end())
    all.push_back(address);
}

// Adds each address in a section to the instances for which `is_of` is true, and limits the lifetime of the
// result to the record's TTL.
template <class IsOf>
void take_addresses(std::string_view answer, ns_sect section, Found& found, IsOf is_of) {
  for_each_record(answer, section, [&](const ns_msg&, const ns_rr& record) {
    const auto address = read_address(record);
    if (!address) return;
    for (auto& instance : found.instances) {
      if (!is_of(instance, record)) continue;
      add_address(instance, *address);
      found.usable = found.fresh =
          std::min<std::chrono::milliseconds>(found.fresh, std::chrono::seconds(ns_rr_ttl(record)));
    }
  });
}

bool is_address(const std::string& host) {
  in_addr v4;
  return host.find(':') != host.npos || inet_pton(AF_INET, host.c_str(), &v4) == 1;
}

// A DNS server given by the user may be the only one that knows the hosts it names. Other hosts are resolved
// as usual.
void ask_for_addresses(const Asker& asker, Found& found) {
  for (auto& instance : found.instances) {
    if (!instance.addresses.empty() || is_address(instance.host)) continue;
    // A response may follow an alias, whose addresses belong to the queried name (RFC 1034 section 3.6.2).
    const auto is_it = [&](const Instance& each, const ns_rr&) { return each.host == instance.host; };
    try {
      for (const auto type : {ns_t_a, ns_t_aaaa})
        take_addresses(asker.ask(instance.host, type), ns_s_an, found, is_it);
    } catch (const Error&) {
      return;  // the deadline has passed, or the server fails
    }
  }
}

// RFC 2782: priority, weight, port, target.
std::optional<Instance> read_srv(const ns_msg& message, const ns_rr& record) {
  constexpr int kFixed = 6;
  if (ns_rr_type(record) != ns_t_srv || ns_rr_rdlen(record) <= kFixed) return std::nullopt;
  const unsigned char* data = ns_rr_rdata(record);
  char target[NS_MAXDNAME];
  if (ns_name_uncompress(ns_msg_base(message), ns_msg_end(message), data + kFixed, target, sizeof target) < 0)
    return std::nullopt;
  const auto number = [data](int at) { return static_cast<std::uint16_t>(data[at] << 8 | data[at + 1]); };
  return Instance{target, number(4), number(0), number(2), {}};
}

}  // namespace

Found found_in_dns(std::string_view answer) {
  Found found;
  std::uint32_t ttl = UINT32_MAX;
  for_each_record(answer, ns_s_an, [&](const ns_msg& message, const ns_rr& record) {
    auto instance = read_srv(message, record);
    if (!instance || found.instances.size() == kMostInstances) return;
    ttl = std::min<std::uint32_t>(ttl, ns_rr_ttl(record));
    // "." means that the service is not available.
    if (is_instance(*instance) && instance->host != ".") found.instances.push_back(std::move(*instance));
  });
  if (ttl != UINT32_MAX) found.fresh = found.usable = std::chrono::seconds(ttl);
  // RFC 2782, "Usage rules": addresses may be in the additional section.
  take_addresses(answer, ns_s_ar, found, [](const Instance& instance, const ns_rr& record) {
    return equal_without_case(instance.host, ns_rr_name(record));
  });
  return found;
}

Found find_in_dns(const std::string& service, const RegistryOptions& options) {
  const Asker asker(options);
  Found found = found_in_dns(asker.ask(service, ns_t_srv));
  if (options.dns_server) ask_for_addresses(asker, found);
  return found;
}

}  // namespace iso::discovery
