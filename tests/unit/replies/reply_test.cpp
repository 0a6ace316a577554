#include "replies/reply.h"

#include <doctest/doctest.h>

#include "record/read.h"
#include "support/errors.h"

using namespace iso;
using namespace iso::replies;

TEST_CASE("read_verdict: a result, with the message_id that it is for") {
  const struct {
    const char* line;
    DeliveryStatus status;
    std::optional<std::string> message_id;
    std::string why;
  } rows[] = {
      {R"({"ack":true})", DeliveryStatus::confirmed, std::nullopt, ""},
      {R"( { "message_id" : "m1" , "ack" : true } )", DeliveryStatus::confirmed, "m1", ""},
      {R"({"requeue":true,"message_id":"m1"})", DeliveryStatus::deferred, "m1", ""},
      {R"({"reject":"no \"stock\"","message_id":null})", DeliveryStatus::rejected, std::nullopt,
       "no \"stock\""},
      {R"({"reject":""})", DeliveryStatus::rejected, std::nullopt, ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    const HandlerVerdict answer = read_verdict(row.line);
    CHECK(answer.status == row.status);
    CHECK(answer.message_id == row.message_id);
    CHECK(answer.why == row.why);
    CHECK(!answer.reply);
  }
}

TEST_CASE("read_verdict: a record is the reply, and its message_id is that of the request") {
  const HandlerVerdict answer = read_verdict(R"({"message_id":"m1","body":{"ack": 1.50},"type":"t"})");
  CHECK(answer.status == DeliveryStatus::confirmed);
  CHECK(answer.message_id == "m1");
  REQUIRE(answer.reply);
  CHECK(answer.reply->body == R"({"ack": 1.50})");
  CHECK(answer.reply->type == "t");
  CHECK(!answer.reply->message_id);
}

TEST_CASE("read_verdict: an invalid answer is reported with the reason") {
  const struct {
    const char *line, *why;
  } rows[] = {
      {"1", "byte 1"},
      {R"("ack")", "byte 1"},
      {"[]", "byte 1"},
      {"{}", "neither a result"},
      {R"({"message_id":"m1"})", "neither a result"},
      {R"({"routing_key":"k"})", "neither a result"},
      {R"({"ack":false})", "\"ack\" must be true"},
      {R"({"requeue":1})", "\"requeue\" must be true"},
      {R"({"reject":true})", "\"reject\" must be a string"},
      {R"({"ack":true,"message_id":7})", "\"message_id\" must be a string"},
      {R"({"ack":true,"reject":"x"})", "exclude each other"},
      {R"({"ack":true,"ack":true})", "exclude each other"},
      {R"({"ack":true,"body":1})", "\"body\" cannot be combined with ack, requeue or reject"},
      {R"({"ackk":true})", "ackk"},
      {R"({"body":1,"text":"x"})", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    const Error error = test::error_of([&] { read_verdict(row.line); });
    CHECK(error.kind() == ErrorKind::data);
    CAPTURE(error.what());
    CHECK(test::says(error, row.why));
  }
}

TEST_CASE("reply_of: JSON is stripped of surrounding space, anything else is unchanged") {
  const struct {
    std::string printed, body;
    BodyKind kind;
  } rows[] = {
      {" \r\n\t{\"a\": 1.50}\n\n", "{\"a\": 1.50}", BodyKind::json},
      {"7\n", "7", BodyKind::json},
      {"done\n", "done\n", BodyKind::text},
      {"", "", BodyKind::text},
      {" \n", " \n", BodyKind::text},
      {"1\n2\n", "1\n2\n", BodyKind::text},
      {std::string("\0\xff\n", 3), std::string("\0\xff\n", 3), BodyKind::bytes},
  };
  for (const auto& row : rows) {
    CAPTURE(row.printed);
    const auto reply = reply_of(row.printed);
    CHECK(reply->body == row.body);
    CHECK(reply->body_kind == row.kind);
  }
}

TEST_CASE("address_reply: fields that the reply lacks come from the request") {
  const Record request = read_record(
      R"({"reply_to":"callers","correlation_id":"c1","message_id":"m1","persistent":false,"body":1})");
  Record reply =
      read_record(R"({"body":2,"queue":"q","redelivered":true,"received_at":"2026-01-01T00:00:00Z"})");
  address_reply(reply, request);
  CHECK(reply == read_record(R"({"exchange":"","routing_key":"callers","correlation_id":"c1",)"
                             R"("persistent":false,"content_type":"application/json","body":2})"));

  Record text = read_record(R"({"text":"x"})");
  address_reply(text, read_record(R"({"reply_to":"callers","message_id":"m1","body":1})"));
  CHECK(text == read_record(R"({"exchange":"","routing_key":"callers","correlation_id":"m1","text":"x"})"));
}

TEST_CASE("address_reply: a reply with its own destination and ids is not changed") {
  const Record request = read_record(R"({"reply_to":"callers","correlation_id":"c1","body":1})");
  const char* const said[] = {
      R"({"exchange":"log","routing_key":"k","correlation_id":"own","persistent":true,"content_type":"t","body":2})",
      R"({"exchange":"log","correlation_id":"own","persistent":true,"content_type":"t","body":2})",
      R"({"exchange":"","routing_key":"q","correlation_id":"own","persistent":true,"content_type":"t","body":2})"};
  for (const char* line : said) {
    Record reply = read_record(line);
    address_reply(reply, request);
    CHECK(reply == read_record(line));
  }
  Record keyed = read_record(R"({"routing_key":"q","body":2})");
  address_reply(keyed, request);
  CHECK(keyed.exchange == "");
  CHECK(keyed.routing_key == "q");
}

TEST_CASE("confirmation_of: contains success or failure and the application, and always has the same id") {
  const Record request =
      read_record(R"({"reply_to":"callers","correlation_id":"c\"1","message_id":"m1","body":1})");
  const Record success = confirmation_of(request, "shop", {1, DeliveryStatus::confirmed, 0, {}});
  CHECK(success.body == R"({"correlation_id":"c\"1","application_name":"shop","message":"Success"})");
  CHECK(success.routing_key == "callers");
  CHECK(success.correlation_id == "c\"1");
  CHECK(success.content_type == "application/json");
  CHECK(success.app_id == "shop");
  CHECK(success.headers == FieldTable{{"x-message-id", Field{std::string("m1")}}});
  CHECK(success.message_id ==
        confirmation_of(request, "shop", {9, DeliveryStatus::confirmed, 0, {}}).message_id);
  CHECK(success.message_id !=
        confirmation_of(request, "store", {1, DeliveryStatus::confirmed, 0, {}}).message_id);

  const Record failure = confirmation_of(request, "shop", {1, DeliveryStatus::rejected, 0, "exit 3"});
  CHECK(failure.body ==
        R"({"correlation_id":"c\"1","application_name":"shop","message":"Failure","error":"exit 3"})");
}

TEST_CASE("confirmation_of: a request without ids gets a confirmation without them") {
  const Record bare = confirmation_of(read_record(R"({"reply_to":"callers","body":1})"), "shop",
                                      {1, DeliveryStatus::confirmed, 0, {}});
  CHECK(!bare.message_id);
  CHECK(!bare.headers);
  CHECK(!bare.correlation_id);
}
