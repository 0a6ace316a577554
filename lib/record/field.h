#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace iso {

// How many tables and arrays of headers may stand in each other, the headers' own included, in what is read
// and in what is written: whatever walks a record walks its headers by recursion.
inline constexpr int kDeepestHeaders = 100;

struct Field;
using FieldArray = std::vector<Field>;
// Names in the order they came; AMQP allows a name twice, and so do we.
using FieldTable = std::vector<std::pair<std::string, Field>>;

struct Decimal {
  std::uint8_t scale = 0;  // digits after the point
  std::int32_t value = 0;  // {2, 1250} is 12.50
  bool operator==(const Decimal&) const = default;
};
struct Timestamp {
  std::uint64_t seconds = 0;  // since the epoch
  bool operator==(const Timestamp&) const = default;
};
struct Bytes {
  std::string bytes;
  bool operator==(const Bytes&) const = default;
};

// One value of an AMQP 0-9-1 field table (section 4.2.1, and RabbitMQ's errata for the type letters).
// The alternatives in order: V void, t boolean, b B s u I i l L integers by width and sign, f float, d
// double, D decimal, S long string, T timestamp, x byte array, A array, F table.
struct Field {
  using Value = std::variant<std::monostate, bool, std::int8_t, std::uint8_t, std::int16_t, std::uint16_t,
                             std::int32_t, std::uint32_t, std::int64_t, std::uint64_t, float, double, Decimal,
                             std::string, Timestamp, Bytes, FieldArray, FieldTable>;
  Value value;
  bool operator==(const Field& other) const;
};
#ifdef __GLIBCXX__
// Void at first. Clang 14 must meet it whole, here and without a defaulted ==, before the pair in FieldTable,
// or it takes that pair for incomplete. (It is no constant with libc++, which does not need it.)
static_assert(Field{}.value.index() == 0);
#endif

// A field table as one JSON object, on one line. What JSON has its own word for is plain: null is void,
// true and false, an integer is a signed 64-bit one, a number with a point or an exponent is a double, a
// string is a long string of UTF-8. The rest is an object with one key that starts with "$":
// $int8 $uint8 $int16 $uint16 $int32 $uint32 $uint64 $float $double (for nan and infinities, as strings)
// $decimal "12.50", $timestamp seconds, $bytes base64, $string base64 (a long string that is not UTF-8),
// $table (a table that would look like one of these).
void append_fields(std::string& out, const FieldTable& table);

// Reads what append_fields writes. `json` is one JSON object. Throws Error(ErrorKind::data) that names the
// field by its JSON Pointer: /headers/x/0.
FieldTable read_fields(std::string_view json);

}  // namespace iso
