#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace iso::http {

// The header fields of one HTTP message (RFC 9110 section 5), in order, with names as received and repeated
// lines kept.
class Fields {
 public:
  struct Field {
    std::string name, value;
    bool operator==(const Field&) const = default;
  };

  Fields() = default;
  Fields(std::initializer_list<Field> fields) : fields_(fields) {}

  void add(std::string_view name, std::string_view value) {
    fields_.push_back({std::string(name), std::string(value)});
  }
  // Appends to the value of the last line, after a space.
  void append_to_last(std::string_view value) { fields_.back().value.append(" ").append(value); }
  // Replaces all lines of that name by one.
  void set(std::string_view name, std::string_view value);
  void remove(std::string_view name);

  bool has(std::string_view name) const { return first(name).has_value(); }
  // The first line of that name.
  std::optional<std::string_view> first(std::string_view name) const;
  // Each line of that name, in order.
  std::vector<std::string_view> lines(std::string_view name) const;
  // All lines of that name joined by ", " (RFC 9110 section 5.3). Nothing if there is none.
  std::optional<std::string> joined(std::string_view name) const;

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }
  bool empty() const { return fields_.empty(); }
  bool operator==(const Fields&) const = default;

 private:
  std::vector<Field> fields_;
};

// The members of a list (RFC 9110 section 5.6.1), trimmed, without empty ones. A comma in a quoted string
// does not separate members.
std::vector<std::string_view> list_members(std::string_view value);

}  // namespace iso::http
