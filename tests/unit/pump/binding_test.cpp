#include "pump/binding.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <vector>

#include "support/errors.h"

using namespace iso;

TEST_CASE("read_binding: the first colon ends the name, unless it is escaped") {
  const struct {
    const char *text, *exchange, *key;
    bool has_key, may_be_name;
  } rows[] = {{"shop", "shop", "", false, false},
              {"shop:new", "shop", "new", true, true},
              {"shop:", "shop", "", true, true},
              {"shop:a:b", "shop", "a:b", true, true},
              {R"(Shop\:Placed)", "Shop:Placed", "", false, false},
              {R"(Shop\:Placed:new)", "Shop:Placed", "new", true, false},
              {R"(shop:a\:b)", "shop", "a:b", true, false},
              {R"(a\\:b)", R"(a\)", "b", true, false},
              {R"(a\b)", R"(a\b)", "", false, false},
              {R"(a\)", R"(a\)", "", false, false}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const Binding binding = read_binding(row.text);
    CHECK(binding.exchange == row.exchange);
    CHECK(binding.routing_key == row.key);
    CHECK(binding.has_key == row.has_key);
    CHECK(binding.may_be_name == row.may_be_name);
  }
  for (const auto* bad : {"", ":key"})
    CHECK(test::error_of([&] { read_binding(bad); }).kind() == ErrorKind::usage);
}

TEST_CASE("existing_reading: the exchange that exists wins, the shortest name first") {
  const auto reading = [](const char* text, std::vector<std::string> there) {
    const Binding binding = existing_reading(read_binding(text), [&](const std::string& name) {
      return std::find(there.begin(), there.end(), name) != there.end();
    });
    return binding.exchange + " " + (binding.has_key ? "key " + binding.routing_key : "no key");
  };
  CHECK(reading("Shop:Placed", {"Shop:Placed"}) == "Shop:Placed no key");
  CHECK(reading("Shop:Placed", {"Shop"}) == "Shop key Placed");
  CHECK(reading("Shop:Placed", {"Shop", "Shop:Placed"}) == "Shop key Placed");
  CHECK(reading("Shop:Placed", {}) == "Shop key Placed");
  CHECK(reading("a:b:c", {"a:b"}) == "a:b key c");
  CHECK(reading("a:b:c", {"a:b:c"}) == "a:b:c no key");
  CHECK(reading("a:b:", {"a:b"}) == "a:b key ");
  CHECK(reading(R"(a\:b:c)", {"a:b:c"}) == "a:b key c");
}

TEST_CASE("bindings without a key: all of a topic exchange, and a word about a direct one") {
  const Binding bare = read_binding("shop"), empty = read_binding("shop:");
  CHECK(key_for(bare, "topic") == "#");
  CHECK(key_for(empty, "topic").empty());
  for (const auto* type : {"direct", "fanout", "headers", ""}) CHECK(key_for(bare, type).empty());
  CHECK(deaf_binding_text(bare, "direct").find("--bind shop:KEY") != std::string::npos);
  CHECK(deaf_binding_text(empty, "direct").empty());
  for (const auto* type : {"topic", "fanout", "headers", ""}) CHECK(deaf_binding_text(bare, type).empty());
}
