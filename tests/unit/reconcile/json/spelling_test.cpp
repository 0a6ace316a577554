#include "reconcile/json/spelling.h"

#include <doctest/doctest.h>

#include "reconcile/small_sides.h"

using namespace iso;
using namespace iso::reconcile;
using test::SmallSides;

namespace {

std::string respelled(const std::string& json) {
  Value message = read_value(json);
  Respelling respelling;
  if (!respell(message, respelling)) return json;
  std::string out;
  append_respelled(out, message);
  return out;
}

std::string patch_of(const std::string& finding) {
  const auto start = finding.find(R"("patch":)");
  return start == finding.npos ? finding : finding.substr(start + 8, finding.size() - start - 9);
}

}  // namespace

TEST_CASE("spelling: a message is read as what publish would make of it") {
  const struct {
    std::string json, want;
  } rows[] = {
      {R"({"base64":"eyJhIjoxfQ=="})", R"({"body":{"a":1}})"},
      {R"({"base64":"eyJhIjoxfQ"})", R"({"body":{"a":1}})"},
      {R"({"base64":"w6k="})", R"({"text":"é"})"},
      {R"({"base64":"/w"})", R"({"base64":"/w=="})"},
      {R"({"base64":"no base64!"})", R"({"base64":"no base64!"})"},
      {R"({"text":" [1,\n2]"})", R"({"body":[1, 2]})"},
      {R"({"text":"plain"})", R"({"text":"plain"})"},
      {R"({"text":"\ud800"})", R"({"text":"\ud800"})"},
      {R"({"text":"1","body":1})", R"({"text":"1","body":1})"},
      {R"({"timestamp":"1970-01-01T00:01:00.9+00:00","body":1})", R"({"timestamp":60,"body":1})"},
      {R"({"timestamp":"soon","body":1})", R"({"timestamp":"soon","body":1})"},
      {R"({"expiration":5000,"body":1})", R"({"expiration":"5000","body":1})"},
      {R"({"headers":{"a":{"$int32":1},"b":[{"$decimal":"1.50"}],"c":{"$string":"YQ=="}},"body":1})",
       R"({"headers":{"a":1,"b":[1.50],"c":"a"},"body":1})"},
      {R"({"headers":{"a":{"$double":"nan"},"b":{"$bytes":"YQ=="},"c":{"$timestamp":1}},"body":1})",
       R"({"headers":{"a":{"$double":"nan"},"b":{"$bytes":"YQ=="},"c":{"$timestamp":1}},"body":1})"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.json);
    CHECK(respelled(row.json) == row.want);
  }
}

TEST_CASE("spelling: two spellings of one message are no difference, and two messages are") {
  const struct {
    std::string left, right, patch;
  } rows[] = {
      {R"("body":{"a":1.0,"b":"é"})", R"("base64":"eyJiIjoiw6kiLCJhIjoxfQ==")", ""},
      {R"("text":"{\"a\":1}")", R"("body":{"a":1})", ""},
      {R"("text":"{\"a\":1}")", R"("body":{"a":2})",
       R"([{"op":"test","path":"/text","value":"{\"a\":1}"},{"op":"remove","path":"/text"},)"
       R"({"op":"add","path":"/body","value":{"a":1}},)"
       R"({"op":"test","path":"/body/a","value":1},{"op":"replace","path":"/body/a","value":2}])"},
      {R"("base64":"aGk=")", R"("text":"hi")", ""},
      {R"("text":"hi")", R"("body":"hi")",
       R"([{"op":"test","path":"/text","value":"hi"},{"op":"remove","path":"/text"},)"
       R"({"op":"add","path":"/body","value":"hi"}])"},
      {R"("body":1,"timestamp":"1970-01-01T01:00:00+01:00")", R"("body":1,"timestamp":0)", ""},
      {R"("body":1,"timestamp":"1970-01-01T00:00:01Z")", R"("body":1,"timestamp":0)",
       R"([{"op":"test","path":"/timestamp","value":"1970-01-01T00:00:01Z"},)"
       R"({"op":"replace","path":"/timestamp","value":0}])"},
      {R"("body":1,"headers":{"n":{"$int32":1}})", R"("body":1,"headers":{"n":1})", ""},
      {R"("body":1,"headers":{"n":{"$int32":1}})", R"("body":1,"headers":{"n":{"$uint8":2}})",
       R"([{"op":"test","path":"/headers/n","value":{"$int32":1}},)"
       R"({"op":"replace","path":"/headers/n","value":{"$uint8":2}}])"},
  };
  for (const auto& row : rows) {
    SmallSides sides;
    sides.of_messages();
    CAPTURE(row.left);
    const auto found =
        sides.run({R"({"message_id":"a",)" + row.left + "}"}, {R"({"message_id":"a",)" + row.right + "}"});
    CHECK(found.size() == (row.patch.empty() ? 0 : 1));
    if (!found.empty()) CHECK(patch_of(found[0]) == row.patch);
  }
}

TEST_CASE("spelling: a key is found in every spelling, and so is what --compare names") {
  SmallSides sides;
  for (Side* side : {&sides.left, &sides.right}) {
    side->key = {{"headers", "n"}, {"body", "id"}};
    side->rule = {};
    side->rule.at({"headers", "n"}).key = 0;
    side->rule.at({"body", "id"}).key = 1;
    side->compared = {"body", "v"};
    side->rule.at(side->compared).compared = true;
  }
  CHECK(sides.run({R"({"headers":{"n":{"$int32":7}},"text":"{\"id\":1,\"v\":2}"})"},
                  {R"({"headers":{"n":7},"body":{"v":2.0,"id":1.0}})"})
            .empty());
  CHECK(sides.tally.ok == 1);
  const auto found = sides.run({R"({"headers":{"n":{"$int32":7}},"text":"{\"id\":1,\"v\":2}"})"}, {});
  CHECK(found.at(0).find(R"("key":[7,1])") != std::string::npos);
}

TEST_CASE("spelling: what is no message is compared as it stands") {
  SmallSides sides;
  CHECK(sides.run({R"({"id":1,"text":"1"})"}, {R"({"id":1,"text":"1.0"})"}).size() == 1);
}
