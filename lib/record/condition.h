#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "record/pointer.h"
#include "record/record.h"

namespace iso {

// What a record must be to be picked: "POINTER", it has such a value, or "POINTER OP VALUE" with OP one of
//   =  !=       the same text, or the same number: 1.0 is 1
//   >  >= < <=  numbers by value, other texts by their bytes, never one with the other
//   ~  !~       VALUE is a part of the text, or is not
// != and !~ are also true if the record has no value there. Spaces around OP are optional; they distinguish
// the operator ~ from a ~0 or ~1 in the pointer. VALUE is the text of a string, or the JSON of anything else;
// "…" may be put around it.
class Condition {
 public:
  // Throws Error(ErrorKind::usage).
  explicit Condition(std::string_view text);

  bool holds(const Record& record) const;

 private:
  enum class Operator { exists, equal, not_equal, above, at_least, below, at_most, contains, contains_not };
  struct Parts;
  explicit Condition(const Parts& parts);
  static Parts parts_of(std::string_view text);

  Pointer pointer_;
  Operator operator_;
  std::string value_;
};

// Whether all of them hold.
bool hold(const std::vector<Condition>& conditions, const Record& record);

}  // namespace iso
