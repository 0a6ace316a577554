#include "base/host_port.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/integer.h"

namespace iso {

std::optional<WrittenHostPort> split_host_port(std::string_view text) {
  WrittenHostPort parts;
  parts.bracketed = text.starts_with('[');
  if (parts.bracketed) {
    const auto close = text.find(']');
    if (close == text.npos) return std::nullopt;
    parts.host = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
  } else {
    parts.host = text.substr(0, text.find(':'));
    text.remove_prefix(parts.host.size());
  }
  if (text.empty()) return parts;
  if (text.front() != ':') return std::nullopt;
  text.remove_prefix(1);
  if (text.empty()) return parts;
  parts.port = read_integer<std::uint16_t>(text).value_or(0);
  return parts.port != 0 ? std::optional(parts) : std::nullopt;
}

std::string host_port_text(std::string_view host, std::uint16_t port) {
  const bool is_ipv6 = host.find(':') != host.npos;
  std::string text = is_ipv6 ? fmt::format("[{}]", host) : std::string(host);
  if (port != 0) text += fmt::format(":{}", port);
  return text;
}

}  // namespace iso
