#include "record/elements.h"

#include <algorithm>

#include "record/scan.h"

namespace iso {

ElementWalker::ElementWalker(std::string_view array) : rest_(array) {
  rest_.remove_prefix(1);
}

std::optional<std::string_view> ElementWalker::next() {
  rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n,"), rest_.size()));
  JsonScanner scanner;
  if (scanner.scan(rest_, true) != JsonScanner::Status::complete) return std::nullopt;  // the closing bracket
  const auto element = rest_.substr(0, scanner.position());
  rest_.remove_prefix(element.size());
  return element;
}

}  // namespace iso
