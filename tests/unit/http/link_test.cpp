#include "http/link.h"

#include <doctest/doctest.h>

namespace iso::http {
namespace {

TEST_CASE("next_page: finds rel=next in lists, among other parameters and in any case (RFC 8288 section 3)") {
  const struct {
    const char* link;
    std::optional<std::string> want;
  } rows[] = {
      {"<http://a/2>; rel=\"next\"", "http://a/2"},
      {"<http://a/2>; rel=next", "http://a/2"},
      {"<http://a/2>;REL=NEXT", "http://a/2"},
      {"<http://a/2> ; rel = \"next\"", "http://a/2"},
      {"<http://a/1>; rel=\"prev\", <http://a/2>; rel=\"next\", <http://a/9>; rel=last", "http://a/2"},
      {"<http://a/2>; rel=\"last next\"", "http://a/2"},
      {"<http://a/2>; rel=\"last\tnext\"", "http://a/2"},
      {"<http://a/2?a=1,2;b=3>; rel=next", "http://a/2?a=1,2;b=3"},
      {"<http://a/1>; title=\"a, b; rel=next\"; rel=prev, <http://a/2>; rel=next", "http://a/2"},
      {"<http://a/1>; title=\"\\\"<x>\"; rel=prev, <http://a/2>; rel=next", "http://a/2"},
      {"<http://a/2>; rel=next; title=\"open", "http://a/2"},
      {", , <http://a/2>; rel=next,", "http://a/2"},
      {"<http://a/2>; ; rel=next", "http://a/2"},
      {"<http://a/2>; crossorigin; rel=next", "http://a/2"},
      {"<2?x>; rel=next", "http://a/b/2?x"},
      {"<?page=2>; rel=next", "http://a/b/c?page=2"},
      {"</2>; rel=next", "http://a/2"},
      {"<//c/2>; rel=next", "http://c/2"},
      {"<>; rel=next", "http://a/b/c?q"},
      {"<2>; rel=next; anchor=\"?q\"", "http://a/b/2"},
      {"<2>; rel=next; anchor=\"#foo\"", "http://a/b/2"},
      {"<2>; rel=next; anchor=\"/other\"", std::nullopt},
      {"<http://a/2>; rel=prev; rel=next", std::nullopt},  // the first rel counts
      {"<http://a/2>; rel=nextish", std::nullopt},
      {"<http://a/2>; rel=\"http://next\"", std::nullopt},
      {"<http://a/2>; rev=next", std::nullopt},
      {"<http://a/2>; rel", std::nullopt},
      {"<http://a/2>", std::nullopt},
      {"<http://a/2; rel=next", std::nullopt},
      {"http://a/2; rel=next", std::nullopt},
      {"<file:///etc/passwd>; rel=next", std::nullopt},
      {"<file:///x>; rel=next, <http://a/3>; rel=next", "http://a/3"},
      {"<http://a/2>; rel=next, <http://a/3>; rel=next", "http://a/2"},
      {"", std::nullopt},
  };
  for (const auto& row : rows) {
    CAPTURE(row.link);
    const auto next = next_page({{"Link", row.link}}, "http://a/b/c?q");
    CHECK(next.url == row.want);
  }
  CHECK(next_page({{"link", "<1>; rel=prev"}, {"LINK", "<2>; rel=next"}}, "http://a/").url == "http://a/2");
  CHECK_FALSE(next_page({}, "http://a/").url);
  CHECK(next_page({}, "http://a/").problem.empty());
}

TEST_CASE(
    "next_page: a next page that cannot be fetched is a problem, and a link after an invalid one is found") {
  const struct {
    const char* link;
    const char* want;  // "": a problem
  } rows[] = {
      {"<http://a/2 3>; rel=next", "http://a/2%203"},
      {"bad; x=1, <http://a/2>; rel=next", "http://a/2"},
      {"<file:///x>; rel=next", ""},
      {"<ftp://a/2>; rel=\"next\"", ""},
      {"<http://[/2>; rel=next", ""},
      {"http://a/2; rel=NEXT", ""},
      {"<http://a/2; rel=next", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.link);
    const auto next = next_page({{"Link", row.link}}, "http://a/");
    CHECK(next.url.value_or("") == row.want);
    CHECK(next.problem.empty() == next.url.has_value());
  }
  CHECK(next_page({{"Link", "bad; rel=prev"}}, "http://a/").problem.empty());
}

TEST_CASE("links: each has its target as written and its relations") {
  const auto all = links({{"Link", "<a>; rel=\"X y\"; anchor=\"#z\", <b>"}, {"Link", "<c>;rel=n"}});
  REQUIRE(all.size() == 3);
  CHECK(all[0].target == "a");
  CHECK(all[0].rel == std::vector<std::string>{"x", "y"});
  CHECK(all[0].anchor == "#z");
  CHECK(all[1].rel.empty());
  CHECK_FALSE(all[1].anchor);
  CHECK(all[2].target == "c");
}

}  // namespace
}  // namespace iso::http
