#include "base/url.h"

#include "base/url_options.h"
#include "support/errors.h"

using namespace iso;

TEST_CASE("parse_url: an AMQP URL in its parts") {
  const Url url =
      parse_url("amqp://us%40er:p%3Aw@host:5673,[::1]:5674,other/my%2Fhost?heartbeat=10&x=%20#queue%20one");
  CHECK(url.scheme == "amqp");
  CHECK(url.user == "us@er");
  CHECK(url.password == "p:w");
  CHECK(url.hosts == std::vector<HostPort>{{"host", 5673}, {"::1", 5674}, {"other", 0}});
  CHECK(url.path == "my/host");
  CHECK(url.option("heartbeat") == "10");
  CHECK(url.option("x") == " ");
  CHECK(url.option("none", "default") == "default");
  CHECK(url.fragment == "queue one");
}

TEST_CASE("parse_url: without a vhost it is /") {
  for (const auto* text : {"amqp://h", "amqp://h/", "amqp://h/%2f", "amqps://h?a=b"}) {
    CAPTURE(text);
    CHECK(parse_url(text).path == "/");
  }
}

TEST_CASE("parse_url: a store, a file and standard input") {
  CHECK(parse_url("sqlite:shop.db#outbox").path == "shop.db");
  CHECK(parse_url("sqlite:shop.db#outbox").fragment == "outbox");
  CHECK(parse_url("sqlite:///var/shop.db?sync=normal").path == "/var/shop.db");
  CHECK(parse_url("a#b?.ndjson").path == "a#b?.ndjson");
  CHECK(parse_url("-").scheme == "file");
}

TEST_CASE("parse_url: what is wrong is said, and never with the password") {
  const std::pair<const char*, const char*> rows[] = {{"kafka://u:secret@h", "unknown scheme \"kafka\""},
                                                      {"amqp://u:secret@h:nope/", "not a port"},
                                                      {"amqp://u:secret@h:70000/", "not a port"},
                                                      {"amqp://u:secret%zz@h/", "two hex digits"},
                                                      {"amqp://u:secret#1@h/", "as %2F %3F %23"},
                                                      {"amqp:host", "amqp://"},
                                                      {"sqlite:", "names no file"}};
  for (const auto& [text, why] : rows) {
    const auto& shown = text;  // clang captures no structured binding
    CAPTURE(shown);
    const Error error = test::error_of([&, text = text] { parse_url(text); });
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(test::says(error, why));
    CHECK_FALSE(test::says(error, "secret"));
  }
}

TEST_CASE("redacted: the same URL without its password") {
  CHECK(redacted(parse_url("amqp://guest:secret@h:1,[::1]/v%2Fh?x_password=y#q")) ==
        "amqp://guest:***@h:1,[::1]/v%2Fh?x_password=***#q");
  CHECK(redacted(parse_url("sqlite:a.db")) == "sqlite:a.db");
}

TEST_CASE("redacted: a name with marks of its own is shown as another URL") {
  for (const std::string text :
       {"amqp://a%40b,%5Bx%3A%5D,c%2Cd:1/v?a%26b%3Dc%23=1", "amqp://[fe80::1%25eth0]:5672/",
        "sqlite:a%25b%3Fc%23d.db?sync=normal#out%23box", "sqlite:////server/a b.db"}) {
    const auto& shown = text;  // clang captures no structured binding
    CAPTURE(shown);
    CHECK(redacted(parse_url(text)) == text);
  }
}

TEST_CASE("check_options: what no end of the scheme reads is a usage error that names the nearest") {
  check_options(parse_url("amqp://host/?heartbeat=5"));
  check_options(parse_url("sqlite:shop.db?retain=1d&sync=normal"));
  const struct {
    const char *url, *says;
  } rows[] = {{"amqp://host/?hartbeat=5", "unknown option \"hartbeat\"; did you mean heartbeat?"},
              {"amqps://host/?cafile=x", "unknown option \"cafile\""},
              {"sqlite:shop.db?retian=1d", "did you mean retain?"}};
  for (const auto& row : rows) {
    CAPTURE(row.url);
    const Error error = test::error_of([&] { check_options(parse_url(row.url)); });
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(test::says(error, row.says));
  }
}
