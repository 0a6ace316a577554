#pragma once

#include <string>
#include <string_view>

namespace iso {

// `text` without what looks like a password or a token, each of them as "***": between the colon and the @ of
// a user's login (RFC 3986 section 3.2.1), also where the scheme is missing, and behind a name such as
// password=, token= or api_key= (a URL's query, an option). What follows "Bearer " or "Basic " goes too. For
// texts that are shown and whose parts come from elsewhere; it may take away more than was secret, never
// less.
std::string without_secrets(std::string_view text);

}  // namespace iso
