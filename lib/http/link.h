#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/fields.h"

namespace iso::http {

// What a Link field says (RFC 8288 section 3).
struct Link {
  std::string target;                 // as written, relative perhaps
  std::vector<std::string> rel;       // in lower case
  std::optional<std::string> anchor;  // what it is a link of, if not of the page
};

// Every link of every Link line, in order. What cannot be read ends its line.
std::vector<Link> links(const Fields& fields);

// Where the page `url` goes on: the first link of it with rel=next, resolved. Nothing if there is none, or
// none that may be fetched. That a page leads back is for the caller to see.
std::optional<std::string> next_page(const Fields& fields, std::string_view url);

}  // namespace iso::http
