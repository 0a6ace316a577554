#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "reconcile/json/rules.h"
#include "reconcile/json/spelling.h"
#include "reconcile/json/value.h"
#include "reconcile/sides/item_source.h"

namespace iso::reconcile {

// A line of a side's text, read again: its item and, of a store, its row.
struct Item {
  std::string line;
  std::string_view json;  // "" if it could not be read
  std::optional<RowState> row;
  std::string why;  // what is wrong with it, or ""
  Value value;      // points into `line`, or of a message into `spelling`; null if something is wrong
  Respelling spelling;
  bool is_reduced = false;  // to what says which it is, since its tree has no room

  // `rows`: the side is of rows, each with a row_text. `rule` is that of all its items.
  Item(std::string text, bool rows, const Rule& rule);
  Item(const Item&) = delete;  // moved, a short line would leave the pointers behind
  Item& operator=(const Item&) = delete;

  // When it was stored, received or sent, as far as it says so: milliseconds since the epoch, in the years
  // 0 to 9999; what is beyond is not a time. `received_now`: its received_at is the time of this look.
  std::optional<std::int64_t> time_ms(bool received_now) const;
};

}  // namespace iso::reconcile
