#include <array>
#include <charconv>
#include <fmt/core.h>
#include <optional>

#include "base/error.h"
#include "base/integer.h"
#include "reconcile/sides/item_source.h"
#include "record/members.h"
#include "record/write.h"

namespace iso::reconcile {
namespace {

using Settled = RowState::Settled;

// In the order of Settled; what is not known is left out.
constexpr std::array<std::string_view, 5> kNames{"", "pending", "done", "dead", "conflict"};

Settled settled_of(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<Settled>(i);
  throw Error(ErrorKind::internal, fmt::format("a row that is \"{}\"", name));
}

std::string string_of(std::string_view json) {
  return read_json_string(json).value_or("");
}

}  // namespace

std::string_view name_of(RowState::Settled settled) {
  return kNames[static_cast<std::size_t>(settled)];
}

void append_row_text(std::string& out, const RowState& state) {
  const auto name = [&out](std::string_view field) {
    if (out.back() != '{') out += ',';
    out += '"';
    out += field;
    out += "\":";
  };
  const auto number = [&](std::string_view field, std::int64_t value) {
    if (value == 0) return;
    name(field);
    char digits[24];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  };
  out += '{';
  number("row", state.row);
  if (state.settled != Settled::unknown) {
    name("state");
    append_json_string(out, name_of(state.settled));
  }
  number("at_ms", state.at_ms);
  if (!state.error.empty()) {
    name("error");
    append_json_string(out, state.error);
  }
  out += '}';
}

RowState read_row_text(std::string_view text) {
  RowState state;
  try {
    ObjectWalker members(text);
    while (const auto member = members.next()) {
      if (member->name == "\"row\"") state.row = read_integer<std::int64_t>(member->value).value_or(0);
      if (member->name == "\"state\"") state.settled = settled_of(string_of(member->value));
      if (member->name == "\"at_ms\"") state.at_ms = read_integer<std::int64_t>(member->value).value_or(0);
      if (member->name == "\"error\"") state.error = string_of(member->value);
    }
  } catch (const Fault& fault) {
    throw Error(ErrorKind::internal,
                fmt::format("what is known of a row: byte {}: {}", fault.offset + 1, fault.why));
  }
  return state;
}

}  // namespace iso::reconcile
