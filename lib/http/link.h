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

// Every link of every Link line, in order. A member that cannot be read is left out.
std::vector<Link> links(const Fields& fields);

// Where a page goes on. Neither: it is the last.
struct NextPage {
  std::optional<std::string> url;
  std::string problem;  // why it cannot be gone to, though the page says that there is one; "" if it can
};

// Where the page `url` goes on: the first link of it with rel=next that may be fetched, resolved. That a page
// leads back is for the caller to see.
NextPage next_page(const Fields& fields, std::string_view url);

}  // namespace iso::http
