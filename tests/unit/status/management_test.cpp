#include "status/management.h"

#include <doctest/doctest.h>

#include "support/errors.h"
#include "support/small_origin.h"

using namespace iso;
using namespace iso::status;
using namespace std::chrono_literals;
using test::error_of;
using test::SmallOrigin;

namespace {

constexpr std::string_view kQueues = R"([
  {"name":"b","type":"quorum","messages_ready":7,"messages_unacknowledged":2,"consumers":1,
   "arguments":{"x-queue-type":"quorum"},"effective_policy_definition":{"dead-letter-exchange":"dlx"},
   "message_stats":{"publish_details":{"rate":2.5},"deliver_get_details":{"rate":0.0}}},
  {"name":"a\u001b[31m","messages_ready":0,"head_message_timestamp":1000,"effective_policy_definition":{},
   "arguments":{"x-dead-letter-exchange":"","x-dead-letter-routing-key":"dead"}}])";

std::string reply(std::string_view status, std::string_view body) {
  return fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body);
}

Url broker(const std::string& management) {
  return parse_url("amqp://shop:se%20cret@127.0.0.1/a%2Fb?management=" + management);
}

}  // namespace

TEST_CASE("management: its answer is queues by name, with where their dead letters go") {
  const auto queues = queues_in(kQueues, 1010s);
  REQUIRE(queues);
  REQUIRE(queues->size() == 2);
  const QueueStatus &a = queues->at(0), &b = queues->at(1);
  CHECK(a.queue == "a\033[31m");
  CHECK(a.dead_letters_to == ":dead");
  CHECK(a.oldest == 10s);
  CHECK(a.type.empty());
  CHECK_FALSE(a.consumers);
  CHECK(b.ready == 7);
  CHECK(b.unacked == 2);
  CHECK(b.consumers == 1);
  CHECK(b.type == "quorum");
  CHECK(b.dead_letters_to == "dlx");
  CHECK(b.in == 2.5);
  CHECK(b.out == 0.0);
  CHECK_FALSE(b.oldest);
}

TEST_CASE("management: what is not its answer is none, and what is there in an odd type is left out") {
  for (const char* text : {"", "{}", "[1]", "[{\"name\":", "<html>", "[{\"messages\":1}]", "null"}) {
    CAPTURE(text);
    CHECK_FALSE(queues_in(text, 0s));
  }
  const auto odd = queues_in(
      R"([{"name":"q","messages_ready":"many","consumers":-1,"arguments":[],"message_stats":7,"type":null}])",
      0s);
  REQUIRE(odd);
  CHECK_FALSE(odd->at(0).ready);
  CHECK_FALSE(odd->at(0).consumers);
  CHECK(odd->at(0).dead_letters_to == "");
  CHECK(queues_in(" []", 0s)->empty());
}

TEST_CASE("management: it is asked for the vhost, with the login of the broker's URL") {
  SmallOrigin origin({reply("200 OK", kQueues)});
  const auto answer = ask_management(broker(origin.url("/")), 5s);
  CHECK(answer.why == "");
  CHECK(answer.queues.size() == 2);
  const std::string request = origin.requests().at(0);
  CHECK(request.starts_with("GET /api/queues/%61%2F%62?columns=name,type,"));
  CHECK(request.find("Authorization: Basic c2hvcDpzZSBjcmV0") != request.npos);
}

TEST_CASE("management: one that refuses or is something else says so, without the password") {
  const struct {
    const char* status;
    const char* body;
    const char* says;
    bool is_refusal;
  } rows[] = {
      {"401 Unauthorized", "{}", "the user needs the tag \"management\"", true},
      {"403 Forbidden", "", "the user needs the tag \"management\"", true},
      {"404 Not Found", "{}", "no vhost \"a/b\"", false},
      {"500 Oops", "", "status 500", false},
      {"200 OK", "<html>", "not RabbitMQ's API", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.status);
    SmallOrigin origin({reply(row.status, row.body)});
    const auto answer = ask_management(broker(origin.url("")), 5s);
    CHECK(answer.why.find(row.says) != answer.why.npos);
    CHECK(answer.why.find("cret") == answer.why.npos);
    CHECK(answer.is_refusal == row.is_refusal);
  }
  CHECK(ask_management(broker("http://127.0.0.1:1"), 5s).why.find("127.0.0.1:1") != std::string::npos);
}

TEST_CASE("management: it is where its option says, or at RabbitMQ's port on the broker's host") {
  CHECK(management_url(parse_url("amqp://h:1,g/")) == "http://h:15672");
  CHECK(management_url(parse_url("amqps://[::1]/")) == "https://[::1]:15671");
  CHECK(management_url(broker("https://m:1/prefix/")) == "https://m:1/prefix");
  for (const char* wrong : {"m:1", "ftp://m", "http://", "http://u:geheim@m", "http://m?x", "http+srv://m"}) {
    CAPTURE(wrong);
    const Error error = error_of([&] { management_url(broker(wrong)); });
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(std::string(error.what()).find("geheim") == std::string::npos);
  }
}
