#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace iso::http {

// URI references (RFC 3986): split and joined byte for byte, without decoding.

struct Uri {
  std::string scheme;                    // empty: a relative reference
  std::optional<std::string> authority;  // what follows //
  std::string path;
  std::optional<std::string> query, fragment;
};

// Removes user and password with their @ from an authority and returns them as written; "" if there are none.
std::string take_login(std::string& authority);

Uri split_uri(std::string_view text);             // section 3, appendix B; never fails
std::string joined_uri(const Uri& uri);           // section 5.3
std::string without_dots(std::string_view path);  // section 5.2.4

// Resolves `reference` against `base`, which is absolute (section 5.2).
std::string resolve_uri(std::string_view base, std::string_view reference);

// Normalizes a URL that iso can fetch, for requests and cache keys: scheme and host in lower case, no default
// port, no dot segments, a nonempty path, no fragment (section 6.2.2; RFC 9110 section 4.2.3). The query
// keeps its bytes, except that spaces and bytes that are not ASCII become %XX, as in the path. A host name
// that is not ASCII is converted with IDNA. A service URL (discovery/service_url.h) has the service's name as
// its host, and no port. Nothing if the scheme is another one, the host is missing, the port is invalid, or
// there are control characters.
std::optional<std::string> http_url(std::string_view text);

// The URL that `reference` on `page` leads to, if it may be fetched. A response may not lead to another
// service than its own, since services are resolved by registries that only the user should address.
std::optional<std::string> followed_url(std::string_view page, std::string_view reference);

// "http+srv" and the like.
bool is_service_scheme(std::string_view scheme);

// The origin of a URL; credentials for one origin are not sent to another (RFC 9110 section 4.3.1).
struct HttpOrigin {
  std::string scheme, host;  // in lower case; an IPv6 address without brackets
  std::uint16_t port = 0;
  bool operator==(const HttpOrigin&) const = default;
};

// Nothing if http_url() returns nothing.
std::optional<HttpOrigin> origin_of(std::string_view url);
bool same_origin(std::string_view a, std::string_view b);

}  // namespace iso::http
