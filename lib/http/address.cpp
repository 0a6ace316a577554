#include "http/address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <cstring>
#include <netinet/in.h>
#include <string>

namespace iso::http {
namespace {

struct Network {
  std::uint32_t address;
  unsigned bits;
};
constexpr std::array<Network, 13> kNotPublic{{
    {0x00000000, 8},   // this host
    {0x0A000000, 8},   // private
    {0x64400000, 10},  // shared address space (carrier-grade NAT)
    {0x7F000000, 8},   // loopback
    {0xA9FE0000, 16},  // link-local
    {0xAC100000, 12},  // private
    {0xC0000000, 24},  // IETF protocol assignments
    {0xC0000200, 24},  // documentation
    {0xC0A80000, 16},  // private
    {0xC6120000, 15},  // benchmarking
    {0xC6336400, 24},  // documentation
    {0xCB007100, 24},  // documentation
    {0xE0000000, 3},   // multicast, reserved, broadcast
}};

bool is_public_v4(std::uint32_t address) {
  return std::none_of(kNotPublic.begin(), kNotPublic.end(), [address](const Network& network) {
    return (address ^ network.address) >> (32 - network.bits) == 0;
  });
}

std::uint32_t v4_at(const std::uint8_t* bytes) {
  std::uint32_t address = 0;
  for (int i = 0; i < 4; ++i) address = address << 8 | bytes[i];
  return address;
}

bool begins(const std::uint8_t* address, std::initializer_list<std::uint8_t> bytes) {
  return std::equal(bytes.begin(), bytes.end(), address);
}

bool is_public_v6(const std::uint8_t* address) {
  if (begins(address, {0x20, 0x02})) return is_public_v4(v4_at(address + 2));            // 6to4
  if (begins(address, {0, 0x64, 0xFF, 0x9B})) return is_public_v4(v4_at(address + 12));  // NAT64
  if (begins(address, {0x20, 0x01, 0x0D, 0xB8}) || begins(address, {0x20, 0x01, 0, 0})) return false;
  return (address[0] & 0xE0) == 0x20;  // global unicast
}

}  // namespace

bool is_public(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    return is_public_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (address.sa_family != AF_INET6) return false;
  sockaddr_in6 v6;
  std::memcpy(&v6, &address, sizeof v6);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) return is_public_v4(v4_at(v6.sin6_addr.s6_addr + 12));
  return is_public_v6(v6.sin6_addr.s6_addr);
}

bool may_be_public(std::string_view host) {
  const std::string text(host);
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  // Accepts the forms that the C library accepts, such as 127.1 and 0x7f000001.
  if (text.find(':') == text.npos && inet_aton(text.c_str(), &v4.sin_addr) != 0)
    return is_public(reinterpret_cast<const sockaddr&>(v4));
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  if (inet_pton(AF_INET6, text.substr(0, text.find('%')).c_str(), &v6.sin6_addr) == 1)
    return is_public(reinterpret_cast<const sockaddr&>(v6));
  return true;
}

}  // namespace iso::http
