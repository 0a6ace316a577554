#include "http/uri.h"

#include <algorithm>
#include <array>

#include "base/host_port.h"
#include "base/percent.h"
#include "base/text.h"
#include "http/idn.h"

namespace iso::http {
namespace {

bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_scheme(std::string_view text) {
  return !text.empty() && is_alpha(text[0]) && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alpha(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
}

// Takes the part before the first of `marks` off the front of `rest`; the mark stays.
std::string_view take_until(std::string_view& rest, std::string_view marks) {
  const auto part = rest.substr(0, rest.find_first_of(marks));
  rest.remove_prefix(part.size());
  return part;
}

bool take(std::string_view& rest, std::string_view prefix) {
  if (!rest.starts_with(prefix)) return false;
  rest.remove_prefix(prefix.size());
  return true;
}

// RFC 3986 section 5.2.3.
std::string merged(const Uri& base, std::string_view path) {
  if (base.authority && base.path.empty()) return "/" + std::string(path);
  const auto slash = base.path.rfind('/');
  return (slash == base.path.npos ? "" : base.path.substr(0, slash + 1)) + std::string(path);
}

// The parts of an authority.
struct Authority {
  std::string login;  // with its @
  std::string host;   // in lower case; an IPv6 address without brackets
  std::uint16_t port = 0;
};

std::uint16_t own_port(std::string_view scheme) {
  if (is_service_scheme(scheme)) return 0;
  return scheme == "https" ? 443 : 80;
}

// Whether a name consists of characters that are not special in any registry.
bool is_service_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return is_alpha(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

// Percent-encodes what may not occur in a URL: spaces and bytes that are not ASCII (RFC 3986 section 2.1).
std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte < 0x80)
      out += c;
    else
      append_percent_encoded(out, c);
  }
  return out;
}

// Characters that neither a DNS name nor an address contains.
bool is_bad_in_host(char c) {
  return std::string_view(" \"<>^`{|}%").find(c) != std::string_view::npos;
}

std::optional<Authority> read_authority(std::string whole, std::string_view scheme) {
  Authority authority;
  authority.login = take_login(whole);
  const auto parts = split_host_port(whole);
  if (!parts || parts->host.empty()) return std::nullopt;
  if (parts->bracketed && parts->host.find(':') == std::string_view::npos) return std::nullopt;
  if (std::any_of(parts->host.begin(), parts->host.end(), is_bad_in_host)) return std::nullopt;
  authority.host = lowered(parts->host);
  if (!is_ascii(authority.host)) {
    auto name = parts->bracketed ? std::nullopt : ascii_host(authority.host);
    if (!name) return std::nullopt;
    authority.host = std::move(*name);
  }
  authority.port = parts->port != 0 ? parts->port : own_port(scheme);
  return authority;
}

// Control characters, and the backslash, which other parsers read as a slash: a host must not be ambiguous.
bool is_bad(char c) {
  return static_cast<unsigned char>(c) < ' ' || c == '\x7f' || c == '\\';
}

// An http, https or service URL with a valid authority.
struct Read {
  Uri uri;
  Authority authority;
};

std::optional<Read> read(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), is_bad)) return std::nullopt;
  auto uri = split_uri(text);
  uri.scheme = lowered(uri.scheme);
  const bool service = is_service_scheme(uri.scheme);
  if ((uri.scheme != "http" && uri.scheme != "https" && !service) || !uri.authority) return std::nullopt;
  auto authority = read_authority(*uri.authority, uri.scheme);
  if (!authority) return std::nullopt;
  if (service && (authority->port != 0 || !is_service_name(authority->host))) return std::nullopt;
  return Read{std::move(uri), std::move(*authority)};
}

}  // namespace

std::string take_login(std::string& authority) {
  const auto host = authority.rfind('@') + 1;  // 0 if there is none
  std::string login = authority.substr(0, host);
  authority.erase(0, host);
  return login;
}

