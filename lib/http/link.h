#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/fields.h"

namespace iso::http {

// One link of a Link field (RFC 8288 section 3).
struct Link {
  std::string target;                 // as written; may be relative
  std::vector<std::string> rel;       // in lower case
  std::optional<std::string> anchor;  // the context of the link, if it is not the page
};

// All links of all Link lines, in order. Skips invalid ones.
std::vector<Link> links(const Fields& fields);

// The page after this one. Both members empty: this is the last one.
struct NextPage {
  std::optional<std::string> url;
  std::string problem;  // why the next page that this one names cannot be fetched; "" if it can
};

// The page after `url`: its first link with rel=next that can be fetched, resolved. The caller detects loops.
NextPage next_page(const Fields& fields, std::string_view url);

}  // namespace iso::http
