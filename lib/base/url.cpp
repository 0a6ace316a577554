#include "base/url.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/core.h>

#include "base/error.h"
#include "base/percent.h"
#include "base/text.h"

namespace iso {
namespace {

constexpr std::array<std::string_view, 4> kSchemes{"amqp", "amqps", "sqlite", "postgresql"};

// Never the text itself: it may hold a password.
Error bad(std::string_view scheme, const std::string& why) {
  return {ErrorKind::usage, fmt::format("{} URL: {}", scheme, why)};
}

std::string decoded(std::string_view text, std::string_view scheme) {
  if (auto out = percent_decoded(text)) {
    if (out->find('\0') != out->npos) throw bad(scheme, "a zero byte (%00) cannot be in it");
    return *out;
  }
  throw bad(scheme, "a % must be followed by two hex digits; write % itself as %25");
}

bool is_unreserved(char c) {  // RFC 3986 section 2.3
  return std::isalnum(static_cast<unsigned char>(c)) ||
         std::string_view("-._~").find(c) != std::string_view::npos;
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c))
      out += c;
    else
      append_percent_encoded(out, c);
  }
  return out;
}

// A path for people: only what would end it or begin an escape is escaped.
std::string encoded_path(std::string_view path) {
  std::string out;
  for (const char c : path)
    out += std::string_view("%?#").find(c) == std::string_view::npos ? std::string(1, c) : encoded({&c, 1});
  return out;
}

std::string encoded_host(std::string_view host) {
  const bool is_ipv6 = host.find(':') != host.npos && std::all_of(host.begin(), host.end(), [](char c) {
                         return is_unreserved(c) || c == ':' || c == '%';
                       });
  return is_ipv6 ? fmt::format("[{}]", host) : encoded(host);
}

// The text before the first of `marks`, which is taken off `rest`; the mark stays.
std::string_view take_until(std::string_view& rest, std::string_view marks) {
  const auto end = std::min(rest.find_first_of(marks), rest.size());
  const auto part = rest.substr(0, end);
  rest.remove_prefix(end);
  return part;
}

HostPort host_of(std::string_view text, std::string_view scheme) {
  const auto parts = split_host_port(text);
  if (!parts && text.starts_with('[')) throw bad(scheme, "an IPv6 address is [ADDRESS] or [ADDRESS]:PORT");
  if (!parts)
    throw bad(scheme,
              "what follows the colon of a host is not a port; in a password write / ? # as %2F %3F %23");
  if (parts->host.empty()) return {"localhost", parts->port};
  return {parts->bracketed ? std::string(parts->host) : decoded(parts->host, scheme), parts->port};
}

void read_authority(Url& url, std::string_view authority) {
  if (const auto at = authority.rfind('@'); at != authority.npos) {
    const auto login = authority.substr(0, at);
    const auto colon = std::min(login.find(':'), login.size());
    url.user = decoded(login.substr(0, colon), url.scheme);
    url.has_password = colon < login.size();
    if (url.has_password) url.password = decoded(login.substr(colon + 1), url.scheme);
    authority.remove_prefix(at + 1);
  }
  for (bool more = true; more;) {
    const auto comma = authority.find(',');
    more = comma != authority.npos;
    url.hosts.push_back(host_of(authority.substr(0, comma), url.scheme));
    if (more) authority.remove_prefix(comma + 1);
  }
}

void read_query(Url& url, std::string_view query) {
  while (!query.empty()) {
    std::string_view pair = take_until(query, "&");
    if (!query.empty()) query.remove_prefix(1);
    const auto name = take_until(pair, "=");
    if (!pair.empty()) pair.remove_prefix(1);
    url.query.emplace_back(decoded(name, url.scheme), decoded(pair, url.scheme));
  }
}

Url file_url(std::string_view text) {
  Url url;
  url.scheme = "file";
  url.path = text;
  return url;
}

}  // namespace

std::string_view Url::option(std::string_view name, std::string_view otherwise) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return otherwise;
}

Url parse_url(std::string_view text) {
  const auto colon = text.find(':');
  const auto scheme = text.substr(0, colon);
  const bool known = std::find(kSchemes.begin(), kSchemes.end(), scheme) != kSchemes.end();
  if (colon == text.npos || (!known && !text.substr(colon).starts_with("://"))) return file_url(text);
  if (!known)
    throw Error(ErrorKind::usage,
                fmt::format("unknown scheme \"{}\"; known are {}", scheme, join(kSchemes, ", ")));

  if (text.find('\0') != text.npos) throw bad(scheme, "a zero byte cannot be in it");
  Url url;
  url.scheme = scheme;
  std::string_view rest = text.substr(colon + 1);
  const bool has_authority = rest.starts_with("//");
  if (has_authority) rest.remove_prefix(2);
  if (scheme != "sqlite") {
    if (!has_authority) throw bad(scheme, fmt::format("it starts with {}://", scheme));
    read_authority(url, take_until(rest, "/?#"));
  }
  url.path = decoded(take_until(rest, "?#"), scheme);
  if (rest.starts_with('?')) {
    rest.remove_prefix(1);
    read_query(url, take_until(rest, "#"));
  }
  if (rest.starts_with('#')) url.fragment = decoded(rest.substr(1), scheme);
  if (scheme == "sqlite") {
    if (url.path.empty()) throw bad(scheme, "it names no file; use sqlite:PATH");
    return url;
  }
  if (url.path.size() > 1) {
    url.path.erase(0, 1);  // the vhost is what follows the slash
  } else {
    url.path = "/";
  }
  return url;
}

std::string redacted(const Url& url) {
  if (url.scheme == "file") return url.path;
  std::string text = url.scheme + ":";
  if (url.scheme == "sqlite") {
    if (url.path.starts_with("//")) text += "//";  // which are the path's own, and start no host
    text += encoded_path(url.path);
  } else {
    text += "//";
    if (!url.user.empty()) text += encoded(url.user) + (url.has_password ? ":***@" : "@");
    for (std::size_t i = 0; i < url.hosts.size(); ++i) {
      const auto& [host, port] = url.hosts[i];
      if (i > 0) text += ',';
      text += encoded_host(host);
      if (port != 0) text += fmt::format(":{}", port);
    }
    text += "/" + (url.path == "/" ? "" : encoded(url.path));
  }
  for (std::size_t i = 0; i < url.query.size(); ++i) {
    const auto& [name, value] = url.query[i];
    const bool secret = name.find("password") != name.npos && name != "password_file";
    text += fmt::format("{}{}={}", i == 0 ? '?' : '&', encoded(name), secret ? "***" : encoded(value));
  }
  if (!url.fragment.empty()) text += "#" + encoded(url.fragment);
  return text;
}

}  // namespace iso
