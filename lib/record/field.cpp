#include "record/field.h"

#include <cmath>
#include <cstring>
#include <fmt/core.h>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/base64.h"
#include "base/error.h"
#include "base/integer.h"
#include "base/real.h"
#include "base/suggest.h"
#include "record/scan.h"
#include "record/write.h"

namespace iso {
namespace {

constexpr std::array<std::string_view, 14> kTags{"$int8",      "$uint8",  "$int16",  "$uint16", "$int32",
                                                 "$uint32",    "$uint64", "$float",  "$double", "$decimal",
                                                 "$timestamp", "$bytes",  "$string", "$table"};

// Whether it looks like a tagged value.
bool is_tag(const FieldTable& table) {
  return table.size() == 1 && table.front().first.starts_with('$');
}

// ---- writing

template <class Number>
void append_number(std::string& out, Number number) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

// The shortest text that reads back as the same number, and not as an integer.
template <class Real>
void append_real(std::string& out, Real number) {
  const std::size_t before = out.size();
  append_number(out, number);
  if (out.find_first_of(".e", before) == out.npos) out += ".0";
}

template <class Real>
std::string_view name_of_odd(Real number) {
  if (std::isnan(number)) return "nan";
  return number > 0 ? "inf" : "-inf";
}

template <class Write>
void append_tagged(std::string& out, std::string_view tag, Write write) {
  out += "{\"";
  out += tag;
  out += "\":";
  write();
  out += '}';
}

void append_decimal(std::string& out, const Decimal& decimal) {
  const std::int64_t value = decimal.value;
  std::string digits = std::to_string(value < 0 ? -value : value);
  if (digits.size() <= decimal.scale) digits.insert(0, decimal.scale + 1U - digits.size(), '0');
  if (decimal.scale > 0) digits.insert(digits.size() - decimal.scale, ".");
  out += fmt::format("\"{}{}\"", value < 0 ? "-" : "", digits);
}

void append_quoted_base64(std::string& out, std::string_view bytes) {
  out += '"';
  append_base64(out, bytes);
  out += '"';
}

struct FieldWriter {
  std::string& out;

  void write(const Field& field) { std::visit(*this, field.value); }

  void operator()(std::monostate) { out += "null"; }
  void operator()(bool value) { out += value ? "true" : "false"; }
  void operator()(std::int64_t value) { append_number(out, value); }
  void operator()(std::int8_t value) { tagged("$int8", static_cast<int>(value)); }
  void operator()(std::uint8_t value) { tagged("$uint8", static_cast<int>(value)); }
  void operator()(std::int16_t value) { tagged("$int16", value); }
  void operator()(std::uint16_t value) { tagged("$uint16", value); }
  void operator()(std::int32_t value) { tagged("$int32", value); }
  void operator()(std::uint32_t value) { tagged("$uint32", value); }
  void operator()(std::uint64_t value) { tagged("$uint64", value); }
  void operator()(const Timestamp& value) { tagged("$timestamp", value.seconds); }

  void operator()(double value) {
    if (std::isfinite(value)) return append_real(out, value);
    append_tagged(out, "$double", [&] { append_json_string(out, name_of_odd(value)); });
  }
  void operator()(float value) {
    append_tagged(out, "$float", [&] {
      if (std::isfinite(value)) return append_real(out, value);
      append_json_string(out, name_of_odd(value));
    });
  }
  void operator()(const Decimal& value) {
    append_tagged(out, "$decimal", [&] { append_decimal(out, value); });
  }
  void operator()(const std::string& value) {
    if (is_utf8(value)) return append_json_string(out, value);
    append_tagged(out, "$string", [&] { append_quoted_base64(out, value); });
  }
  void operator()(const Bytes& value) {
    append_tagged(out, "$bytes", [&] { append_quoted_base64(out, value.bytes); });
  }
  void operator()(const FieldArray& array) {
    out += '[';
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (i > 0) out += ',';
      write(array[i]);
    }
    out += ']';
  }
  void operator()(const FieldTable& table) {
    if (is_tag(table)) {
      append_tagged(out, "$table", [&] { append_fields(out, table); });
    } else {
      append_fields(out, table);
    }
  }

