#pragma once

#include <string>
#include <string_view>

namespace iso {

// `text` with "***" in place of everything that looks like a password or a token: between the colon and the @
// of a login (RFC 3986 section 3.2.1), even without a scheme before it, and after a name such as password=,
// token= or api_key= (in a URL's query or an option), "Bearer " or "Basic ". For texts that are shown and
// contain parts from elsewhere. It may mask more than the secret.
std::string without_secrets(std::string_view text);

}  // namespace iso
