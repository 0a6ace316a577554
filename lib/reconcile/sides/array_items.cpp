#include <fmt/core.h>

#include "base/error.h"
#include "reconcile/sides/item_reader.h"
#include "reconcile/sides/item_source.h"
#include "record/members.h"
#include "record/plain.h"
#include "record/pointer.h"
#include "record/scan.h"

namespace iso::reconcile {
namespace {

// Keeps nothing but the brackets that are open, and the element at hand. Elements are held to JSON where they
// are read; of what is around them no more than the brackets and names is.
class ArrayItems final : public ItemReader {
 public:
  ArrayItems(const std::vector<std::string>& tokens, std::uint64_t most) : tokens_(tokens), most_(most) {}

  void take(std::string_view bytes, std::string& lines) override {
    for (const char c : bytes) step(c, lines);
  }

  void finish(std::string&) override {
    if (!open_.empty() || in_string_) throw flaw("it ends in the middle of a document");
  }

 private:
  static constexpr std::size_t kLongestName = std::size_t{64} * 1024;

  Error flaw(std::string_view what) const { return {ErrorKind::data, std::string(what)}; }
  Error no_array() const {
    return flaw(tokens_.empty() ? "it is not an array of items; say where they are with --items POINTER"
                                : "no array of items where --items says");
  }

  bool is_in_items() const { return items_depth_ != 0 && open_.size() >= items_depth_; }
  // Directly within a container on the way to the items.
  bool is_on_way() const { return items_depth_ == 0 && open_.size() == matched_ + 1; }

  void step(char c, std::string& lines) {
    if (in_string_) return in_string(c);
    if (is_space(c)) {
      if (is_in_items() && size_ != 0) keep(' ');
      return;
    }
    if (open_.empty() && c != '[' && c != '{') throw no_array();
    switch (c) {
      case '[':
      case '{':
        return open(c);
      case ']':
      case '}':
        return close(c, lines);
      case ',':
        return comma(lines);
      case ':':
        if (is_on_way()) name_matches_ = is_wanted_name();
        return is_in_items() ? keep(c) : void();
      case '"':
        in_string_ = true;
        if (is_on_way()) name_ = "\"";
        return is_in_items() ? keep(c) : void();
      default:
        if (is_in_items()) keep(c);
    }
  }

  void in_string(char c) {
    if (is_in_items())
      keep(c == '\n' || c == '\r' ? '\x01' : c);  // a line break does not belong there: it stays bad
    else if (is_on_way() && name_.size() < kLongestName)
      name_ += c;
    in_string_ = escaped_ || c != '"';
    escaped_ = !escaped_ && c == '\\';
  }

  // Whether the value that begins now is on the way, or is what is sought.
  bool is_wanted_name() const {
    return matched_ < tokens_.size() && open_.back() == '{' && is_json(name_) &&
           read_json_string(name_) == tokens_[matched_];
  }
  bool is_wanted() const {
    if (open_.empty()) return true;
    if (!is_on_way() || matched_ == tokens_.size()) return false;
    return open_.back() == '{' ? name_matches_ : index_of(tokens_[matched_]) == index_.back();
  }

  void open(char c) {
    if (open_.size() == kMaxDepth) throw flaw(fmt::format("more than {} brackets are open", kMaxDepth));
    if (is_in_items()) keep(c);
    const bool wanted = items_depth_ == 0 && is_wanted();
    if (wanted && !open_.empty()) ++matched_;
    open_ += c;
    if (!wanted) return;
    index_.push_back(0);
    name_matches_ = false;
    if (matched_ < tokens_.size()) return;
    if (c != '[' || found_) throw no_array();
    found_ = true;
    items_depth_ = open_.size();
    is_first_ = true;
    size_ = 0;
  }

  void close(char c, std::string& lines) {
    if (open_.empty() || (c == ']') != (open_.back() == '[')) throw flaw("its brackets do not match");
    if (items_depth_ == open_.size()) {
      if (size_ != 0 || !is_first_) end_item(lines);
      items_depth_ = 0;
      leave();
    } else if (is_in_items()) {
      open_.pop_back();
      keep(c);
    } else if (is_on_way()) {
      leave();
    } else {
      open_.pop_back();
    }
    if (!open_.empty()) return;
    if (!found_) throw no_array();
    found_ = false;
    matched_ = 0;
  }

  // A container on the way.
  void leave() {
    open_.pop_back();
    index_.pop_back();
    if (matched_ != 0) --matched_;
    name_matches_ = false;
  }

  void comma(std::string& lines) {
    if (items_depth_ == open_.size() && items_depth_ != 0) return end_item(lines);
    if (is_in_items()) return keep(',');
    if (is_on_way()) {
      ++index_.back();
      name_matches_ = false;
    }
  }

  void keep(char c) {
    if (++size_ <= most_) item_ += c;
  }

  void end_item(std::string& lines) {
    is_first_ = false;
    if (size_ == 0)
      lines += std::string(1, kUnreadable) + "there is nothing where an item should be";
    else if (size_ > most_)
      lines += kUnreadable + too_long_text(most_);
    else
      lines += item_;
    lines += '\n';
    item_.clear();
    size_ = 0;
  }

  std::vector<std::string> tokens_;
  std::uint64_t most_;
  std::string open_;                // brackets
  std::vector<std::size_t> index_;  // of the element at hand, in each container on the way
  std::size_t matched_ = 0;         // tokens that lead to the innermost container on the way
  std::size_t items_depth_ = 0;     // brackets that are open within the array of items; 0: it is not open
  bool found_ = false;              // in this document
  bool in_string_ = false, escaped_ = false, name_matches_ = false, is_first_ = true;
  std::string name_, item_;
  std::uint64_t size_ = 0;  // of the item, kept or not
};

}  // namespace

std::unique_ptr<ItemReader> read_array_items(const std::vector<std::string>& items, std::uint64_t most) {
  return std::make_unique<ArrayItems>(items, most);
}

std::optional<bool> begins_array(std::string_view start) {
  if (start.starts_with(kByteOrderMark)) start.remove_prefix(kByteOrderMark.size());
  const auto at = start.find_first_not_of(" \t\r\n");
  return at == start.npos ? std::nullopt : std::optional(start[at] == '[');
}

}  // namespace iso::reconcile
