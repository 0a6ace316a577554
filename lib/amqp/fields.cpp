#include "amqp/fields.h"

#include <bit>
#include <fmt/core.h>

namespace iso::amqp {
namespace {

// ---- reading

class TableReader {
 public:
  FieldTable table(std::string_view bytes, int levels) {
    FieldTable table;
    if (levels == 0) {
      too_deep_ = true;
      return table;
    }
    for (ByteReader in(bytes); !in.at_end();) {
      std::string name(in.short_string());
      table.emplace_back(std::move(name), field(in, levels));
    }
    return table;
  }
  bool too_deep() const { return too_deep_; }

 private:
  FieldArray array(std::string_view bytes, int levels) {
    FieldArray array;
    if (levels == 0) {
      too_deep_ = true;
      return array;
    }
    for (ByteReader in(bytes); !in.at_end();) array.push_back(field(in, levels));
    return array;
  }

  Field field(ByteReader& in, int levels) {
    const std::uint8_t type = in.octet();
    switch (type) {
      case 'V':
        return {};
      case 't':
        return {in.octet() != 0};
      case 'b':
        return {in.integer<std::int8_t>()};
      case 'B':
        return {in.octet()};
      case 's':
        return {in.integer<std::int16_t>()};
      case 'u':
        return {in.short_integer()};
      case 'I':
        return {in.integer<std::int32_t>()};
      case 'i':
        return {in.long_integer()};
      case 'l':
        return {in.integer<std::int64_t>()};
      case 'L':
        return {in.longlong_integer()};
      case 'f':
        return {std::bit_cast<float>(in.long_integer())};
      case 'd':
        return {std::bit_cast<double>(in.longlong_integer())};
      case 'D': {
        const std::uint8_t scale = in.octet();
        return {Decimal{scale, in.integer<std::int32_t>()}};
      }
      case 'S':
        return {std::string(in.long_string())};
      case 'T':
        return {Timestamp{in.longlong_integer()}};
      case 'x':
        return {Bytes{std::string(in.long_string())}};
      case 'A':
        return {array(in.long_string(), levels - 1)};
      case 'F':
        return {table(in.long_string(), levels - 1)};
      default:
        bad_frame(fmt::format("a field of the unknown type 0x{:02x}", type));
    }
  }

  bool too_deep_ = false;
};

// ---- writing

struct FieldWriter {
  ByteWriter& out;

  template <class Integer>
  void number(char type, Integer value) const {
    out.octet(static_cast<std::uint8_t>(type));
    out.integer(value);
  }
  void text(char type, std::string_view value) const {
    out.octet(static_cast<std::uint8_t>(type));
    out.long_string(value);
  }

  void operator()(std::monostate) const { out.octet('V'); }
  void operator()(bool value) const { number('t', std::uint8_t{value}); }
  void operator()(std::int8_t value) const { number('b', value); }
  void operator()(std::uint8_t value) const { number('B', value); }
  void operator()(std::int16_t value) const { number('s', value); }
  void operator()(std::uint16_t value) const { number('u', value); }
  void operator()(std::int32_t value) const { number('I', value); }
  void operator()(std::uint32_t value) const { number('i', value); }
  void operator()(std::int64_t value) const { number('l', value); }
  void operator()(std::uint64_t value) const { number('L', value); }
  void operator()(float value) const { number('f', std::bit_cast<std::uint32_t>(value)); }
  void operator()(double value) const { number('d', std::bit_cast<std::uint64_t>(value)); }
  void operator()(const Decimal& value) const {
    number('D', value.scale);
    out.integer(value.value);
  }
  void operator()(const std::string& value) const { text('S', value); }
  void operator()(const Timestamp& value) const { number('T', value.seconds); }
  void operator()(const Bytes& value) const { text('x', value.bytes); }
  void operator()(const FieldArray& array) const {
    out.octet('A');
    const std::size_t begin = out.begin_long();
    for (const Field& item : array) std::visit(*this, item.value);
    out.end_long(begin);
  }
  void operator()(const FieldTable& table) const {
    out.octet('F');
    write_table(out, table);
  }
};

}  // namespace

TableRead read_table(std::string_view entries) {
  TableReader reader;
  TableRead read;
  read.table = reader.table(entries, kDeepestHeaders);
  read.too_deep = reader.too_deep();
  return read;
}

void write_table(ByteWriter& out, const FieldTable& table) {
  const std::size_t begin = out.begin_long();
  for (const auto& [name, field] : table) {
    out.short_string(name);
    std::visit(FieldWriter{out}, field.value);
  }
  out.end_long(begin);
}

}  // namespace iso::amqp
