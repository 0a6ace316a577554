#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/link.h"

namespace iso::cli {

// How a listing of several pages is told.
struct Paging {
  std::optional<std::vector<std::string>>
      items;  // where the array of items is in a page; nothing: print pages
  std::optional<std::vector<std::string>> next;  // where the next page's URL is; nothing: in Link
};

// Where the page `url` goes on, as its body says: at `next` is a URL, perhaps relative. Nothing, null, false
// or
// "" there: it is the last.
http::NextPage next_in_body(std::string_view body, const std::vector<std::string>& next,
                            std::string_view url);

// Each element of the array at `items`, as a slice of the body. Throws ErrorKind::data: there is none.
void for_each_item(std::string_view body, const std::vector<std::string>& items,
                   const std::function<void(std::string_view)>& take);

}  // namespace iso::cli