Uri split_uri(std::string_view text) {
  Uri uri;
  auto rest = text;
  const auto scheme = take_until(rest, ":/?#");
  if (rest.starts_with(':') && is_scheme(scheme)) {
    uri.scheme = scheme;
    rest.remove_prefix(1);
  } else {
    rest = text;
  }
  if (take(rest, "//")) uri.authority = take_until(rest, "/?#");
  uri.path = take_until(rest, "?#");
  if (take(rest, "?")) uri.query = take_until(rest, "#");
  if (take(rest, "#")) uri.fragment = rest;
  return uri;
}

std::string joined_uri(const Uri& uri) {
  std::string out;
  if (!uri.scheme.empty()) out += uri.scheme + ":";
  if (uri.authority) out += "//" + *uri.authority;
  out += uri.path;
  if (uri.query) out += "?" + *uri.query;
  if (uri.fragment) out += "#" + *uri.fragment;
  return out;
}

std::string without_dots(std::string_view path) {
  std::string out;
  auto rest = path;
  const auto drop_last = [&out] {
    const auto slash = out.rfind('/');
    out.resize(slash == out.npos ? 0 : slash);
  };
  while (!rest.empty()) {
    if (take(rest, "../") || take(rest, "./")) continue;
    if (rest.starts_with("/./") || rest == "/.") {
      rest = rest == "/." ? "/" : rest.substr(2);
    } else if (rest.starts_with("/../") || rest == "/..") {
      rest = rest == "/.." ? "/" : rest.substr(3);
      drop_last();
    } else if (rest == "." || rest == "..") {
      rest = {};
    } else {
      const auto end = rest.find('/', 1);
      out += rest.substr(0, end);
      rest = end == rest.npos ? std::string_view{} : rest.substr(end);
    }
  }
  return out;
}

std::string resolve_uri(std::string_view base_text, std::string_view reference) {
  const auto base = split_uri(base_text);
  auto target = split_uri(reference);
  if (!target.scheme.empty()) {
    target.path = without_dots(target.path);
    return joined_uri(target);
  }
  target.scheme = base.scheme;
  if (target.authority) {
    target.path = without_dots(target.path);
    return joined_uri(target);
  }
  target.authority = base.authority;
  if (target.path.empty()) {
    target.path = base.path;
    if (!target.query) target.query = base.query;
  } else if (target.path.front() == '/') {
    target.path = without_dots(target.path);
  } else {
    target.path = without_dots(merged(base, target.path));
  }
  return joined_uri(target);
}

std::optional<std::string> http_url(std::string_view text) {
  auto url = read(text);
  if (!url) return std::nullopt;
  auto& [uri, authority] = *url;
  const bool is_own_port = authority.port == own_port(uri.scheme);
  uri.authority =
      percent_encoded(authority.login) + host_port_text(authority.host, is_own_port ? 0 : authority.port);
  uri.path = percent_encoded(without_dots(uri.path));
  if (uri.path.empty()) uri.path = "/";
  if (uri.query) uri.query = percent_encoded(*uri.query);
  uri.fragment.reset();
  return joined_uri(uri);
}

std::optional<std::string> followed_url(std::string_view page, std::string_view reference) {
  auto url = http_url(resolve_uri(page, reference));
  if (url && is_service_scheme(split_uri(*url).scheme) && !same_origin(page, *url)) return std::nullopt;
  return url;
}

bool is_service_scheme(std::string_view scheme) {
  constexpr std::array kAll{"http+srv", "https+srv", "http+etcd", "https+etcd", "http+redis", "https+redis"};
  return std::find(kAll.begin(), kAll.end(), scheme) != kAll.end();
}

std::optional<HttpOrigin> origin_of(std::string_view text) {
  const auto url = read(text);
  if (!url) return std::nullopt;
  return HttpOrigin{url->uri.scheme, url->authority.host, url->authority.port};
}

bool same_origin(std::string_view a, std::string_view b) {
  const auto origin = origin_of(a);
  return origin && origin == origin_of(b);
}

}  // namespace iso::http
