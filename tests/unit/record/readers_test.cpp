#include <doctest/doctest.h>
#include <string>

#include "base/error.h"
#include "record/flat.h"
#include "record/json_table.h"
#include "record/read.h"
#include "record/scan.h"
#include "record/settings.h"

using namespace iso;

// The table against every reader that takes a document whole: RFC 8259, and what each may take or leave
// besides.
namespace {

std::string under(std::string_view name, std::string_view json) {
  return "{\"" + std::string(name) + "\":" + std::string(json) + "}";
}

// Whether the reader takes it. Anything thrown but an Error of this kind fails the test.
template <class Read>
bool takes(ErrorKind kind, Read read) {
  try {
    read();
    return true;
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    return false;
  }
}

}  // namespace

TEST_CASE("readers: a record takes a good body verbatim and refuses a bad one") {
  for (const auto& [name, json, apart] : test::kGoodJson) {
    const auto& shown = name;  // clang captures no structured binding
    CAPTURE(shown);
    const Record record = read_record(under("body", json));
    CHECK(record.body_kind == BodyKind::json);
    CHECK(record.body == json);
    if (!json.starts_with('{')) CHECK_FALSE(takes(ErrorKind::data, [&, &json = json] { read_record(json); }));
  }
  for (const auto& [name, json, apart] : test::kBadJson) {
    const auto& shown = name;  // clang captures no structured binding
    CAPTURE(shown);
    CHECK_FALSE(takes(ErrorKind::data, [&, &json = json] { read_record(under("body", json)); }));
    CHECK_FALSE(takes(ErrorKind::data, [&, &json = json] { read_record(json); }));
  }
}

TEST_CASE("readers: settings take what a record takes, and comments and holes, and nothing else") {
  const auto read = [](std::string_view json) { return read_settings(under("body", json), "s.json"); };
  for (const auto& [name, json, apart] : test::kGoodJson) {
    const auto& shown = name;  // clang captures no structured binding
    CAPTURE(shown);
    const Settings settings = read(json);
    CHECK(settings.record.body == json);
    CHECK(settings.warnings.empty());
  }
  for (const auto& [name, json, apart] : test::kBadJson) {
    const auto& shown = name;  // clang captures no structured binding
    CAPTURE(shown);
    const bool may_be = (apart & (test::kHole | test::kComment)) != 0;
    CHECK(takes(ErrorKind::config, [&, &json = json] { read(json); }) == may_be);
    if (apart & test::kHole) CHECK(read(json).warnings.size() == 1);
    CHECK_FALSE(takes(ErrorKind::config, [&, &json = json] { read_settings(json, "s.json"); }));
  }
}

TEST_CASE("readers: headers take what an AMQP field can hold and refuse what is no JSON") {
  const auto read = [](std::string_view json) { read_record(under("headers", under("h", json))); };
  for (const auto& [name, json, apart] : test::kGoodJson) {
    const auto& shown = name;  // clang captures no structured binding
    CAPTURE(shown);
    CHECK(takes(ErrorKind::data, [&, &json = json] { read(json); }) == ((apart & test::kNoField) == 0));
  }
  for (const auto& [name, json, apart] : test::kBadJson) {
    const auto& shown = name;  // clang captures no structured binding
    CAPTURE(shown);
    CHECK_FALSE(takes(ErrorKind::data, [&, &json = json] { read(json); }));
  }
}

TEST_CASE("readers: an object of strings takes good strings only") {
  for (const auto& [name, json, apart] : test::kGoodJson) {
    const auto& shown = name;  // clang captures no structured binding
    CAPTURE(shown);
    const bool is_text = json.starts_with('"') && (apart & test::kNoField) == 0;
    CHECK(takes(ErrorKind::data, [&, &json = json] { read_flat(under("a", json)); }) == is_text);
  }
  for (const auto& [name, json, apart] : test::kBadJson) {
    const auto& shown = name;  // clang captures no structured binding
    CAPTURE(shown);
    CHECK_FALSE(takes(ErrorKind::data, [&, &json = json] { read_flat(under("a", json)); }));
  }
}

TEST_CASE("readers: however deep a document is nested, it is an error and no crash") {
  const std::string deep(kMaxDepth + 1, '['), deeper(1'000'000, '[');
  for (const auto& open : {deep, deeper}) {
    const std::string json = open + std::string(open.size(), ']');
    for (const auto* name : {"body", "headers"})
      CHECK_FALSE(takes(ErrorKind::data, [&] { read_record(under(name, json)); }));
    CHECK_FALSE(takes(ErrorKind::data, [&] { read_record(under("headers", under("h", json))); }));
    CHECK_FALSE(takes(ErrorKind::config, [&] { read_settings(under("body", json), "s.json"); }));
    CHECK_FALSE(takes(ErrorKind::data, [&] { read_flat(under("a", json)); }));
  }
}
