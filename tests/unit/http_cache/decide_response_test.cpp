#include <doctest/doctest.h>

#include "http_cache/policy.h"

namespace iso::http_cache {
namespace {

using namespace http;

using namespace std::chrono_literals;

constexpr Seconds kCame{1'790'000'000};
constexpr Seconds kLater = kCame + 100s;
constexpr Times kTimes{kLater, kLater};
constexpr CachePolicy kPlain;

Request get(Fields fields = {}) {
  return {"GET", "http://a/x", std::move(fields)};
}

Stored entry(Fields fields, const Request& request = get()) {
  Stored stored;
  stored.response = {200, std::move(fields)};
  stored.selecting = selecting_fields(request, stored.response);
  stored.times = {kCame, kCame};
  stored.length = 11;
  return stored;
}

// The decision on a response to a request that was planned.
ResponseDecision after(const Request& request, std::span<const Stored> stored, const Response& answer) {
  return decide_response(request, plan(request, stored, kPlain, kLater), stored, &answer, kTimes, kPlain,
                         kLater);
}

ResponseDecision after_nothing(const Request& request, std::span<const Stored> stored,
                               const CachePolicy& reuse = kPlain) {
  return decide_response(request, plan(request, stored, reuse, kLater), stored, nullptr, kTimes, reuse,
                         kLater);
}

const Fields kStale{{"Cache-Control", "max-age=60"}, {"ETag", "\"a\""}};

TEST_CASE(
    "decide_response: stores a response if allowed, without its connection fields (RFC 9111 section 3)") {
  const Response good{200, {{"Date", "d"}, {"Cache-Control", "max-age=60"}, {"Connection", "x"}, {"X", "1"}}};
  const auto stored = after(get(), {}, good);
  CHECK(stored.conclusion == Conclusion::store);
  CHECK(stored.merged.fields == Fields{{"Date", "d"}, {"Cache-Control", "max-age=60"}});
  CHECK_FALSE(stored.invalidates);
  CHECK(after(get(), {}, {200, {{"Cache-Control", "no-store"}}}).conclusion == Conclusion::pass);
  CHECK(after(get({{"Cache-Control", "no-store"}}), {}, good).conclusion == Conclusion::pass);
  CHECK(after(get(), {}, {304, {}}).conclusion == Conclusion::pass);
  // and so is the new response to a conditional request, such as a 404
  const Stored entries[] = {entry(kStale)};
  CHECK(after(get(), entries, good).conclusion == Conclusion::store);
  CHECK(after(get(), entries, {404, {}}).conclusion == Conclusion::store);
  CHECK(after(get(), entries, {403, {}}).conclusion == Conclusion::pass);
}

TEST_CASE("decide_response: a 304 to our condition freshens the stored response (RFC 9111 section 4.3.4)") {
  const Stored entries[] = {entry(kStale)};
  const auto fresh = after(get(), entries, {304, {{"Date", "d"}, {"Cache-Control", "max-age=9"}}});
  CHECK(fresh.conclusion == Conclusion::freshen);
  CHECK(fresh.chosen == 0);
  CHECK(fresh.merged.status == 200);
  CHECK(fresh.merged.fields == Fields{{"ETag", "\"a\""}, {"Date", "d"}, {"Cache-Control", "max-age=9"}});
  CHECK_FALSE(fresh.not_modified);
  CHECK_FALSE(fresh.only_deliver);
  CHECK(after(get(), entries, {304, {{"Cache-Control", "no-store"}}}).only_deliver);
}

TEST_CASE(
    "decide_response: a 304 for another body than the stored one is not used (RFC 9111 section 4.3.4)") {
  const Stored entries[] = {entry(kStale)};
  CHECK(after(get(), entries, {304, {{"ETag", "\"b\""}}}).conclusion == Conclusion::repeat);
  const auto planned = plan(get(), entries, kPlain, kLater);
  auto again = planned;
  again.step = Step::fetch;  // as for the repeated request
  const Response same{304, {}};
  CHECK(decide_response(get(), again, entries, &same, kTimes, kPlain, kLater).conclusion == Conclusion::pass);
}

TEST_CASE(
    "decide_response: a 304 among variants selects one, for this request's fields (RFC 9111 section "
    "4.3.4)") {
  const auto one = get({{"Foo", "1"}}), two = get({{"Foo", "2"}}), three = get({{"Foo", "3"}});
  const Stored entries[] = {entry({{"Vary", "Foo"}, {"ETag", "\"a\""}}, one),
                            entry({{"Vary", "Foo"}, {"ETag", "\"b\""}}, two)};
  const auto named = after(three, entries, {304, {{"ETag", "\"b\""}}});
  CHECK(named.conclusion == Conclusion::freshen);
  CHECK(named.chosen == 1);
  CHECK(selecting_fields(three, named.merged) == Fields{{"foo", "3"}});
  CHECK(after(three, entries, {304, {{"ETag", "\"c\""}}}).conclusion == Conclusion::repeat);
  CHECK(after(three, entries, {304, {}}).conclusion == Conclusion::repeat);
  // A 304 may have another Vary.
  CHECK(selecting_fields(three, after(three, entries, {304, {{"ETag", "\"b\""}, {"Vary", "Bar"}}}).merged)
            .empty());
}

TEST_CASE(
    "decide_response: a 304 to the user's own condition is delivered, and freshens the stored response it is "
    "for") {
  const Fields dated{{"Cache-Control", "max-age=60"}, {"Last-Modified", http_date(kCame - 9s)}};
  const Stored tagged[] = {entry(kStale)}, modified[] = {entry(dated)};
  const auto by_tag = after(get({{"If-None-Match", "\"x\", \"a\""}}), tagged, {304, {}});
  CHECK(by_tag.conclusion == Conclusion::freshen);
  CHECK(by_tag.not_modified);
  const auto by_date = after(get({{"If-Modified-Since", http_date(kCame - 9s)}}), modified, {304, {}});
  CHECK(by_date.conclusion == Conclusion::freshen);
  CHECK(by_date.not_modified);
  CHECK(after(get({{"If-None-Match", "\"x\""}}), tagged, {304, {}}).conclusion == Conclusion::pass);
  CHECK(after(get({{"If-None-Match", "\"x\", \"a\""}}), tagged, {304, {{"ETag", "\"x\""}}}).conclusion ==
        Conclusion::pass);
  CHECK(after(get({{"If-Modified-Since", http_date(kCame)}}), modified, {304, {}}).conclusion ==
        Conclusion::pass);
  CHECK(after(get({{"If-None-Match", "\"x\""}}), {}, {304, {}}).conclusion == Conclusion::pass);
}

TEST_CASE(
    "decide_response: stale is served after an error only if allowed (RFC 9111 section 4.2.4, RFC 5861 "
    "section 4)") {
  const Stored plain[] = {entry(kStale)};
  const Stored lax[] = {entry({{"Cache-Control", "max-age=60, stale-if-error=60"}})};
  CHECK(after_nothing(get(), plain).conclusion == Conclusion::pass);
  CHECK(after_nothing(get(), lax).conclusion == Conclusion::serve_stale);
  for (const int status : {500, 502, 503, 504}) {
    CHECK(after(get(), plain, {status, {}}).conclusion == Conclusion::pass);
    CHECK(after(get(), lax, {status, {}}).conclusion == Conclusion::serve_stale);
  }
  for (const int status : {404, 501, 505})
    CHECK(after(get(), lax, {status, {}}).conclusion != Conclusion::serve_stale);
  CHECK(after(get({{"Cache-Control", "stale-if-error=60"}}), plain, {500, {}}).conclusion ==
        Conclusion::serve_stale);
  CHECK(after_nothing({"HEAD", "http://a/x", {}}, lax).conclusion == Conclusion::serve_stale);
  CHECK(after_nothing(get(), {}).conclusion == Conclusion::pass);
  CHECK(after(get(), plain, {503, {{"Cache-Control", "max-age=5"}}}).conclusion == Conclusion::store);
  CachePolicy refresh;
  refresh.refresh = true;
  CHECK(after_nothing(get(), lax, refresh).conclusion == Conclusion::pass);
}

TEST_CASE(
    "decide_response: a change invalidates stored responses, an error does not (RFC 9111 section 4.4)") {
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "M-SEARCH", "get"}) {
    CAPTURE(method);
    const Request request{method, "http://a/x/y", {}};
    for (const int status : {200, 201, 204, 303}) CHECK(after(request, {}, {status, {}}).invalidates);
    for (const int status : {400, 404, 500, 503}) CHECK_FALSE(after(request, {}, {status, {}}).invalidates);
    CHECK_FALSE(after_nothing(request, {}).invalidates);
  }
  for (const char* method : {"GET", "HEAD", "OPTIONS", "TRACE"})
    CHECK_FALSE(after({method, "http://a/x/y", {}}, {}, {200, {}}).invalidates);
}

TEST_CASE("decide_response: invalidates Location and Content-Location of the origin (RFC 9111 section 4.4)") {
  using Urls = std::vector<std::string>;
  const struct {
    Fields answer;
    Urls want;
  } rows[] = {
      {{{"Location", "new"}, {"Content-Location", "/c?d#e"}}, {"http://a/x/new", "http://a/c?d"}},
      {{{"Location", "http://A:80/z"}}, {"http://a/z"}},
      {{{"Location", "http://b/z"}, {"Content-Location", "https://a/z"}}, {}},
      {{{"Location", "http://a:81/z"}}, {}},
      {{{"Location", "mailto:a"}}, {}},
      {{{"Location", "y"}}, {}},  // the URL itself
      {{}, {}},
  };
  for (const auto& row : rows) {
    CAPTURE(&row - rows);
    CHECK(after({"PUT", "http://a/x/y", {}}, {}, {201, row.answer}).also_invalid == row.want);
    CHECK(after({"PUT", "http://a/x/y", {}}, {}, {500, row.answer}).also_invalid.empty());
  }
}

TEST_CASE(
    "decide_response: stores a POST with its URL as Content-Location and a lifetime (RFC 9110 section "
    "9.3.3)") {
  const auto post = [](Fields fields) {
    return after({"POST", "http://a/x", {}}, {}, {200, std::move(fields)});
  };
  const auto good = post({{"Content-Location", "x"}, {"Cache-Control", "max-age=60"}});
  CHECK(good.conclusion == Conclusion::store);
  CHECK(good.invalidates);
  CHECK(good.also_invalid.empty());
  CHECK(post({{"Content-Location", "y"}, {"Cache-Control", "max-age=60"}}).conclusion == Conclusion::pass);
  CHECK(post({{"Content-Location", "x"}}).conclusion == Conclusion::pass);
  CHECK(post({{"Cache-Control", "max-age=60"}}).conclusion == Conclusion::pass);
  CHECK(after({"PUT", "http://a/x", {}}, {}, {200, good.merged.fields}).conclusion == Conclusion::pass);
}

TEST_CASE(
    "decide_response: a HEAD's 200 freshens, or invalidates if the body differs (RFC 9111 section "
    "4.3.5)") {
  const Request head{"HEAD", "http://a/x", {}};
  const Stored entries[] = {entry(kStale)};
  const auto same =
      after(head, entries, {200, {{"Date", "d"}, {"ETag", "\"a\""}, {"Cache-Control", "max-age=9"}}});
  CHECK(same.conclusion == Conclusion::freshen);
  CHECK(same.merged.fields == Fields{{"Date", "d"}, {"ETag", "\"a\""}, {"Cache-Control", "max-age=9"}});
  const auto other = after(head, entries, {200, {{"ETag", "\"b\""}}});
  CHECK(other.conclusion == Conclusion::pass);
  CHECK(other.invalidates);
  CHECK(after(head, entries, {410, {}}).conclusion == Conclusion::pass);
  CHECK_FALSE(after(head, entries, {410, {}}).invalidates);
  CHECK(after(head, {}, {200, {{"Cache-Control", "max-age=9"}}}).conclusion == Conclusion::pass);
}

}  // namespace
}  // namespace iso::http_cache
