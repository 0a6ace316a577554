#include "record/confirmation.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "record/scan.h"
#include "replies/reply.h"

using namespace iso;
using namespace iso::replies;

namespace {

Record answer(std::string body) {
  Record record;
  record.body_kind = body_kind_of(body);
  record.body = std::move(body);
  return record;
}

std::string why_not(const Record& record) {
  try {
    read_confirmation(record);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::data);
    return error.what();
  }
  return "it was read";
}

}  // namespace

TEST_CASE("what confirmation_of writes is read back: which message, application and result") {
  Record request;
  request.message_id = "m1";
  request.correlation_id = "c1";
  request.reply_to = "replies";
  const Record success = confirmation_of(request, "billing", {1, DeliveryStatus::confirmed, 0, {}});
  const Confirmation handled = read_confirmation(success);
  CHECK(handled.message_id == "m1");
  CHECK(handled.correlation_id == "c1");
  CHECK(handled.application == "billing");
  CHECK(handled.kind == AckKind::handled);
  CHECK(handled.reply_id == success.message_id);
  CHECK(handled.detail == std::nullopt);

  const Confirmation rejected = read_confirmation(
      confirmation_of(request, "billing", {1, DeliveryStatus::rejected, 0, "no such customer"}));
  CHECK(rejected.kind == AckKind::rejected);
  CHECK(rejected.detail == "no such customer");
}

TEST_CASE("a confirmation of a message without id and correlation_id refers to no message") {
  Record request;
  request.reply_to = "replies";
  CHECK(why_not(confirmation_of(request, "billing", {1, DeliveryStatus::confirmed, 0, {}})) ==
        "it answers no message: it has no correlation_id");
}

TEST_CASE("correlation_id and application_name in the body take precedence over the properties") {
  Record record = answer(R"({"correlation_id":"body","application_name":"shop","message":"Success"})");
  record.correlation_id = "property";
  record.app_id = "app";
  CHECK(read_confirmation(record).correlation_id == "body");
  CHECK(read_confirmation(record).application == "shop");
  record.body = R"({"correlation_id":"","application_name":null,"message":"Success"})";
  CHECK(read_confirmation(record).correlation_id == "property");
  CHECK(read_confirmation(record).application == "app");
  CHECK(read_confirmation(record).kind == AckKind::handled);
}

TEST_CASE("a number is a correlation_id too, digit for digit") {
  CHECK(read_confirmation(answer(R"({"correlation_id":1.50,"application_name":"a","message":"Success"})"))
            .correlation_id == "1.50");
}

TEST_CASE("the header x-message-id is sufficient, if it is a string") {
  Record record = answer(R"({"application_name":"a","message":"Success"})");
  record.headers = FieldTable{{"x-message-id", Field{std::string("m1")}}};
  CHECK(read_confirmation(record).message_id == "m1");
  record.headers = FieldTable{{"x-message-id", Field{std::int32_t{1}}}};
  CHECK(why_not(record) == "it answers no message: it has no correlation_id");
}

TEST_CASE("anything else with a correlation_id is a reply, and its text is the detail") {
  for (const char* body : {R"({"total": 1.0})", "[1]", "5", "thanks", R"({"message":"success"})", ""}) {
    CAPTURE(body);
    Record record = answer(body);
    record.correlation_id = "c1";
    record.app_id = "shop";
    const Confirmation reply = read_confirmation(record);
    CHECK(reply.kind == AckKind::reply);
    CHECK(reply.detail == body);
    CHECK(reply.reply_id == std::nullopt);
  }
}

TEST_CASE("a reply that is not text has no detail") {
  Record record = answer("\xFF\xFE");
  record.correlation_id = "c1";
  record.app_id = "shop";
  CHECK(read_confirmation(record).detail == std::nullopt);
}

TEST_CASE("a long detail is cut at a character boundary, with an ellipsis") {
  Record record = answer("x");
  record.correlation_id = "c1";
  record.app_id = "shop";
  for (int i = 0; i < 1000; ++i) record.body += "é";
  const std::string detail = *read_confirmation(record).detail;
  CHECK(detail.size() == 999 + std::string("…").size());  // the é at 999 and 1000 does not fit
  CHECK(detail.ends_with("é…"));
  CHECK(is_utf8(detail));
}

TEST_CASE("the application is required, and its name may not be longer than AMQP allows") {
  Record record = answer(R"({"correlation_id":"c1","message":"Success"})");
  CHECK(why_not(record) == "it does not say who answers: it has no application_name and no app_id");
  record.app_id = "shop";
  CHECK(why_not(record) == "it was read");
  record.body = R"({"message":"Success","correlation_id":")" + std::string(256, 'c') + "\"}";
  CHECK(why_not(record) == "its correlation_id is longer than 255 bytes");
}
