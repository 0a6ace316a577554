#include "base/secrets.h"

#include <doctest/doctest.h>

using namespace iso;

TEST_CASE("without_secrets: passwords and tokens become ***, and what is none stays") {
  const struct {
    const char *text, *want;
  } rows[] = {
      {"amqp://guest:s3cret@host:5672/v: refused", "amqp://guest:***@host:5672/v: refused"},
      {"\"https://me:p%40ss@a/b?c=d\" is not an http(s) URL",
       "\"https://me:***@a/b?c=d\" is not an http(s) URL"},
      {"guest:s3cret@host", "guest:***@host"},
      {"amqp://guest:a/b@c@host/", "amqp://guest:***@host/"},
      {"amqp://guest@host:5672/", "amqp://guest@host:5672/"},
      {"http://h/p?access_token=abc&x=1#f", "http://h/p?access_token=***&x=1#f"},
      {"http://h/p?x=1&Token=abc", "http://h/p?x=1&Token=***"},
      {"--header Authorization: Bearer abcdefgh.ijk", "--header Authorization: Bearer ***"},
      {"Authorization: Basic Zm9vOmJhcg==", "Authorization: Basic ***"},
      {"a basic auth", "a basic auth"},
      {"--password-file=/run/secret", "--password-file=/run/secret"},
      {"settings.json:3:4: expected a value", "settings.json:3:4: expected a value"},
      {"returned: message m1 to exchange \"x\": NO_ROUTE (312)",
       "returned: message m1 to exchange \"x\": NO_ROUTE (312)"},
      {"http://h:80/a@b", "http://h:80/a@b"},
      {"", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(without_secrets(row.text) == row.want);
  }
}
