#include "http_cache/vary.h"

#include <doctest/doctest.h>

namespace iso::http_cache {
namespace {

using namespace http;

using namespace std::chrono_literals;

Request asking(Fields fields) {
  return {"GET", "http://a/", std::move(fields)};
}

// A response as it is stored after it arrived at `at` for `request`.
Stored stored(const Request& request, Fields fields, Seconds at = 1000s, int status = 200) {
  Stored entry;
  entry.response = {status, std::move(fields)};
  entry.response.fields.add("Date", http_date(at));
  entry.selecting = selecting_fields(request, entry.response);
  entry.times = {at, at};
  return entry;
}

bool fits(Fields first, const Fields& response, Fields second) {
  const Stored entries[] = {stored(asking(std::move(first)), response)};
  return choose(asking(std::move(second)), entries).has_value();
}

TEST_CASE("choose: each field that Vary names must be the same (RFC 9111 section 4.1)") {
  const Fields foo{{"Vary", "Foo"}}, three{{"Vary", "Foo, Bar"}, {"vary", "Baz"}};
  const struct {
    Fields first, response, second;
    bool want;
  } rows[] = {
      {{}, {}, {{"Foo", "1"}}, true},
      {{{"Foo", "1"}}, foo, {{"foo", "1"}}, true},
      {{{"Foo", "1"}}, foo, {{"Foo", "2"}}, false},
      {{{"Foo", "a"}}, foo, {{"Foo", "A"}}, false},
      {{{"Foo", "1"}}, foo, {}, false},
      {{}, foo, {{"Foo", "1"}}, false},
      {{}, foo, {{"Foo", ""}}, false},
      {{}, foo, {}, true},
      {{{"Foo", "1"}, {"Other", "2"}}, foo, {{"Foo", "1"}, {"Other", "3"}}, true},
      {{{"Foo", "1"}, {"Bar", "b"}, {"Baz", "z"}}, three, {{"Baz", "z"}, {"Bar", "b"}, {"Foo", "1"}}, true},
      {{{"Foo", "1"}, {"Bar", "b"}, {"Baz", "z"}}, three, {{"Foo", "1"}, {"Baz", "z"}, {"Bar", "c"}}, false},
      {{{"Foo", "1"}, {"Baz", "z"}}, three, {{"Foo", "1"}, {"Baz", "z"}}, true},
      {{{"Foo", "1"}, {"Baz", "z"}}, three, {{"Foo", "1"}}, false},
  };
  for (const auto& row : rows) {
    CAPTURE(&row - rows);
    CHECK(fits(row.first, row.response, row.second) == row.want);
  }
}

TEST_CASE("choose: a * anywhere in Vary never fits (RFC 9111 section 4.1)") {
  for (const Fields& vary : {Fields{{"Vary", "*"}}, Fields{{"Vary", "*, *"}}, Fields{{"Vary", ", *"}},
                             Fields{{"Vary", "*, Foo"}}, Fields{{"Vary", "Foo, *"}},
                             Fields{{"Vary", ""}, {"Vary", "*"}}, Fields{{"Vary", "Foo"}, {"Vary", "*"}}}) {
    CHECK(varies_on_all({200, vary}));
    CHECK_FALSE(fits({{"Foo", "1"}}, vary, {{"Foo", "1"}}));
    CHECK_FALSE(fits({{"*", "1"}}, vary, {{"*", "1"}}));
  }
  CHECK_FALSE(varies_on_all({200, {{"Vary", "Foo"}}}));
}

TEST_CASE("normalised: equivalent values become equal, and no others (RFC 9111 section 4.1)") {
  const struct {
    const char *name, *a, *b;
    bool same;
  } rows[] = {
      {"foo", "1,2", " 1, 2 ", true},
      {"foo", "1, 2", "2, 1", false},
      {"foo", "a", "A", false},
      {"foo", "\"a,b\"", "\"a, b\"", false},
      {"Accept-Language", "en, de", "de, en", true},
      {"Accept-Language", "en, de", "eN, De", true},
      {"Accept-Language", "en, de", " en ,   de", true},
      {"Accept-Language", "en, de", "en", false},
      {"Accept-Language", "en, de;q=0.5", "de;q=0.500, en;q=1.0", true},
      {"Accept-Language", "en, de;q=0.5", "en, de ; Q=0.5", true},
      {"Accept-Language", "en, de;q=0.5", "en;q=0.5, de", false},
      {"Accept-Language", "en;q=0", "en", false},
      {"Accept-Encoding", "gzip, br", "br, GZIP", true},
      {"Accept-Encoding", "gzip;q=x", "gzip", false},
      {"Accept", "text/html;level=1, text/*;q=0.3", "text/*;q=0.3, TEXT/html; level=1", true},
      {"Accept", "text/html;profile=\"A;q=0.1\"", "text/html;profile=\"a;q=0.1\"", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CAPTURE(row.a);
    CAPTURE(row.b);
    CHECK((normalised(row.name, row.a) == normalised(row.name, row.b)) == row.same);
  }
}

TEST_CASE("selecting_fields: joins lines, and ignores the order of Vary and of the request") {
  const Response one{200, {{"Vary", "Foo, Bar"}}}, other{200, {{"Vary", "bar"}, {"Vary", "FOO, foo"}}};
  const auto request = asking({{"Foo", "1"}, {"X", "x"}, {"bar", "b"}, {"Foo", "2"}});
  CHECK(selecting_fields(request, one) == Fields{{"bar", "b"}, {"foo", "1, 2"}});
  CHECK(selecting_fields(request, one) == selecting_fields(request, other));
  CHECK(selecting_fields(asking({{"Foo", "1, 2"}, {"Bar", "b"}}), one) == selecting_fields(request, one));
  CHECK(selecting_fields(request, {200, {}}).empty());
}

TEST_CASE("choose: the most recent by Date of those that fit (RFC 9111 section 4)") {
  const auto request = asking({{"Foo", "1"}});
  const Stored entries[] = {
      stored(request, {{"Vary", "Foo"}}, 1000s), stored(request, {{"Vary", "Foo"}}, 3000s),
      stored(request, {{"Vary", "Foo"}}, 2000s), stored(asking({{"Foo", "2"}}), {{"Vary", "Foo"}}, 4000s)};
  CHECK(choose(request, entries) == 1);
  CHECK(choose(asking({{"Foo", "2"}}), entries) == 3);
  CHECK_FALSE(choose(asking({}), entries));
}

TEST_CASE(
    "choose: a response without Vary fits only if none with Vary is more recent (RFC 9111 section 4.1)") {
  const auto one = asking({{"Foo", "1"}}), two = asking({{"Foo", "2"}});
  const Stored later[] = {stored(one, {{"Vary", "Foo"}}, 1000s), stored(one, {}, 2000s)};
  CHECK(choose(two, later) == 1);
  CHECK(choose(one, later) == 0);
  const Stored earlier[] = {stored(one, {{"Vary", "Foo"}}, 2000s), stored(one, {}, 1000s)};
  CHECK_FALSE(choose(two, earlier));
  const Stored any[] = {stored(one, {{"Vary", "*"}}, 2000s), stored(one, {}, 1000s)};
  CHECK(choose(two, any) == 1);
}

TEST_CASE("choose: a response in the only preferred language fits, whatever the first request asked for") {
  const Fields german{{"Vary", "Accept-Language"}, {"Content-Language", "de"}};
  const struct {
    Fields response;
    const char* second;
    bool want;
  } rows[] = {
      {german, "fr;q=0.5, de;q=1.0", true},
      {german, "DE", true},
      {german, "fr, de", false},
      {german, "fr, de;q=0.5", false},
      {german, "de;q=0", false},
      {german, "*", false},
      {german, "de-AT", false},
      {{{"Vary", "Accept-Language"}}, "de", false},
      {{{"Vary", "Accept-Language"}, {"Content-Language", "de, en"}}, "de", false},
      {{{"Vary", "Accept-Language, Foo"}, {"Content-Language", "de"}}, "de", true},
      {{{"Vary", "Accept-Language, X"}, {"Content-Language", "de"}}, "de", false},
  };
  for (const auto& row : rows) {
    CAPTURE(&row - rows);
    CHECK(fits({{"Accept-Language", "en, de"}, {"X", "1"}}, row.response,
               {{"Accept-Language", row.second}}) == row.want);
  }
  const auto first = asking({{"Accept-Language", "en, de"}}), second = asking({{"Accept-Language", "de"}});
  const Stored entries[] = {stored(second, german, 1000s), stored(first, german, 2000s)};
  CHECK(choose(second, entries) == 0);
}

TEST_CASE("choose: a 206 without a strong tag fits only the same Range (RFC 9111 section 3.3)") {
  const auto first = asking({{"Range", "bytes=-5"}});
  const Stored entries[] = {stored(first, {}, 1000s, 206)};
  CHECK(choose(first, entries) == 0);
  CHECK_FALSE(choose(asking({{"Range", "bytes=0-4"}}), entries));
  CHECK_FALSE(choose(asking({}), entries));
  const Stored whole_first[] = {stored(asking({}), {}, 1000s), stored(first, {}, 2000s, 206)};
  CHECK(choose(asking({}), whole_first) == 0);
}

}  // namespace
}  // namespace iso::http_cache
