#include <algorithm>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <fmt/core.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include "base/error.h"
#include "base/library.h"
#include "discovery/registry.h"

// SRV records of the DNS (RFC 2782), by the resolver of the C library.

namespace iso::discovery {
namespace {

// The functions that read DNS messages are in a library of their own, which is loaded when it is needed.
namespace late {
constinit const LateFunction<int (*)(const unsigned char*, int, ns_msg*)> ns_initparse{"libresolv.so.2",
                                                                                       "ns_initparse"};
constinit const LateFunction<int (*)(ns_msg*, ns_sect, int, ns_rr*)> ns_parserr{"libresolv.so.2",
                                                                                "ns_parserr"};
}  // namespace late

constexpr std::size_t kLongestMessage = 65'535;  // bytes: all that TCP can carry
constexpr int kTries = 2;

struct CloseResolver {
  void operator()(res_state state) const {
    res_nclose(state);
    delete state;
  }
};
using Resolver = std::unique_ptr<std::remove_pointer_t<res_state>, CloseResolver>;

void ask_server(res_state state, const HostPort& server) {
  state->nscount = 1;
  auto& address = state->nsaddr_list[0];
  address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(server.port == 0 ? NAMESERVER_PORT : server.port);
  if (inet_pton(AF_INET, server.host.c_str(), &address.sin_addr) != 1)
    throw Error(ErrorKind::usage, fmt::format("{}: the DNS server must be an IPv4 address", server.host));
}

Resolver make_resolver(const RegistryOptions& options) {
  Resolver resolver(new std::remove_pointer_t<res_state>());
  if (res_ninit(resolver.get()) != 0)
    throw Error(ErrorKind::unavailable, "the DNS resolver cannot be set up");
  if (options.dns_server) ask_server(resolver.get(), *options.dns_server);
  using std::chrono::seconds;
  resolver->retry = kTries;
  resolver->retrans = static_cast<int>(
      std::max<seconds::rep>(std::chrono::ceil<seconds>(options.timeout).count() / kTries, 1));
  return resolver;
}

// The answer; "" if there is no such name, or it has no SRV records.
std::string ask(const std::string& service, const RegistryOptions& options) {
  const Resolver resolver = make_resolver(options);
  std::string message(kLongestMessage, '\0');
  const int size =
      res_nquery(resolver.get(), service.c_str(), ns_c_in, ns_t_srv,
                 reinterpret_cast<unsigned char*>(message.data()), static_cast<int>(message.size()));
  if (size < 0) {
    const int why = resolver->res_h_errno;
    if (why == HOST_NOT_FOUND || why == NO_DATA) return {};
    throw Error(ErrorKind::unavailable, fmt::format("cannot look up {} in DNS: {}", service, hstrerror(why)));
  }
  message.resize(std::min(static_cast<std::size_t>(size), message.size()));
  return message;
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
  return Instance{target, number(4), number(0), number(2)};
}

}  // namespace

Found found_in_dns(std::string_view answer) {
  Found found;
  ns_msg message;
  if (answer.empty() || late::ns_initparse(reinterpret_cast<const unsigned char*>(answer.data()),
                                           static_cast<int>(answer.size()), &message) != 0)
    return found;
  std::uint32_t ttl = UINT32_MAX;
  const int count = ns_msg_count(message, ns_s_an);
  for (int i = 0; i < count && found.instances.size() < kMostInstances; ++i) {
    ns_rr record;
    if (late::ns_parserr(&message, ns_s_an, i, &record) != 0) break;
    auto instance = read_srv(message, record);
    if (!instance) continue;
    ttl = std::min<std::uint32_t>(ttl, ns_rr_ttl(record));
    // "." says that the service is decidedly not there.
    if (is_instance(*instance) && instance->host != ".") found.instances.push_back(std::move(*instance));
  }
  if (ttl != UINT32_MAX) found.fresh = found.usable = std::chrono::seconds(ttl);
  return found;
}

Found find_in_dns(const std::string& service, const RegistryOptions& options) {
  return found_in_dns(ask(service, options));
}

}  // namespace iso::discovery
