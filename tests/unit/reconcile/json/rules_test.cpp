#include "reconcile/json/rules.h"

#include <doctest/doctest.h>

#include "support/errors.h"

using namespace iso;
using namespace iso::reconcile;
using Ignored = Rule::Ignored;

TEST_CASE("pointer_tokens: names as they are, whatever they are, and none for the whole") {
  const struct {
    std::string_view pointer;
    std::vector<std::string> want;
  } rows[] = {{"", {}},
              {"/", {""}},
              {"/body/id", {"body", "id"}},
              {"/a~1b/m~0n", {"a/b", "m~n"}},
              {"/~01", {"~1"}},
              {"//x/", {"", "x", ""}},
              {"/items/0", {"items", "0"}}};
  for (const auto& row : rows) {
    CAPTURE(row.pointer);
    CHECK(pointer_tokens(row.pointer) == row.want);
    std::string again;
    for (const auto& token : row.want) again += "/" + pointer_token(token);
    CHECK(again == row.pointer);
  }
  for (const auto* text : {"id", "/a~2", "/a~"})
    CHECK(test::error_of([&] { pointer_tokens(text); }).kind() == ErrorKind::usage);
}

TEST_CASE("rules: a place is made once, and what is said of it twice is said of one place") {
  Rule root;
  root.at({"body", "id"}).key = 0;
  root.at({"body", "tags"}).unordered = true;
  root.at({"body"}).compared = true;
  root.at({}).unordered = true;
  CHECK(root.unordered);
  REQUIRE(root.below.size() == 1);
  const Rule* const body = root.find("body");
  REQUIRE(body != nullptr);
  CHECK(body->compared);
  REQUIRE(body->find("id") != nullptr);
  CHECK(body->find("id")->key == 0);
  CHECK(body->find("tags")->unordered);
  CHECK(body->find("other") == nullptr);
  CHECK(root.find("id") == nullptr);
}

TEST_CASE("ignore_delivery_fields: how a message came is ignored in messages, and what it says is not") {
  Rule root;
  root.at({"exchange"}).ignored = Ignored::always;
  root.at({"body"}).compared = true;
  ignore_delivery_fields(root);
  for (const auto* name :
       {"direct_name", "queue", "queue_arguments", "routing_key", "mandatory", "persistent", "expiration",
        "redelivered", "delivery_count", "offset", "received_at", "fetch"}) {
    CAPTURE(name);
    REQUIRE(root.find(name) != nullptr);
    CHECK(root.find(name)->ignored == Ignored::in_messages);
  }
  CHECK(root.find("exchange")->ignored == Ignored::always);
  const Rule* const headers = root.find("headers");
  REQUIRE(headers != nullptr);
  CHECK(headers->ignored == Ignored::no);
  for (const auto* name :
       {"x-death", "x-first-death-exchange", "x-first-death-queue", "x-first-death-reason",
        "x-last-death-exchange", "x-last-death-queue", "x-last-death-reason", "x-delivery-count"}) {
    CAPTURE(name);
    REQUIRE(headers->find(name) != nullptr);
    CHECK(headers->find(name)->ignored == Ignored::in_messages);
  }
  CHECK(headers->find("tenant") == nullptr);
  for (const auto* name : {"message_id", "type", "timestamp", "priority", "text"})
    CHECK(root.find(name) == nullptr);
}

TEST_CASE("is_message_field: what a record may have, and no name that is only like one") {
  for (const auto* name : {"exchange",         "direct_name",    "queue",     "routing_key", "content_type",
                           "content_encoding", "correlation_id", "reply_to",  "message_id",  "type",
                           "user_id",          "app_id",         "mandatory", "persistent",  "priority",
                           "expiration",       "timestamp",      "headers",   "redelivered", "delivery_count",
                           "received_at",      "fetch",          "body",      "text",        "base64"}) {
    CAPTURE(name);
    CHECK(is_message_field(name));
  }
  for (const auto* name : {"", "id", "Body", "bodies", "error", "message-id", "content_encoding_", "exchang",
                           "a name that is longer than all"}) {
    CAPTURE(name);
    CHECK_FALSE(is_message_field(name));
  }
  CHECK(is_body_field("body"));
  CHECK(is_body_field("text"));
  CHECK(is_body_field("base64"));
  CHECK_FALSE(is_body_field("type"));
}
