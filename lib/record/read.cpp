#include "record/read.h"

#include <algorithm>
#include <fmt/core.h>
#include <vector>

#include "base/error.h"
#include "base/integer.h"
#include "record/members.h"

namespace iso {
namespace {

// The name without its quotes; most have no escapes.
std::string name_of(const Member& member) {
  auto name = read_json_string(member.name);
  if (!name) throw Fault{member.name_at, std::string(kHalfASurrogatePair)};
  return *std::move(name);
}

Record read_members(std::string_view json) {
  Record record;
  std::vector<std::string> seen;
  ObjectWalker walker(json);
  while (const auto member = walker.next()) {
    std::string name = name_of(*member);
    if (std::find(seen.begin(), seen.end(), name) != seen.end())
      throw Fault{member->name_at, fmt::format("{} is given twice", name)};
    try {
      set_member(record, name, member->value);
    } catch (Fault& fault) {
      fault.offset = fault.offset == kAtName ? member->name_at : member->value_at + fault.offset;
      throw;
    }
    seen.push_back(std::move(name));
  }
  return record;
}

}  // namespace

Record read_record(std::string_view json) {
  try {
    return read_members(json);
  } catch (const Fault& fault) {
    throw Error(ErrorKind::data, fmt::format("byte {}: {}", fault.offset + 1, fault.why));
  }
}

std::optional<std::uint32_t> expiration_ms(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto number = read_integer<std::uint32_t>(text);
  return negative && number != 0 ? std::nullopt : number;
}

}  // namespace iso
