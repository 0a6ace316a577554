#include "cli/listen/pretty.h"

#include <doctest/doctest.h>

#include "record/read.h"

using namespace iso;
using namespace iso::cli;

namespace {

std::string pretty(std::string_view record, const PrettyOptions& options = {}) {
  std::string out;
  append_pretty(out, read_record(record), options);
  return out;
}

}  // namespace

TEST_CASE("pretty: a head line and the body, digits and order as they are") {
  CHECK(pretty(R"({"exchange":"shop","queue":"orders","routing_key":"new","message_id":"0123456789abcdef",
                   "type":"t","redelivered":true,"received_at":"2026-01-31T09:30:00.123Z",
                   "body":{"total":1.500,"big":12345678901234567890,"items":[],"note":{"a":[1,"x"]}}})") ==
        "09:30:00  shop → orders  new  01234567…  type t  redelivered\n"
        "  {\n"
        "    \"total\": 1.500,\n"
        "    \"big\": 12345678901234567890,\n"
        "    \"items\": [],\n"
        "    \"note\": {\n"
        "      \"a\": [\n"
        "        1,\n"
        "        \"x\"\n"
        "      ]\n"
        "    }\n"
        "  }\n"
        "\n");
}

TEST_CASE("pretty: nothing in a message can move the cursor") {
  const std::string out = pretty(
      "{\"queue\":\"q\\u001b[2J\",\"routing_key\":\"k\\n\\u009b\",\"message_id\":\"\\u202e\","
      "\"text\":\"a\\u001b]0;x\\u0007\\nb\\u007f\"}");
  CHECK(out.find('\033') == out.npos);
  CHECK(out.find('\x7f') == out.npos);
  CHECK(out.find("\xc2\x9b") == out.npos);
  CHECK(out.find("\xe2\x80\xae") == out.npos);
  CHECK(out.find("  a\\u001b]0;x\\u0007\n  b\\u007f\n") != out.npos);
  const std::string raw = pretty("{\"queue\":\"q\",\"body\":{\"\x7f\":\"\xc2\x9b\"}}");
  CHECK(raw.find('\x7f') == raw.npos);
  CHECK(raw.find("\xc2\x9b") == raw.npos);
}

TEST_CASE("pretty: a long body is cut, and says by how much; bytes are counted") {
  const std::string cut = pretty(R"({"queue":"q","body":[1,2,3,4,5]})", {false, 3});
  CHECK(cut == "q\n  [\n    1,\n    2,\n  … 4 more lines; -v shows all\n\n");
  CHECK(pretty(R"({"queue":"q","base64":"/w=="})") == "q\n  (1 bytes)\n\n");
}

TEST_CASE("pretty: why a message died, in a few words") {
  CHECK(
      pretty(R"({"queue":"dead","headers":{"x-death":[{"queue":"orders","reason":"rejected","exchange":"shop",
                   "routing-keys":["new"]}]},"body":1})") == "dead  dead: rejected in orders\n  1\n\n");
}

TEST_CASE("indented JSON: colours are around tokens, and texts keep their brackets") {
  CHECK(indented_json(R"( {"a\"}":"{[,:]}" , "b":null} )", false) ==
        "{\n  \"a\\\"}\": \"{[,:]}\",\n  \"b\": null\n}");
  CHECK(indented_json("[-1]", true) == "[\n  \033[36m-1\033[0m\n]");
  CHECK(indented_json("{}", false) == "{}");
}
