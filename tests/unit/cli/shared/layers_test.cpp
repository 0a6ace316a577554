#include "cli/shared/layers.h"

#include <doctest/doctest.h>

#include "record/read.h"
#include "record/write.h"
#include "support/errors.h"

using namespace iso;
using namespace iso::cli;

namespace {

// A record as it would be published, ids left off.
std::string prepared(std::string_view typed, std::string_view settings, std::string_view record,
                     bool whole_records = true) {
  const Layers layers(read_record(typed), read_record(settings));
  Preparer prepare(layers, resolve_defaults(layers), whole_records ? Incoming::records : Incoming::bodies);
  Record one = read_record(record);
  one.no_message_id = one.no_correlation_id = true;
  prepare(one);
  one.no_message_id = one.no_correlation_id = false;
  std::string out;
  append_record(out, one);
  return out;
}

}  // namespace

TEST_CASE("layers: what was typed wins over the record, the record over the settings") {
  CHECK(prepared(R"({"type":"typed"})", R"({"type":"s","app_id":"s","content_type":"s"})",
                 R"({"routing_key":"k","type":"r","app_id":"r","body":1})") ==
        R"({"exchange":"","routing_key":"k","type":"typed","content_type":"s","app_id":"r","body":1})");
}

TEST_CASE("layers: on the default exchange the queue is the routing key") {
  CHECK(prepared("{}", R"({"queue":"q"})", R"({"body":1})") ==
        R"({"exchange":"","routing_key":"q","body":1})");
  CHECK(prepared(R"({"exchange":"x"})", R"({"queue":"q"})", R"({"body":1})") ==
        R"({"exchange":"x","body":1})");
}

TEST_CASE("layers: arguments of a queue are merged by name, and need a queue") {
  const auto arguments = [](std::string_view typed, std::string_view settings) {
    const Record defaults = resolve_defaults(Layers(read_record(typed), read_record(settings)));
    std::string out;
    append_fields(out, *defaults.queue_arguments);
    return out;
  };
  const auto settings = R"({"queue":"q","queue_arguments":{"x-queue-type":"quorum","x-max-length":5}})";
  CHECK(arguments(R"({"queue_arguments":{"x-max-length":9}})", settings) ==
        R"({"x-max-length":9,"x-queue-type":"quorum"})");
  CHECK(prepared("{}", settings, R"({"body":1})") == R"({"exchange":"","routing_key":"q","body":1})");
  const auto kind_without = [&](const char* typed, const char* below) {
    return test::error_of([&] { arguments(typed, below); }).kind();
  };
  CHECK(kind_without(R"({"queue_arguments":{}})", "{}") == ErrorKind::usage);
  CHECK(kind_without("{}", R"({"queue_arguments":{}})") == ErrorKind::config);
}

TEST_CASE("layers: direct_name is the exchange, and of it and exchange the typed one counts") {
  CHECK(prepared("{}", R"({"direct_name":"d"})", R"({"body":1})") == R"({"exchange":"d","body":1})");
  CHECK(prepared(R"({"exchange":"x"})", R"({"direct_name":"d"})", R"({"body":1})") ==
        R"({"exchange":"x","body":1})");
  CHECK(prepared(R"({"direct_name":"d"})", R"({"exchange":"x"})", R"({"exchange":"r","body":1})") ==
        R"({"exchange":"d","body":1})");
  CHECK(test::error_of([] { prepared("{}", R"({"direct_name":"d","exchange":"x"})", "{}"); }).kind() ==
        ErrorKind::config);
}

TEST_CASE("layers: headers that a broker added are not published again, unless they are kept") {
  const auto record =
      R"({"routing_key":"k","headers":{"x-death":[{"count":1}],"x-first-death-queue":"q","x-last-death-reason":"expired","x-delivery-count":2,"x-acquired-count":3,"mine":1},"body":1})";
  CHECK(prepared("{}", "{}", record) == R"({"exchange":"","routing_key":"k","headers":{"mine":1},"body":1})");
  CHECK(prepared("{}", "{}", R"({"routing_key":"k","headers":{"x-death":[]},"body":1})") ==
        R"({"exchange":"","routing_key":"k","body":1})");
  CHECK(prepared("{}", "{}", R"({"routing_key":"k","headers":{},"body":1})") ==
        R"({"exchange":"","routing_key":"k","headers":{},"body":1})");
  Layers layers{{}, {}};
  layers.keep_broker_headers = true;
  Preparer prepare(layers, resolve_defaults(layers), Incoming::messages);
  Record kept = read_record(record);
  prepare(kept);
  CHECK(kept.headers->size() == 6);
}

TEST_CASE("layers: what only listen says is dropped, what cannot be published is refused") {
  CHECK(
      prepared(
          "{}", "{}",
          R"({"routing_key":"k","queue":"q","redelivered":true,"delivery_count":1,"received_at":"2026-01-01T00:00:00Z","body":1})") ==
      R"({"exchange":"","routing_key":"k","body":1})");
  for (const auto* record :
       {R"({"routing_key":"k"})", R"({"body":1})", R"({"routing_key":"k","direct_name":"d","body":1})",
        R"({"routing_key":"k","queue_arguments":{},"body":1})"})
    CHECK(test::error_of([&] { prepared("{}", "{}", record); }).kind() == ErrorKind::data);
}

TEST_CASE("layers: an id that is unset is made afresh for each message, one that is null is left off") {
  const Layers layers(read_record(R"({"routing_key":"k"})"), {});
  Preparer prepare(layers, resolve_defaults(layers), Incoming::records);
  Record one = read_record(R"({"body":1})"), two = read_record(R"({"message_id":null,"body":1})");
  prepare(one);
  prepare(two);
  CHECK(one.message_id->size() == 32);
  CHECK_FALSE(two.message_id);
}

TEST_CASE("layers: a correlation_id is made afresh only where there is something to correlate") {
  const struct {
    const char* record;
    bool awaits_replies, made;
  } rows[] = {{R"({"body":1})", false, false},
              {R"({"reply_to":"","body":1})", false, false},
              {R"({"reply_to":"answers","body":1})", false, true},
              {R"({"body":1})", true, true},
              {R"({"correlation_id":null,"reply_to":"answers","body":1})", true, false}};
  const Layers layers(read_record(R"({"routing_key":"k"})"), {});
  for (const auto& row : rows) {
    CAPTURE(row.record);
    Preparer prepare(layers, resolve_defaults(layers), Incoming::records, row.awaits_replies);
    Record record = read_record(row.record);
    prepare(record);
    CHECK(record.correlation_id.has_value() == row.made);
    if (row.made) CHECK(record.correlation_id != record.message_id);
  }
}
