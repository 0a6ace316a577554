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
  void align_arrays(const Value& left, const Value& right, const Rule* each);
  void compare_gap(const Value& left, Range lefts, const Value& right, Range rights, const Rule* each);
  using Indices = std::vector<std::size_t>;
  void compare_unordered(const Value& left, const Value& right, const Rule& rule);
  void compare_matched(const Value& left, Indices& lefts, const Value& right, Indices& rights,
                       const Rule& rule);
  void compare_bags(const Value& left, Indices lefts, const Value& right, Indices rights, const Rule* each);

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

// Appends what is the same for values that are the same by the rule, or without any, and for no others; of
// tolerances it knows nothing.
void append_canonical(std::string& out, const Value& value, const Rule* rule = nullptr);

}  // namespace iso::reconcile
