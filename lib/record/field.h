#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace iso {

// How deep tables and arrays in headers may be nested, counting the headers themselves. Applies to reading
// and writing, because headers are walked recursively.
inline constexpr int kDeepestHeaders = 100;

struct Field;
using FieldArray = std::vector<Field>;
// In the order received. AMQP allows a name twice, and so does this.
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
// A new field is void. Clang 14 must instantiate the complete type here, and without a defaulted ==, or it
// takes the pair in FieldTable for incomplete. (With libc++ this is not a constant, and not needed.)
static_assert(Field{}.value.index() == 0);
#endif

// A field table as one JSON object, on one line. Types that JSON has are plain: null is void, true and false,
// an integer is a signed 64-bit one, a number with a point or an exponent is a double, a string is a long
// string of UTF-8. Any other type is an object with one key that starts with "$":
// $int8 $uint8 $int16 $uint16 $int32 $uint32 $uint64 $float $double (for nan and infinities, as strings)
// $decimal "12.50", $timestamp seconds, $bytes base64, $string base64 (a long string that is not UTF-8),
// $table (a table that would look like one of these).
void append_fields(std::string& out, const FieldTable& table);

// Reads what append_fields writes. `json` is one JSON object. Throws Error(ErrorKind::data) that names the
// field by its JSON Pointer: /headers/x/0.
FieldTable read_fields(std::string_view json);

}  // namespace iso
