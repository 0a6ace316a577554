#include <utility>

#include "reconcile/sides/item_source.h"
#include "record/members.h"
#include "record/plain.h"
#include "record/scan.h"
#include "record/write.h"

namespace iso::reconcile {
namespace {

void append_as_text(std::string& out, std::string_view value) {
  if (value == "null")
    out += "\"\"";
  else if (value == "true" || value == "false" || value[0] == '-' || is_digit(value[0]))
    append_json_string(out, value);
  else
    out += value;
}

// What is no object stays as it is.
void append_texts(std::string& out, std::string_view line) {
  if (line.substr(0, line.find_first_not_of(" \t") + 1).find('{') == line.npos || !is_json(line)) {
    out += line;
    return;
  }
  ObjectWalker walker(line);
  char before = '{';
  while (const auto member = walker.next()) {
    out += std::exchange(before, ',');
    out += member->name;
    out += ':';
    append_as_text(out, member->value);
  }
  out += before == '{' ? "{}" : "}";
}

class TextItems final : public ItemSource {
 public:
  explicit TextItems(std::unique_ptr<ItemSource> source) : source_(std::move(source)) {}

  bool read(std::string& out) override {
    std::string lines;
    const bool more = source_->read(lines);
    for (std::string_view rest = lines; !rest.empty();) {
      const auto end = rest.find('\n');
      append_texts(out, rest.substr(0, end));
      out += '\n';
      rest.remove_prefix(end + 1);
    }
    return more;
  }

  std::unique_ptr<ItemSource> reopen_for_changes() override {
    auto later = source_->reopen_for_changes();
    return later ? as_texts(std::move(later)) : nullptr;
  }

  std::uint64_t size() const override { return source_->size(); }

 private:
  std::unique_ptr<ItemSource> source_;
};

}  // namespace

std::unique_ptr<ItemSource> as_texts(std::unique_ptr<ItemSource> source) {
  return std::make_unique<TextItems>(std::move(source));
}

}  // namespace iso::reconcile
