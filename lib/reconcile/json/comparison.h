#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/json/patch.h"

namespace iso::reconcile {

// One walk through two trees, which stops at the first difference or records all of them. Linear in the size
// of both, except for sorting names.
class Comparison {
 public:
  Comparison(const Value& left, const Value& right, const Rule* rule);

  bool differs();
  std::vector<Change> changes(std::string_view path);

 private:
  class Step;

  void compare(const Value& left, const Value& right, const Rule* rule);
  void compare_objects(const Value& left, const Value& right, const Rule* rule);
  void compare_as_whole(const Value& left, const Value& right, const Rule* rule);
  void compare_arrays(const Value& left, const Value& right, const Rule* rule);
  struct Range {
    std::size_t begin = 0, end = 0;
  };
  void align_arrays(const Value& left, const Value& right);
  void compare_gap(const Value& left, Range lefts, const Value& right, Range rights);
  void compare_unordered(const Value& left, const Value& right);

  void note(Change::Op op, std::string_view before, std::string_view after);
  bool done() const { return differs_ && !writes_; }
  bool ignored(const Rule* rule) const;
  bool left_out(std::string_view name, const Value& member, const Rule* rule) const;

  const Value& left_;
  const Value& right_;
  const Rule* rule_;
  const bool messages_;  // both are
  bool writes_ = false;  // all differences, into found_
  bool differs_ = false;
  std::size_t depth_ = 0;
  std::string path_;
  std::vector<Change> found_;
};

// Appends what is the same for values that are the same without any rule, and for no others.
void append_canonical(std::string& out, const Value& value);

}  // namespace iso::reconcile