 private:
  template <class Integer>
  void tagged(std::string_view tag, Integer value) {
    append_tagged(out, tag, [&] { append_number(out, value); });
  }
};

// ---- reading

Error bad(const std::string& path, const std::string& why) {
  return {ErrorKind::data, fmt::format("{}: {}", path, why)};
}

std::string pointer_step(std::string_view name) {  // RFC 6901 section 3
  std::string step = "/";
  for (const char c : name)
    step += c == '~' ? std::string("~0") : c == '/' ? std::string("~1") : std::string(1, c);
  return step;
}

template <class Integer>
Field integer_of(const Field& field, const std::string& path) {
  const auto* wide = std::get_if<std::int64_t>(&field.value);
  if (wide && std::in_range<Integer>(*wide)) return {static_cast<Integer>(*wide)};
  if constexpr (std::is_same_v<Integer, std::uint64_t>) {
    if (std::holds_alternative<std::uint64_t>(field.value)) return field;
  }
  throw bad(path, fmt::format("not an integer from {} to {}", std::numeric_limits<Integer>::min() + 0,
                              std::numeric_limits<Integer>::max() + 0));
}

double real_from(double number, double, const std::string&) {
  return number;
}

// The float nearest to the number as it was written. A cast would round a second time, and would turn 1e300
// into infinity.
float real_from(double number, float, const std::string& path) {
  char digits[32];
  const char* const end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  auto real = static_cast<float>(std::copysign(0.0, number));  // if it is too small
  if (read_real({digits, end}, real).ec != std::errc{} && std::abs(number) > 1)
    throw bad(path, "too large for a float");
  return real;
}

template <class Real>
Field real_of(const Field& field, const std::string& path) {
  if (const auto* number = std::get_if<double>(&field.value)) return {real_from(*number, Real{}, path)};
  if (const auto* number = std::get_if<std::int64_t>(&field.value)) return {static_cast<Real>(*number)};
  if (const auto* text = std::get_if<std::string>(&field.value)) {
    if (*text == "nan") return {std::numeric_limits<Real>::quiet_NaN()};
    if (*text == "inf") return {std::numeric_limits<Real>::infinity()};
    if (*text == "-inf") return {-std::numeric_limits<Real>::infinity()};
  }
  throw bad(path, "not a number, \"nan\", \"inf\" or \"-inf\"");
}

const std::string& text_of(const Field& field, const std::string& path) {
  if (const auto* text = std::get_if<std::string>(&field.value)) return *text;
  throw bad(path, "not a string");
}

std::string bytes_of(const Field& field, const std::string& path) {
  if (auto bytes = read_base64(text_of(field, path))) return *std::move(bytes);
  throw bad(path, "not base64");
}

Field decimal_of(const Field& field, const std::string& path) {
  std::string digits = text_of(field, path);
  std::size_t scale = 0;
  if (const auto point = digits.find('.'); point != digits.npos) {
    scale = digits.size() - point - 1;
    digits.erase(point, 1);
  }
  const auto value = read_integer<decltype(Decimal::value)>(digits);
  if (!value || scale > 255) throw bad(path, "not a decimal such as \"12.50\" whose digits fit 32 bits");
  return {Decimal{static_cast<std::uint8_t>(scale), *value}};
}

void untag_members(FieldTable& table, const std::string& path);

Field untagged(const std::string& tag, Field& field, const std::string& path) {
  if (tag == "$int8") return integer_of<std::int8_t>(field, path);
  if (tag == "$uint8") return integer_of<std::uint8_t>(field, path);
  if (tag == "$int16") return integer_of<std::int16_t>(field, path);
  if (tag == "$uint16") return integer_of<std::uint16_t>(field, path);
  if (tag == "$int32") return integer_of<std::int32_t>(field, path);
  if (tag == "$uint32") return integer_of<std::uint32_t>(field, path);
  if (tag == "$uint64") return integer_of<std::uint64_t>(field, path);
  if (tag == "$timestamp")
    return {Timestamp{std::get<std::uint64_t>(integer_of<std::uint64_t>(field, path).value)}};
  if (tag == "$float") return real_of<float>(field, path);
  if (tag == "$double") return real_of<double>(field, path);
  if (tag == "$decimal") return decimal_of(field, path);
  if (tag == "$bytes") return {Bytes{bytes_of(field, path)}};
  if (tag == "$string") return {bytes_of(field, path)};
  if (auto* table = std::get_if<FieldTable>(&field.value); table && tag == "$table") {
    untag_members(*table, path + "/$table");
    return std::move(field);
  }
  const auto meant = nearest(tag, kTags);
  throw bad(path, fmt::format("unknown tag{}",
                              meant.empty() || meant == tag ? "" : fmt::format("; did you mean {}?", meant)));
}

// The value of "$table" stays as it was written until it is known whether that name is a tag. As a member of
// this table it is not.
void untag_members(FieldTable& table, const std::string& path) {
  for (auto& [name, field] : table) {
    auto* inner = std::get_if<FieldTable>(&field.value);
    if (name != "$table" || !inner || !is_tag(*inner)) continue;
    Field value = untagged(inner->front().first, inner->front().second, path + "/$table");
    field = std::move(value);
  }
}

// Builds the tree while the parser walks the text; keeps order, repeated names and 64-bit integers.
class FieldReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return add({std::monostate{}}); }
  bool boolean(bool value) override { return add({value}); }
  bool number_integer(std::int64_t value) override { return add({value}); }
  bool number_unsigned(std::uint64_t value) override {
    if (std::in_range<std::int64_t>(value)) return add({static_cast<std::int64_t>(value)});
    if (!open_.empty() && (open_.back().name == "$uint64" || open_.back().name == "$timestamp"))
      return add({value});
    throw bad(path(), "the integer does not fit 64 bits with a sign; say {\"$uint64\":…}");
  }
  bool number_float(double value, const std::string& text) override {
    if (text.find_first_of(".eE") == text.npos)
      throw bad(path(), fmt::format("the integer {} does not fit 64 bits", text));
    return add({value});
  }
  bool string(std::string& value) override { return add({std::move(value)}); }
  bool binary(nlohmann::json::binary_t&) override { return false; }  // JSON has none

  bool start_object(std::size_t) override { return open(true); }
  bool start_array(std::size_t) override { return open(false); }
  bool key(std::string& name) override {
    if (name.size() > 255) throw bad(path(), "the name of a header has more than 255 bytes");
    open_.back().name = std::move(name);
    return true;
  }
  bool end_array() override {
    Field field{std::move(open_.back().array)};
    open_.pop_back();
    return add(std::move(field));
  }
  bool end_object() override {
    FieldTable table = std::move(open_.back().table);
    open_.pop_back();
    const bool tagged = !open_.empty() && is_tag(table);
    if (tagged && open_.back().name == "$table") return add({std::move(table)});
    if (!tagged) untag_members(table, path());
    if (open_.empty()) {
      result = std::move(table);
      return true;
    }
    if (!tagged) return add({std::move(table)});
    const std::string tag = table.front().first;
    return add(untagged(tag, table.front().second, path()));
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) override {
    throw Error(ErrorKind::data, fmt::format("/headers: {}", error.what()));
  }

  FieldTable result;

 private:
  struct Level {
    bool is_table;
    std::string name;  // of the member that comes next
    FieldTable table;
    FieldArray array;
  };

  bool open(bool is_table) {
    if (open_.size() == kDeepestHeaders) throw bad("/headers", "nested too deeply");
    if (open_.empty() && !is_table) throw bad("/headers", "not an object");
    open_.push_back({is_table, {}, {}, {}});
    return true;
  }

  bool add(Field field) {
    if (open_.empty()) throw bad("/headers", "not an object");
    Level& level = open_.back();
    if (level.is_table) {
      level.table.emplace_back(std::move(level.name), std::move(field));
      level.name.clear();
    } else {
      level.array.push_back(std::move(field));
    }
    return true;
  }

  // The place of the value that is being read.
  std::string path() const {
    std::string text = "/headers";
    for (const Level& level : open_)
      text += level.is_table ? (level.name.empty() ? "" : pointer_step(level.name))
                             : fmt::format("/{}", level.array.size());
    return text;
  }

  std::vector<Level> open_;
};

}  // namespace

bool Field::operator==(const Field& other) const {
  return value == other.value;
}

void append_fields(std::string& out, const FieldTable& table) {
  out += '{';
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, table[i].first);
    out += ':';
    FieldWriter{out}.write(table[i].second);
  }
  out += '}';
}

FieldTable read_fields(std::string_view json) {
  FieldReader reader;
  nlohmann::json::sax_parse(json, &reader);
  return std::move(reader.result);
}

}  // namespace iso
