#include "http_cache/policy.h"

#include <doctest/doctest.h>
#include <fmt/core.h>

namespace iso::http_cache {
namespace {

using namespace http;

using namespace std::chrono_literals;

constexpr Seconds kCame{1'790'000'000};
constexpr CachePolicy kPlain;

std::string at(Seconds offset) {
  return http_date(kCame + offset);
}

Request get(Fields fields = {}) {
  return {"GET", "http://a/x", std::move(fields)};
}

Stored entry(Fields fields, const Request& request = get(), int status = 200) {
  Stored stored;
  stored.response = {status, std::move(fields)};
  stored.selecting = selecting_fields(request, stored.response);
  stored.times = {kCame, kCame};
  stored.length = 11;
  return stored;
}

const Fields kFresh{{"Cache-Control", "max-age=60"}, {"ETag", "\"a\""}};

TEST_CASE(
    "plan: fresh is served, stale is validated, missing is fetched (RFC 9111 section "
    "4)") {
  const Stored entries[] = {entry(kFresh)};
  const auto fresh = plan(get(), entries, kPlain, kCame + 20s);
  CHECK(fresh.step == Step::serve);
  CHECK(fresh.has_chosen);
  CHECK(fresh.age == 20s);
  CHECK_FALSE(fresh.stale);
  CHECK(fresh.conditions.empty());

  const auto stale = plan(get(), entries, kPlain, kCame + 60s);
  CHECK(stale.step == Step::validate);
  CHECK(stale.has_chosen);
  CHECK(stale.stale);
  CHECK(stale.conditions == Fields{{"If-None-Match", "\"a\""}});

  const auto none = plan(get(), {}, kPlain, kCame);
  CHECK(none.step == Step::fetch);
  CHECK_FALSE(none.has_chosen);

  const Stored bare[] = {entry({{"Cache-Control", "max-age=60"}})};
  CHECK(plan(get(), bare, kPlain, kCame + 60s).step == Step::fetch);
}

TEST_CASE(
    "plan: other methods go to the origin, and HEAD is answered from a stored GET (RFC 9110 section 9.3.2)") {
  const Stored entries[] = {entry(kFresh)};
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "M-SEARCH", "OPTIONS", "get"})
    CHECK(plan({method, "http://a/x", {}}, entries, kPlain, kCame).step == Step::fetch);
  CHECK(plan({"HEAD", "http://a/x", {}}, entries, kPlain, kCame).step == Step::serve);
  const auto stale = plan({"HEAD", "http://a/x", {}}, entries, kPlain, kCame + 60s);
  CHECK(stale.step == Step::fetch);
  CHECK(stale.has_chosen);
  CHECK(stale.conditions.empty());
}

TEST_CASE(
    "plan: a missing variant is requested with the tags of the stored ones (RFC 9111 section "
    "4.1)") {
  const Stored entries[] = {
      entry({{"Vary", "Foo"}, {"ETag", "\"a\""}, {"Cache-Control", "max-age=60"}}, get({{"Foo", "1"}})),
      entry({{"Vary", "*"}, {"ETag", "W/\"b\""}})};
  const auto other = plan(get({{"Foo", "2"}}), entries, kPlain, kCame);
  CHECK(other.step == Step::validate);
  CHECK_FALSE(other.has_chosen);
  CHECK(other.conditions == Fields{{"If-None-Match", "\"a\", W/\"b\""}});
  CHECK(plan(get({{"Foo", "1"}}), entries, kPlain, kCame).step == Step::serve);
  for (const char* name : {"Range", "If-None-Match", "If-Modified-Since"})
    CHECK(plan(get({{"Foo", "2"}, {name, "x"}}), entries, kPlain, kCame).step == Step::fetch);
}

TEST_CASE("plan: the user's own conditions are answered from a fresh response (RFC 9111 section 4.3.2)") {
  const Stored entries[] = {entry(kFresh)};
  CHECK(plan(get({{"If-None-Match", "\"a\""}}), entries, kPlain, kCame).step == Step::not_modified);
  CHECK(plan(get({{"If-None-Match", "\"b\""}}), entries, kPlain, kCame).step == Step::serve);
  // and go to the origin unchanged if it is stale
  const auto same = plan(get({{"If-None-Match", "\"a\""}}), entries, kPlain, kCame + 60s);
  CHECK(same.step == Step::validate);
  CHECK(same.conditions.empty());
  CHECK(plan(get({{"If-None-Match", "\"b\""}}), entries, kPlain, kCame + 60s).step == Step::fetch);
  // Conditions that are not for a cache go to the origin.
  CHECK(plan(get({{"If-Match", "\"a\""}}), entries, kPlain, kCame).step == Step::fetch);
  CHECK(plan(get({{"If-Unmodified-Since", at(0s)}}), entries, kPlain, kCame).step == Step::fetch);
}

TEST_CASE("plan: offline and only-if-cached send no request (RFC 9111 section 5.2.1.7)") {
  CachePolicy offline;
  offline.offline = true;
  const Stored entries[] = {entry(kFresh)};
  const Stored strict[] = {entry({{"Cache-Control", "max-age=60, must-revalidate"}})};
  const auto only = get({{"Cache-Control", "only-if-cached"}});
  CHECK(plan(get(), {}, offline, kCame).step == Step::gateway_timeout);
  CHECK(plan(only, {}, kPlain, kCame).step == Step::gateway_timeout);
  CHECK(plan(only, entries, kPlain, kCame).step == Step::serve);
  CHECK(plan(only, entries, kPlain, kCame + 60s).step == Step::gateway_timeout);
  CHECK(plan(get(), entries, offline, kCame + 60s).step == Step::serve);
  CHECK(plan(get(), entries, offline, kCame + 60s).stale);
  CHECK(plan(get(), strict, offline, kCame + 60s).step == Step::gateway_timeout);
  CHECK(plan({"POST", "http://a/x", {}}, entries, offline, kCame).step == Step::gateway_timeout);
  CHECK(plan(get({{"If-Match", "\"a\""}}), entries, offline, kCame).step == Step::serve);
  CHECK(plan(get({{"If-None-Match", "\"a\""}}), entries, offline, kCame + 60s).step == Step::not_modified);
}

TEST_CASE("plan: refresh validates with the origin even if a response is fresh (RFC 9111 section 5.2.1.4)") {
  CachePolicy refresh;
  refresh.refresh = true;
  const Stored entries[] = {entry(kFresh)};
  const auto again = plan(get(), entries, refresh, kCame);
  CHECK(again.step == Step::validate);
  CHECK(again.conditions == Fields{{"If-None-Match", "\"a\""}, {"Cache-Control", "no-cache"}});
  CHECK(plan(get(), {}, refresh, kCame).conditions == Fields{{"Cache-Control", "no-cache"}});
  CHECK(plan(get({{"Cache-Control", "foo"}}), {}, refresh, kCame).conditions.empty());
  CHECK(plan({"POST", "http://a/x", {}}, {}, refresh, kCame).conditions.empty());
}

TEST_CASE("plan: a request's no-cache validates, and no-store bypasses the cache (RFC 9111 section 5.2.1)") {
  const Stored entries[] = {entry(kFresh)};
  CHECK(plan(get({{"Cache-Control", "no-cache"}}), entries, kPlain, kCame).step == Step::validate);
  CHECK(plan(get({{"Pragma", "no-cache"}}), entries, kPlain, kCame).step == Step::validate);
  const auto passing = plan(get({{"Cache-Control", "no-store"}}), entries, kPlain, kCame);
  CHECK(passing.step == Step::fetch);
  CHECK(passing.conditions.empty());
  CHECK_FALSE(passing.has_chosen);
}

TEST_CASE("plan: stale-while-revalidate serves first, then validates (RFC 5861 section 3)") {
  const Stored entries[] = {
      entry({{"Cache-Control", "max-age=1, stale-while-revalidate=4"}, {"ETag", "\"a\""}})};
  const auto late = plan(get(), entries, kPlain, kCame + 3s);
  CHECK(late.step == Step::serve_then_validate);
  CHECK(late.stale);
  CHECK(late.conditions == Fields{{"If-None-Match", "\"a\""}});
  CHECK(plan(get(), entries, kPlain, kCame + 6s).step == Step::validate);
  CHECK(plan(get({{"If-None-Match", "\"a\""}}), entries, kPlain, kCame + 3s).step == Step::validate);
}

TEST_CASE(
    "plan: one range is served from a stored complete response, several go to the origin (RFC 9110 section "
    "14.2)") {
  CachePolicy offline;
  offline.offline = true;
  const Stored entries[] = {entry(kFresh)};
  const auto part = plan(get({{"Range", "bytes=0-1"}}), entries, kPlain, kCame);
  CHECK(part.step == Step::serve);
  CHECK(part.part == Part{0, 2});
  CHECK(plan(get({{"Range", "bytes=0-1"}}), entries, kPlain, kCame + 60s).part == Part{0, 2});
  CHECK(plan(get({{"Range", "bytes=11-"}}), entries, kPlain, kCame).part == Part{0, 0});
  CHECK_FALSE(plan(get({{"Range", "bytes=0-1"}, {"If-Range", "\"b\""}}), entries, kPlain, kCame).part);
  const auto several = get({{"Range", "bytes=0-1,3-4"}});
  CHECK(plan(several, entries, kPlain, kCame).step == Step::fetch);
  CHECK(plan(several, entries, offline, kCame).step == Step::serve);
}

TEST_CASE(
    "plan: a stored 206 answers the same Range again, but not a request for the whole (RFC 9111 section "
    "3.3)") {
  const auto range = get({{"Range", "bytes=-5"}});
  const Stored entries[] = {entry(
      {{"Cache-Control", "max-age=60"}, {"Content-Range", "bytes 5-9/10"}, {"ETag", "\"a\""}}, range, 206)};
  const auto again = plan(range, entries, kPlain, kCame);
  CHECK(again.step == Step::serve);
  CHECK_FALSE(again.part);
  CHECK(plan(get({{"Range", "bytes=-5"}, {"If-Range", "\"a\""}}), entries, kPlain, kCame).step ==
        Step::serve);
  CHECK(plan(get({{"Range", "bytes=-5"}, {"If-Range", "\"b\""}}), entries, kPlain, kCame).step ==
        Step::fetch);
  CHECK(plan({"HEAD", "http://a/x", range.fields}, entries, kPlain, kCame).step == Step::fetch);
  CHECK(plan(get(), entries, kPlain, kCame).step == Step::fetch);
}

TEST_CASE("plan: a stored 206 with a strong tag answers every range within it (RFC 9111 section 3.4)") {
  const auto range = get({{"Range", "bytes=20-59"}});
  const auto part_of = [&](const char* asked, const char* tag, const char* content_range) {
    Stored part =
        entry({{"Cache-Control", "max-age=60"}, {"Content-Range", content_range}, {"ETag", tag}}, range, 206);
    part.length = 40;
    const auto planned = plan(get({{"Range", asked}}), std::span(&part, 1), kPlain, kCame);
    if (planned.step != Step::serve) return std::string("asked");
    if (!planned.part) return std::string("all");
    const auto said = partial(part.response, part.length, *planned.part);
    return fmt::format("{}+{} {}", planned.part->first, planned.part->length,
                       said.fields.first("content-range").value_or(""));
  };
  constexpr const char* kRange = "bytes 20-59/100";
  CHECK(part_of("bytes=20-59", "\"a\"", kRange) == "all");
  CHECK(part_of("bytes=25-29", "\"a\"", kRange) == "5+5 bytes 25-29/100");
  CHECK(part_of("bytes=20-20", "\"a\"", kRange) == "0+1 bytes 20-20/100");
  CHECK(part_of("bytes=59-59", "\"a\"", kRange) == "39+1 bytes 59-59/100");
  CHECK(part_of("bytes=-5", "\"a\"", "bytes 60-99/100") == "35+5 bytes 95-99/100");
  CHECK(part_of("bytes=90-", "\"a\"", "bytes 60-99/100") == "30+10 bytes 90-99/100");
  for (const char* asked : {"bytes=19-25", "bytes=50-60", "bytes=50-", "bytes=-5", "bytes=25-26,30-31",
                            "lines=25-29", "bytes=99-20", "bytes=200-"})
    CHECK_MESSAGE(part_of(asked, "\"a\"", kRange) == "asked", asked);
  for (const char* tag : {"W/\"a\"", "", "a"}) CHECK(part_of("bytes=25-29", tag, kRange) == "asked");
  CHECK(part_of("bytes=25-29", "\"a\"", "bytes 20-59/*") == "asked");
  CHECK(part_of("bytes=25-29", "\"a\"", "bytes 20-58/100") == "asked");  // it has 40 bytes
}

TEST_CASE("reused: Age is recomputed, everything else is as stored (RFC 9111 section 4, 5.1, 5.2.2.4)") {
  auto stored =
      entry({{"Date", at(0s)}, {"Age", "30"}, {"Expires", at(60s)}, {"Age", "1"}, {"Set-Cookie", "a=b"}});
  CHECK(reused(stored, kCame + 3s).fields ==
        Fields{{"Date", at(0s)}, {"Age", "33"}, {"Expires", at(60s)}, {"Set-Cookie", "a=b"}});
  stored = entry({{"Cache-Control", "no-cache=\"a, B\""}, {"A", "1"}, {"b", "2"}, {"C", "3"}});
  CHECK(reused(stored, kCame).fields ==
        Fields{{"Cache-Control", "no-cache=\"a, B\""}, {"C", "3"}, {"Age", "0"}});
}

TEST_CASE(
    "not_modified: a 304 has the fields that update a cache, not those about a body (RFC 9110 section "
    "15.4.5)") {
  const Response whole{200,
                       {{"ETag", "\"a\""},
                        {"Date", "d"},
                        {"Content-Type", "x"},
                        {"Content-Length", "11"},
                        {"Content-Location", "/y"},
                        {"Last-Modified", "l"},
                        {"Vary", "v"},
                        {"Age", "3"}}};
  const auto reply = not_modified(whole);
  CHECK(reply.status == 304);
  CHECK(reply.fields ==
        Fields{{"ETag", "\"a\""}, {"Date", "d"}, {"Content-Location", "/y"}, {"Vary", "v"}, {"Age", "3"}});
  CHECK(not_modified({200, {{"Last-Modified", "l"}}}).fields.has("last-modified"));
}

}  // namespace
}  // namespace iso::http_cache
