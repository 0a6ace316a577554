#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/link.h"

namespace iso::cli {

// How to read a listing of several pages.
struct Paging {
  std::optional<std::vector<std::string>> items;  // where a page has its array of items; nothing: print pages
  std::optional<std::vector<std::string>> next;  // where a page has the URL of the next one; nothing: in Link
};

// The page after `url`, from its body: `next` points to a URL, which may be relative. Nothing, null, false or
// "" there: it is the last page.
http::NextPage next_in_body(std::string_view body, const std::vector<std::string>& next,
                            std::string_view url);

// Calls `take` with each element of the array at `items`, as a slice of the body. Throws ErrorKind::data if
// `items` is not an array.
void for_each_item(std::string_view body, const std::vector<std::string>& items,
                   const std::function<void(std::string_view)>& take);

}  // namespace iso::cli
