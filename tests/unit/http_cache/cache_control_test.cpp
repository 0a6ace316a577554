#include "http_cache/cache_control.h"

#include <doctest/doctest.h>

namespace iso::http_cache {
namespace {

using namespace http;

using namespace std::chrono_literals;

CacheControl read(std::string_view line) {
  return cache_control({{"cache-control", std::string(line)}});
}

TEST_CASE(
    "cache_control: max-age is digits, plain or in double quotes, otherwise 0 (RFC 9111 section 4.2.1, "
    "5.2)") {
  const struct {
    const char* line;
    std::optional<Seconds> want;
  } rows[] = {
      {"max-age=3600", 3600s},
      {"MaX-aGe=3600", 3600s},
      {"foobar, max-age=3600", 3600s},
      {"foo=\"bar\" , max-age=3600", 3600s},
      {"max-age=\"3600\"", 3600s},
      {"max-age=003600", 3600s},
      {"max-age=0", 0s},
      {"max-age=2147483648", kLongest},
      {"max-age=99999999999", kLongest},
      {"max-age=-3600", 0s},
      {"max-age=3600.0", 0s},
      {"max-age=3600.5", 0s},
      {"max-age=a3600", 0s},
      {"max-age=3600a", 0s},
      {"max-age='3600'", 0s},
      {"max-age=\"3600", 0s},
      {"max-age=\"36\"00", 0s},
      {"max-age =3600", 0s},
      {"max-age= 3600", 0s},
      {"max-age=", 0s},
      {"max-age", 0s},
      {"max-age=1800, max-age=1", 1800s},
      {"max-age=1, max-age=1800", 1s},
      {"max-age=x, max-age=1800", 0s},
      {"extension=\"max-age=3600\", max-age=1", 1s},
      {"max-age=1, extension=\"max-age=3600\"", 1s},
      {"extension=\"max-age=3600\"", std::nullopt},
      {"extension=\"\\\", max-age=3600\"", std::nullopt},
      {"s-maxage=3600, max-age=1", 1s},
      {"s-maxage=3600", std::nullopt},
      {"x-max-age=3600", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    CHECK(read(row.line).max_age == row.want);
  }
}

TEST_CASE("cache_control: several lines form one list, and the first value counts (RFC 9111 section 4.2.1)") {
  CHECK(cache_control({{"Cache-Control", "max-age=1800"}, {"cache-control", "max-age=1"}}).max_age == 1800s);
  CHECK(cache_control({{"Cache-Control", "max-age=1"}, {"cache-control", "max-age=1800"}}).max_age == 1s);
  CHECK(cache_control({{"Cache-Control", "s-maxage=3600"}, {"Cache-Control", "max-age=1"}}).max_age == 1s);
  CHECK(cache_control({{"Cache-Control", "extension=\"open"}, {"Cache-Control", "no-store"}}).no_store);
}

TEST_CASE("cache_control: flags are case-insensitive, and an unexpected argument is ignored") {
  CHECK(read("No-StOrE").no_store);
  CHECK(read("max-age=1, no-store").no_store);
  CHECK(read("no-store=1").no_store);
  CHECK(read("no-store =1").no_store);
  CHECK(read("must-revalidate").must_revalidate);
  CHECK(read("must-understand, no-store").must_understand);
  CHECK(read("public").is_public);
  CHECK(read("private=\"set-cookie\"").is_private);
  CHECK(read("immutable").immutable);
  CHECK(read("only-if-cached").only_if_cached);
  const auto other = read("extension=\"no-store\", no-storee, proxy-revalidate, private, s-maxage=1");
  CHECK_FALSE(other.no_store);
  CHECK_FALSE(other.must_revalidate);
  CHECK_FALSE(other.max_age);
}

TEST_CASE(
    "cache_control: no-cache applies to the named fields, or to the whole response (RFC 9111 section "
    "5.2.2.4)") {
  using Names = std::vector<std::string>;
  const struct {
    const char* line;
    bool all;
    Names names;
  } rows[] = {
      {"no-cache", true, {}},
      {"max-age=10000, No-CaChE", true, {}},
      {"no-cache=\"a\"", false, {"a"}},
      {"no-cache=\"a, B\"", false, {"a", "B"}},
      {"no-cache=a", false, {"a"}},
      {"no-cache=\"a\", no-cache=\"b\"", false, {"a", "b"}},
      {"no-cache=\"a\", no-cache", true, {"a"}},
      {"no-cache=\"\"", true, {}},
      {"no-cache=\"a", true, {}},
      {"no-cache =\"a\"", true, {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    CHECK(read(row.line).no_cache == row.all);
    CHECK(read(row.line).not_without_validation == row.names);
  }
}

TEST_CASE("cache_control: an invalid value never allows stale responses, and forbids as much as possible") {
  const auto good = read("max-stale=7, min-fresh=8, stale-if-error=9, stale-while-revalidate=10");
  CHECK(good.max_stale == 7s);
  CHECK(good.min_fresh == 8s);
  CHECK(good.stale_if_error == 9s);
  CHECK(good.stale_while_revalidate == 10s);
  CHECK(read("max-stale").max_stale == Seconds::max());
  const auto bad = read("max-stale=x, min-fresh=x, stale-if-error=x, stale-while-revalidate");
  CHECK_FALSE(bad.max_stale);
  CHECK(bad.min_fresh == kLongest);
  CHECK_FALSE(bad.stale_if_error);
  CHECK_FALSE(bad.stale_while_revalidate);
  CHECK_FALSE(read("stale-if-error=x, stale-if-error=60").stale_if_error);
}

TEST_CASE("request_control: Pragma: no-cache counts if there is no Cache-Control (RFC 9111 section 5.4)") {
  CHECK(request_control({{"Pragma", "no-cache"}}).no_cache);
  CHECK(request_control({{"Pragma", "foo, No-Cache"}}).no_cache);
  CHECK_FALSE(request_control({{"Pragma", "foo"}}).no_cache);
  CHECK_FALSE(request_control({{"Pragma", "no-cache"}, {"Cache-Control", "foo"}}).no_cache);
  CHECK_FALSE(cache_control({{"Pragma", "no-cache"}}).no_cache);
}

}  // namespace
}  // namespace iso::http_cache
