#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconcile/json/rules.h"
#include "reconcile/json/value.h"

namespace iso::reconcile {

// Whether both say the same: numbers by value, exactly; objects whatever their order; arrays in order, if
// their rule does not say otherwise. `rule` is for this place, null if there is none. The elements of an
// array whose order does not matter have no rules, for they have no place.
bool same(const Value& left, const Value& right, const Rule* rule);

// One operation of an RFC 6902 patch, and for people what was there before.
struct Change {
  enum class Op { add, remove, replace };
  Op op = Op::replace;
  std::string path;         // JSON Pointer into the left item
  std::string_view before;  // verbatim JSON of left; empty for add
  std::string_view after;   // verbatim JSON of right; empty for remove
};

// What turns `left` into `right`, in the order to apply it; both texts must outlive it. `path` is where
// `left` is in its item. Of arrays, what both have in the same order stays; if most of two long arrays
// differs, or a rule names their elements, they are compared by position, and shrink and grow at their end.
// Empty if they are the same. What differs more than 500 levels down is replaced from there on. What is
// ignored stays as it is in left, but inside of what is replaced or added as a whole.
std::vector<Change> changes(const Value& left, const Value& right, const Rule* rule, std::string_view path);

// The same as a JSON Patch (RFC 6902) on one line. Before each value that is replaced or removed stands a
// test that it is as it was, so that a patch for another document fails. An add has none: the patch cannot
// say that nothing is there, only what all of the object around it is. What is added to must be there, and an
// array no shorter than it was (section 4.1).
void append_patch(std::string& out, const std::vector<Change>& changes);

}  // namespace iso::reconcile
