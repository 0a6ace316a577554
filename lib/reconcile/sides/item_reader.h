#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace iso::reconcile {

// Bytes of a text, taken as they come, become items on a line each, as an ItemSource gives them. What cannot
// be an item is a line that begins with kUnreadable and says why.
class ItemReader {
 public:
  virtual ~ItemReader() = default;

  // Appends the items that are whole now. Throws ErrorKind::data: the text is not of its kind.
  virtual void take(std::string_view bytes, std::string& lines) = 0;
  // The text is over. Throws ErrorKind::data: it was not.
  virtual void finish(std::string& lines) = 0;
};

// How the items of a text are told.
struct ItemForm {
  std::optional<std::vector<std::string>>
      items;                        // where an array of them is in a document; nothing: see below
  std::uint64_t most = UINT64_MAX;  // bytes of an item; a longer one is not kept
};

// JSON documents, one after the other, in each of them an array at `items`: its elements.
std::unique_ptr<ItemReader> read_array_items(const std::vector<std::string>& items, std::uint64_t most);
// Comma-separated values (RFC 4180): the first record has the names, each further one is an object whose
// values are texts. Throws as take() does.
std::unique_ptr<ItemReader> read_csv_items(std::uint64_t most);
// Lines of JSON, as they are.
std::unique_ptr<ItemReader> read_line_items(std::uint64_t most);

// By its name, whether compressed or not.
bool is_csv(std::string_view path);
// Whether a text that begins so is an array, whose elements are the items. Nothing: it is all white space.
std::optional<bool> begins_array(std::string_view start);

// Why an item is not kept.
std::string too_long_text(std::uint64_t most);

}  // namespace iso::reconcile
