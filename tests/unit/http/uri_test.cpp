#include "http/uri.h"

#include <doctest/doctest.h>

namespace iso::http {
namespace {

TEST_CASE("resolve_uri: the examples of RFC 3986 section 5.4") {
  const struct {
    const char *reference, *want;
  } rows[] = {
      {"g:h", "g:h"},
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g"},
      {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"#s", "http://a/b/c/d;p?q#s"},
      {"g#s", "http://a/b/c/g#s"},
      {"g?y#s", "http://a/b/c/g?y#s"},
      {";x", "http://a/b/c/;x"},
      {"g;x", "http://a/b/c/g;x"},
      {"g;x?y#s", "http://a/b/c/g;x?y#s"},
      {"", "http://a/b/c/d;p?q"},
      {".", "http://a/b/c/"},
      {"./", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../..", "http://a/"},
      {"../../", "http://a/"},
      {"../../g", "http://a/g"},
      {"../../../g", "http://a/g"},
      {"../../../../g", "http://a/g"},
      {"/./g", "http://a/g"},
      {"/../g", "http://a/g"},
      {"g.", "http://a/b/c/g."},
      {".g", "http://a/b/c/.g"},
      {"g..", "http://a/b/c/g.."},
      {"..g", "http://a/b/c/..g"},
      {"./../g", "http://a/b/g"},
      {"./g/.", "http://a/b/c/g/"},
      {"g/./h", "http://a/b/c/g/h"},
      {"g/../h", "http://a/b/c/h"},
      {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
      {"g;x=1/../y", "http://a/b/c/y"},
      {"g?y/./x", "http://a/b/c/g?y/./x"},
      {"g?y/../x", "http://a/b/c/g?y/../x"},
      {"g#s/./x", "http://a/b/c/g#s/./x"},
      {"g#s/../x", "http://a/b/c/g#s/../x"},
      {"http:g", "http:g"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.reference);
    CHECK(resolve_uri("http://a/b/c/d;p?q", row.reference) == row.want);
  }
}

TEST_CASE("resolve_uri: bases without a path, with a query that has slashes, with a port") {
  CHECK(resolve_uri("http://a", "g") == "http://a/g");
  CHECK(resolve_uri("http://a", "?y") == "http://a?y");
  CHECK(resolve_uri("http://a/b?c/d", "g") == "http://a/g");
  CHECK(resolve_uri("http://a:8/b?page=1", "?page=2") == "http://a:8/b?page=2");
  CHECK(resolve_uri("http://a/b", "//c:9/d/../e") == "http://c:9/e");
  CHECK(resolve_uri("http://a/b", "c:d") == "c:d");
  CHECK(resolve_uri("http://a/b", "./c:d") == "http://a/c:d");
  CHECK(resolve_uri("http://a/b", "1:d") == "http://a/1:d");
}

TEST_CASE("without_dots: the examples of RFC 3986 section 5.2.4") {
  CHECK(without_dots("/a/b/c/./../../g") == "/a/g");
  CHECK(without_dots("mid/content=5/../6") == "mid/6");
  CHECK(without_dots("a/../../b") == "/b");
  CHECK(without_dots("/a//../b") == "/a/b");
  CHECK(without_dots("/..") == "/");
  CHECK(without_dots("..") == "");
}

TEST_CASE("split_uri, joined_uri: joining the parts restores every byte") {
  for (const char* text :
       {"http://u:p@a:8/b%2f?q?#f#", "//a", "/a", "?", "#", "", "a:b", "http://a?b", "http:///x"})
    CHECK(joined_uri(split_uri(text)) == text);
}

TEST_CASE(
    "http_url: one form per URL, and nothing for a URL that may not be fetched (RFC 9110 section 4.2)") {
  const struct {
    const char* text;
    std::optional<std::string> want;
  } rows[] = {
      {"http://a", "http://a/"},
      {"HTTP://ExAmple.COM/Path?Q=A%2fb", "http://example.com/Path?Q=A%2fb"},
      {"http://a:80/", "http://a/"},
      {"https://a:443", "https://a/"},
      {"http://a:443/", "http://a:443/"},
      {"https://a:80/", "https://a:80/"},
      {"http://a:/", "http://a/"},
      {"http://a:0080/", "http://a/"},
      {"http://a?q", "http://a/?q"},
      {"http://a/?", "http://a/?"},
      {"http://a/b#f", "http://a/b"},
      {"http://a/x/../b/.", "http://a/b/"},
      {"http://a/b?x/../y", "http://a/b?x/../y"},
      {"http://Us:Pw@A/", "http://Us:Pw@a/"},
      {"http://u@x@a/", "http://u@x@a/"},
      {"http://[::1]:80/", "http://[::1]/"},
      {"http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"},
      {"ftp://a/", std::nullopt},
      {"file:///etc/passwd", std::nullopt},
      {"a/b", std::nullopt},
      {"//a/b", std::nullopt},
      {"", std::nullopt},
      {"http:", std::nullopt},
      {"http:a", std::nullopt},
      {"http://", std::nullopt},
      {"http:///b", std::nullopt},
      {"http://:80/", std::nullopt},
      {"http://u@/", std::nullopt},
      {"http://a:0/", std::nullopt},
      {"http://a:65536/", std::nullopt},
      {"http://a:x/", std::nullopt},
      {"http://a:8:9/", std::nullopt},
      {"http://[::1/", std::nullopt},
      {"http://[::1]x/", std::nullopt},
      {"http://[a]/", std::nullopt},
      {"http://[]/", std::nullopt},
      {"http://a b/", std::nullopt},
      {"http://a/b c?d e", "http://a/b%20c?d%20e"},
      {"http://a/\xc3\xa9", "http://a/%C3%A9"},
      {"http://B\xc3\xbc"
       "cher.example/",
       "http://xn--bcher-kva.example/"},
      {"http://\xff.example/", std::nullopt},
      {"http://a%2fb/", std::nullopt},
      {" http://a/", std::nullopt},
      {"http://u v@a/", "http://u%20v@a/"},
      {"http://a/\r\nX: y", std::nullopt},
      {"http://good\\@evil/", std::nullopt},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(http_url(row.text) == row.want);
    if (row.want) CHECK(http_url(*row.want) == row.want);
  }
}

TEST_CASE("origin_of, same_origin: compare normalized scheme, host and port (RFC 9110 section 4.3.1)") {
  CHECK(origin_of("https://u:p@A/x") == HttpOrigin{"https", "a", 443});
  CHECK(origin_of("http://[::1]:8080/") == HttpOrigin{"http", "::1", 8080});
  CHECK_FALSE(origin_of("mailto:a@b"));
  CHECK(same_origin("http://a/x", "HTTP://A:80?y"));
  CHECK_FALSE(same_origin("http://a/", "https://a/"));
  CHECK_FALSE(same_origin("http://a/", "http://a:81/"));
  CHECK_FALSE(same_origin("http://a/", "http://b/"));
  CHECK_FALSE(same_origin("http://a/", "http://a@b/"));
  CHECK_FALSE(same_origin("a", "a"));
}

}  // namespace
}  // namespace iso::http
