#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace iso::http {

// References to resources as RFC 3986 has them: parted and put together byte for byte, nothing decoded.

struct Uri {
  std::string scheme;                    // empty: a relative reference
  std::optional<std::string> authority;  // what follows //
  std::string path;
  std::optional<std::string> query, fragment;
};

// Takes the user and password with their @ off an authority and gives them back, as they are written; "" if
// it has none.
std::string take_login(std::string& authority);

Uri split_uri(std::string_view text);             // section 3, appendix B; any text is a reference
std::string joined_uri(const Uri& uri);           // section 5.3
std::string without_dots(std::string_view path);  // section 5.2.4

// What `reference` means on the page `base`, which is absolute (section 5.2).
std::string resolve_uri(std::string_view base, std::string_view reference);

// A URL that may be fetched, in the one spelling that it is asked for and kept under: scheme and host in
// lower case, no port that is the scheme's own, no dots in the path, a path, no fragment (section 6.2.2; RFC
// 9110 section 4.2.3). The query stays byte for byte. Nothing if it is not http or https, has no host, a bad
// port, or controls. A space and what is not ASCII become %XX, a host that is not ASCII
// what IDNA makes of it. The URL of a service (fetch/discovery.h) is one too, its name the host,
// without a port.
std::optional<std::string> http_url(std::string_view text);

// Where a response of `page` may lead with a reference: what may be fetched, but to no service other than its
// own, as those are looked up where only the user should look.
std::optional<std::string> followed_url(std::string_view page, std::string_view reference);

// "http+srv" and such.
bool is_service_scheme(std::string_view scheme);

// Where a URL leads; credentials given to one origin go to no other (RFC 9110 section 4.3.1).
struct HttpOrigin {
  std::string scheme, host;  // in lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;
  bool operator==(const HttpOrigin&) const = default;
};

// Nothing if http_url() has nothing.
std::optional<HttpOrigin> origin_of(std::string_view url);
bool same_origin(std::string_view a, std::string_view b);

}  // namespace iso::http
