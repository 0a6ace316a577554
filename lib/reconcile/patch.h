#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconcile/rules.h"
#include "reconcile/value.h"

namespace iso {

// Whether both say the same: numbers by value, exactly; objects whatever their order; arrays in order, if
// their rule does not say otherwise. `rule` is for this place, null if there is none.
bool same(const Value& left, const Value& right, const Rule* rule);

// One operation of an RFC 6902 patch, and for people what was there before.
struct Change {
  enum class Op { add, remove, replace };
  Op op = Op::replace;
  std::string path;          // JSON Pointer into the left item
  std::string_view before;   // verbatim JSON of left; empty for add
  std::string_view after;    // verbatim JSON of right; empty for remove
};

// What turns `left` into `right`, in the order to apply it. `path` is where `left` is in its item. Arrays are
// compared by position. Empty if they are the same.
std::vector<Change> changes(const Value& left, const Value& right, const Rule* rule, std::string_view path);

// The same as a JSON Patch (RFC 6902) on one line. Before each operation stands a test that the place is as
// it was, so that a patch for another document fails: of the value that is replaced or removed, and for an
// add to an array of … nothing.
void append_patch(std::string& out, const std::vector<Change>& changes);

}  // namespace iso
