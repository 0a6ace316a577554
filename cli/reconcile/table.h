#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reconcile/json/patch.h"

namespace iso::cli {

// A finding for people. Texts may contain anything: the table makes them safe for a terminal.
struct TableFinding {
  struct Side {
    std::string where;        // such as "orders.ndjson, line 377"; "" if there is none
    std::uint64_t count = 1;  // how often the key is there
  };

  std::string status;  // the verdict, by its name
  std::string key;     // as JSON; "" if there is none
  std::string why;     // what else there is to say, or ""
  Side left, right;
  std::vector<reconcile::Change> changes;
};

// Findings as blocks of text that fit a terminal with this many columns: status, key, place, and the fields
// that differ, left beside right, or one above the other if that is too narrow. A long value is shown from
// the first difference on. Key and `why` are never cut, but continue on the next line.
class TableWriter {
 public:
  TableWriter(std::size_t columns, bool colour) : columns_(columns), colour_(colour) {}

  void append(std::string& out, const TableFinding& finding);

  // How many there are of each, at the end.
  void append_counts(std::string& out, const std::vector<std::pair<std::string, std::uint64_t>>& counts);

 private:
  void append_head(std::string& out, const TableFinding& finding) const;
  void append_wrapped(std::string& out, std::string_view tamed, std::size_t indent, bool begun) const;
  void append_side(std::string& out, std::string_view name, const TableFinding::Side& side) const;
  void append_beside(std::string& out, const std::vector<reconcile::Change>& changes) const;
  void append_above(std::string& out, const std::vector<reconcile::Change>& changes) const;
  void append_line(std::string& out, std::string_view indent, std::string_view color,
                   std::string_view text) const;
  void append_colored(std::string& out, std::string_view color, std::string_view text) const;

  std::size_t columns_;
  bool colour_;
  bool first_ = true;
};

}  // namespace iso::cli
