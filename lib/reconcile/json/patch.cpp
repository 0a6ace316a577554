#include "reconcile/json/patch.h"

#include "reconcile/json/comparison.h"
#include "record/write.h"

namespace iso::reconcile {
namespace {

void append_operation(std::string& out, std::string_view op, std::string_view path, std::string_view value) {
  out += out.ends_with('[') ? "{\"op\":\"" : ",{\"op\":\"";
  out += op;
  out += "\",\"path\":";
  append_json_string(out, path);
  if (!value.empty()) append_one_line(out += ",\"value\":", value);
  out += '}';
}

std::string_view name_of(Change::Op op) {
  switch (op) {
    case Change::Op::add:
      return "add";
    case Change::Op::remove:
      return "remove";
    case Change::Op::replace:
      return "replace";
  }
  return "";
}

}  // namespace

bool same(const Value& left, const Value& right, const Rule* rule) {
  return !Comparison(left, right, rule).differs();
}

std::vector<Change> changes(const Value& left, const Value& right, const Rule* rule, std::string_view path) {
  return Comparison(left, right, rule).changes(path);
}

void append_patch(std::string& out, const std::vector<Change>& changes) {
  out += '[';
  for (const auto& [op, path, before, after] : changes) {
    if (op != Change::Op::add) append_operation(out, "test", path, before);
    append_operation(out, name_of(op), path, after);
  }
  out += ']';
}

}  // namespace iso::reconcile
