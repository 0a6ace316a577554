#include "http/problem.h"

#include <doctest/doctest.h>

namespace iso::http {
namespace {

TEST_CASE("is_problem: depends on the media type only, not on its parameters (RFC 9457 section 3)") {
  CHECK(is_problem({{"Content-Type", "application/problem+json"}}));
  CHECK(is_problem({{"content-type", "Application/Problem+JSON ; charset=utf-8"}}));
  CHECK_FALSE(is_problem({{"Content-Type", "application/json"}}));
  CHECK_FALSE(is_problem({{"Content-Type", "application/problem+xml"}}));
  CHECK_FALSE(is_problem({}));
}

TEST_CASE("problem_line: title, detail, type and status, if present (RFC 9457 section 3.1)") {
  const struct {
    const char* body;
    std::optional<std::string> want;
  } rows[] = {
      {R"({"type":"https://e.com/credit","title":"Out of credit","status":403,"detail":"balance is 30","balance":30})",
       "Out of credit: balance is 30 (https://e.com/credit, status 403)"},
      {R"( {"title":"Gone"} )", "Gone"},
      {R"({"detail":"no such item"})", "no such item"},
      {R"({"title":"Gone","status":410})", "Gone (status 410)"},
      {R"({"type":"about:blank","title":"Gone"})", "Gone"},
      {R"({"type":"/credit"})", "/credit"},
      {R"({"type":"/credit","status":403})", "/credit, status 403"},
      {R"({"title":"a\nb\u0007\u001b[1mc","detail":"\u00e4"})", "a b  [1mc: \xc3\xa4"},
      {R"({"title":"a\u009bb\u00a0c"})", "a b\xc2\xa0\x63"},
      {R"({"title":1,"detail":null,"type":["x"],"status":"403"})", std::nullopt},
      {R"({"title":1,"detail":"d","status":4.5})", "d"},
      {R"({"title":"x","status":40400})", "x"},
      {R"({"title":"\ud800","detail":"d"})", "d"},
      {R"({"ti\u0074le":"x"})", "x"},
      {R"({"status":403})", std::nullopt},
      {R"({"errors":{"title":"inner"}})", std::nullopt},
      {"{}", std::nullopt},
      {"[]", std::nullopt},
      {R"({"title":"x")", std::nullopt},
      {"<html>", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& row : rows) {
    CAPTURE(row.body);
    CHECK(problem_line(row.body) == row.want);
  }
}

TEST_CASE("problem_line: cuts a long text at a character boundary") {
  std::string text(299, 'x');
  text += "\xc3\xa4\xc3\xa4";
  CHECK(problem_line("{\"detail\":\"" + text + "\"}") == std::string(299, 'x') + "…");
}

}  // namespace
}  // namespace iso::http
