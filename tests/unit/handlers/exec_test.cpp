#include "handlers/exec.h"

#include <algorithm>
#include <csignal>
#include <doctest/doctest.h>
#include <fstream>
#include <map>
#include <unistd.h>

#include "handlers/environment.h"
#include "record/read.h"
#include "support/errors.h"
#include "support/fakes.h"

using namespace iso;
using namespace iso::handlers;
using namespace std::chrono_literals;

TEST_CASE("handler_environment: has every field and header, and none of an outer handler's") {
  const Record record = read_record(
      R"({"exchange":"","routing_key":"k","message_id":"m1","priority":5,"persistent":true,)"
      R"("headers":{"x-tenant":"acme","n":{"$int32":7},"X.Tenant":"later","nul":"a\u0000b"},"redelivered":false,"body":1})");
  const auto environment = handler_environment(
      {"PATH=/bin", "ISO_URL=sqlite:shop.db", "ISO_TYPE=outer", "ISO_HEADER_OLD=1", "ISO_ROUTING_KEY=outer"},
      record, [](std::string_view) {});
  CHECK(environment == std::vector<std::string>{"PATH=/bin", "ISO_URL=sqlite:shop.db",
                                                "ISO_EXCHANGE=", "ISO_ROUTING_KEY=k", "ISO_MESSAGE_ID=m1",
                                                "ISO_PRIORITY=5", "ISO_PERSISTENT=true",
                                                "ISO_HEADER_N={\"$int32\":7}", "ISO_HEADER_X_TENANT=later",
                                                R"(ISO_HEADER_NUL="a\u0000b")", "ISO_REDELIVERED=false"});
}

namespace {

// Runs `command` for each body, and returns the statuses in the order of the bodies.
std::vector<DeliveryResult> run(const ExecOptions& options, const std::vector<std::string>& bodies) {
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<Record> records(bodies.size());
  auto sink = open_exec_sink(options);
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    records[i].body = bodies[i];
    sink->put(i + 1, records[i]);
  }
  sink->flush();
  std::vector<DeliveryResult> results;
  for (int rounds = 0; results.size() < bodies.size() && rounds < 1000; ++rounds) {
    wait_for(sink->wait(), 100ms);
    sink->results(results);
  }
  std::sort(results.begin(), results.end(),
            [](const DeliveryResult& a, const DeliveryResult& b) { return a.ticket < b.ticket; });
  return results;
}

// Waits for as many results, for at most ten seconds.
std::vector<DeliveryResult> results_of(Sink& sink, std::size_t count) {
  std::vector<DeliveryResult> results;
  for (int rounds = 0; results.size() < count && rounds < 100; ++rounds) {
    wait_for(sink.wait(), 100ms);
    sink.results(results);
  }
  return results;
}

// Child processes that were not reaped.
std::size_t children() {
  std::ifstream file("/proc/self/task/" + std::to_string(getpid()) + "/children");
  std::size_t count = 0;
  for (std::string pid; file >> pid;) ++count;
  return count;
}

ExecOptions shell(std::string script) {
  ExecOptions options;
  options.command = {"sh", "-c", std::move(script)};
  options.environment = {"PATH=/usr/bin:/bin"};
  return options;
}

}  // namespace

TEST_CASE("exec: the exit status decides, and the body is on standard input") {
  const auto results = run(shell("read status; exit $status"), {"0\n", "75\n", "3\n", "1\n"});
  REQUIRE(results.size() == 4);
  CHECK(results[0].status == DeliveryStatus::confirmed);
  CHECK(results[1].status == DeliveryStatus::deferred);
  CHECK(results[2].status == DeliveryStatus::rejected);
  CHECK(results[2].reply_text == "exit 3");
  CHECK(results[3].status == DeliveryStatus::rejected);
}

TEST_CASE("exec: signals, commands that do not read, and large bodies are handled") {
  const auto results =
      run(shell("if [ -n \"$KILL\" ]; then kill -9 $$; fi; exit 0"), {std::string(1 << 20, 'x'), ""});
  REQUIRE(results.size() == 2);
  CHECK(results[0].status == DeliveryStatus::confirmed);
  CHECK(results[1].status == DeliveryStatus::confirmed);
  const auto killed = run(shell("kill -9 $$"), {"a"});
  REQUIRE(killed.size() == 1);
  CHECK(killed[0].status == DeliveryStatus::deferred);
  CHECK(killed[0].reply_text == "ended by signal 9");
}

TEST_CASE("exec: a process ended by a signal defers its message, also if a shell reports it") {
  for (const char* script :
       {"kill -TERM $$", "kill -SEGV $$", "sh -c 'kill -9 $$'; exit $?", "exit 143", "exit 129"}) {
    CAPTURE(script);
    CHECK(run(shell(script), {"a"}).at(0).status == DeliveryStatus::deferred);
  }
  CHECK(run(shell("exit 128"), {"a"}).at(0).status == DeliveryStatus::rejected);
  CHECK(run(shell("exit 255"), {"a"}).at(0).status == DeliveryStatus::rejected);
}

TEST_CASE("exec: 126 and 127 mean that the command is missing: other results come first, then it is thrown") {
  for (const int code : {126, 127}) {
    auto options = shell("read n; exit $n");
    options.jobs = 2;
    auto sink = open_exec_sink(options);
    std::vector<Record> records(4);
    records[0].body = records[2].body = records[3].body = "0\n";
    records[1].body = std::to_string(code) + "\n";
    for (std::size_t i = 0; i < records.size(); ++i) sink->put(i + 1, records[i]);
    sink->flush();
    std::vector<DeliveryResult> results;
    const Error error = test::error_of([&] {
      for (int rounds = 0; rounds < 1000; ++rounds) {
        wait_for(sink->wait(), 100ms);
        sink->results(results);
      }
    });
    CHECK(error.kind() == ErrorKind::missing);
    CHECK(test::says(error, "exit " + std::to_string(code)));
    for (const auto& result : results) {
      CHECK(result.ticket != 2);
      CHECK(result.status == DeliveryStatus::confirmed);
    }
  }
}

TEST_CASE("exec: finish(true) gives back what has not started, and a failure is then untried") {
  auto sink = open_exec_sink(shell("read n; exit $n"));
  std::vector<Record> records(2);
  records[0].body = "3\n";
  for (std::size_t i = 0; i < records.size(); ++i) sink->put(i + 1, records[i]);
  sink->flush();
  sink->finish(true);
  std::vector<DeliveryResult> results;
  for (int rounds = 0; results.size() < 2 && rounds < 100; ++rounds) {
    wait_for(sink->wait(), 100ms);
    sink->results(results);
  }
  REQUIRE(results.size() == 2);
  for (const auto& result : results) CHECK(result.status == DeliveryStatus::untried);
}

TEST_CASE("exec: a command has no terminal to wait for") {
  CHECK(run(shell("if (: </dev/tty) 2>/dev/null; then exit 1; fi"), {"a"}).at(0).status ==
        DeliveryStatus::confirmed);
}

TEST_CASE("exec: a field that does not fit into the environment is left out, which is reported once") {
  auto options = shell("test -z \"$ISO_HEADER_BIG$ISO_HEADER_H29\" && test \"$ISO_MESSAGE_ID\" = m1");
  std::vector<std::string> told;
  options.notice = [&](std::string_view text) { told.emplace_back(text); };
  auto sink = open_exec_sink(options);
  std::string json = R"({"message_id":"m1","headers":{"big":")" + std::string(200'000, 'x') + '"';
  // Each one fits, but not all together: Linux allows a quarter of the stack limit.
  for (int i = 0; i < 30; ++i)
    json += ",\"h" + std::to_string(i) + "\":\"" + std::string(std::size_t(100'000 + i), 'x') + '"';
  const Record record = read_record(json + R"(},"body":1})");
  std::vector<DeliveryResult> results;
  for (Ticket ticket = 1; ticket <= 2; ++ticket) sink->put(ticket, record);
  sink->flush();
  for (int rounds = 0; results.size() < 2 && rounds < 100; ++rounds) {
    wait_for(sink->wait(), 100ms);
    sink->results(results);
  }
  REQUIRE(results.size() == 2);
  CHECK(results[0].status == DeliveryStatus::confirmed);
  CHECK(results[1].status == DeliveryStatus::confirmed);
  CHECK(told.at(0) == "ISO_HEADER_BIG is too large for an environment: the command runs without it");
  CHECK(std::count(told.begin(), told.end(), told[0]) == 1);
}

TEST_CASE("exec: a large body arrives complete") {
  const auto results = run(shell("test $(wc -c) = 3000000"), {std::string(3'000'000, 'x')});
  REQUIRE(results.size() == 1);
  CHECK(results[0].status == DeliveryStatus::confirmed);
}

TEST_CASE("exec: at most `jobs` run at once, and each that ends is replaced") {
  auto options = shell("read status; exit $status");
  options.jobs = 2;
  auto sink = open_exec_sink(options);
  Record record;
  record.body = "0\n";
  for (Ticket ticket = 1; ticket <= 5; ++ticket) sink->put(ticket, record);
  REQUIRE(children() == 0);
  sink->flush();
  CHECK(children() == 2);
  sink->flush();
  CHECK(children() == 2);
  CHECK(results_of(*sink, 5).size() == 5);
  CHECK(children() == 0);
}

TEST_CASE("exec: a job over its time limit is killed, with everything that it started") {
  test::FakeClock clock;
  auto options = shell("sleep 60 | cat");
  options.job_timeout = 100ms;
  options.clock = &clock;
  auto sink = open_exec_sink(options);
  const Record record;
  sink->put(1, record);
  CHECK_FALSE(sink->wait().at_most);
  sink->flush();
  std::vector<DeliveryResult> results;
  for (const auto left : {100ms, 1ms}) {
    CHECK(*sink->wait().at_most == left);
    sink->results(results);
    CHECK_FALSE(sink->wait().descriptors.empty());
    clock.now += left - 1ms;
  }
  clock.now += 1ms;
  CHECK(*sink->wait().at_most == 0ms);
  sink->results(results);
  CHECK_FALSE(sink->wait().at_most);  // it was killed, and its end will be noticed
  results = results_of(*sink, 1);
  REQUIRE(results.size() == 1);
  CHECK(results[0].status == DeliveryStatus::rejected);
  CHECK(results[0].reply_text == "killed after 0.1s");
}

TEST_CASE("exec: without a limit a job may run for any time") {
  test::FakeClock clock;
  auto options = shell("read status; exit $status");
  options.clock = &clock;
  auto sink = open_exec_sink(options);
  Record record;
  record.body = "0\n";
  sink->put(1, record);
  sink->flush();
  clock.now += 1000h;
  CHECK_FALSE(sink->wait().at_most);
  CHECK(results_of(*sink, 1).at(0).status == DeliveryStatus::confirmed);
}

TEST_CASE("exec: running processes are killed by the destructor") {
  auto sink = open_exec_sink(shell("exec sleep 60"));
  const Record record;
  sink->put(1, record);
  sink->flush();
  CHECK(children() == 1);
  sink.reset();
  CHECK(children() == 0);
}

TEST_CASE("exec: a command has the default signal dispositions") {
  const int all[] = {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGXFSZ};
  sigset_t blocked, before;
  sigemptyset(&blocked);
  for (const int number : all) {
    sigaddset(&blocked, number);
    std::signal(number, SIG_IGN);
  }
  sigprocmask(SIG_BLOCK, &blocked, &before);
  for (const int number : all) {
    CAPTURE(number);
    const auto results = run(shell("kill -" + std::to_string(number) + " $$; exit 1"), {""});
    CHECK(results.at(0).reply_text == "ended by signal " + std::to_string(number));
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  for (const int number : all)
    if (number != SIGPIPE) std::signal(number, SIG_DFL);
}

TEST_CASE("exec: finish(false) still starts the waiting records") {
  auto sink = open_exec_sink(shell("read status; exit $status"));
  Record record;
  record.body = "3\n";
  for (Ticket ticket = 1; ticket <= 2; ++ticket) sink->put(ticket, record);
  sink->flush();
  sink->finish(false);
  const auto results = results_of(*sink, 2);
  REQUIRE(results.size() == 2);
  for (const auto& result : results) CHECK(result.status == DeliveryStatus::rejected);
}

TEST_CASE("exec: the result of a withdrawn record is available at once") {
  auto sink = open_exec_sink(shell("exec sleep 60"));
  const Record record;
  for (Ticket ticket = 1; ticket <= 2; ++ticket) sink->put(ticket, record);
  sink->flush();
  sink->finish(true);
  CHECK(*sink->wait().at_most == 0ms);
  std::vector<DeliveryResult> results;
  sink->results(results);
  REQUIRE(results.size() == 1);
  CHECK(results[0].ticket == 2);
  CHECK(results[0].status == DeliveryStatus::untried);
}

TEST_CASE("exec: a reply may have the largest size, and no more") {
  auto options = shell("read size; head -c $size /dev/zero; if [ $size -gt 1000 ]; then exec sleep 60; fi");
  options.replies = true;
  options.largest_reply = 1000;
  const auto results = run(options, {"1000\n", "1001\n"});
  REQUIRE(results.size() == 2);
  CHECK(results[0].status == DeliveryStatus::confirmed);
  CHECK(results[0].reply->body.size() == 1000);
  CHECK(results[1].status == DeliveryStatus::rejected);
  CHECK(results[1].reply_text == "its reply is too large");
}

TEST_CASE("exec: its output is its reply, of any kind and size") {
  const struct {
    const char* script;
    std::string body;
    BodyKind kind;
  } rows[] = {{R"(printf '\n {"n":1.50}\n\n')", R"({"n":1.50})", BodyKind::json},
              {"echo done", "done\n", BodyKind::text},
              {"printf '\\377\\000'", std::string("\377\000", 2), BodyKind::bytes},
              {":", "", BodyKind::text},
              {"head -c 3000000 /dev/zero | tr '\\0' x; cat", std::string(3'000'001, 'x'), BodyKind::text}};
  for (const auto& row : rows) {
    CAPTURE(row.script);
    auto options = shell(row.script);
    options.replies = true;
    const auto results = run(options, {"x"});
    REQUIRE(results.size() == 1);
    CHECK(results[0].status == DeliveryStatus::confirmed);
    REQUIRE(results[0].reply);
    CHECK(results[0].reply->body == row.body);
    CHECK(results[0].reply->body_kind == row.kind);
  }
}

TEST_CASE("exec: a failed process has no reply, and a process that it leaves behind does not delay one") {
  auto options = shell("echo no; exit 1");
  options.replies = true;
  CHECK(!run(options, {"x"}).at(0).reply);
  options = shell("sleep 60 2>&- & echo yes");
  options.replies = true;
  const auto results = run(options, {"x"});
  REQUIRE(results.size() == 1);
  CHECK(results[0].status == DeliveryStatus::confirmed);
  CHECK(results[0].reply->body == "yes\n");
}

TEST_CASE("exec: when the reader of its output is gone, a failed record is untried, and the sink is closed") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  auto options = shell("exit 1");
  options.prints_to = ends[1];
  CHECK(run(options, {"x"}).at(0).status == DeliveryStatus::rejected);
  close(ends[0]);
  CHECK(run(options, {"x"}).at(0).status == DeliveryStatus::untried);
  options.command = {"true"};
  CHECK(run(options, {"x"}).at(0).status == DeliveryStatus::confirmed);
  close(ends[1]);
}

TEST_CASE("exec: a command that cannot be started is thrown, with its name") {
  ExecOptions options;
  options.command = {"/nowhere/handler"};
  const Error error = test::error_of([&] { run(options, {"a"}); });
  CHECK(error.kind() == ErrorKind::missing);
  CHECK(test::says(error, "cannot start /nowhere/handler"));
}

TEST_CASE("exec: withdrawn records that have not started are untried, and running ones continue") {
  std::signal(SIGPIPE, SIG_IGN);
  ExecOptions options;
  options.command = {"sleep", "0.2"};
  options.environment = {"PATH=/usr/bin:/bin"};
  auto sink = open_exec_sink(options);
  const Record record;
  for (Ticket ticket = 1; ticket <= 4; ++ticket) sink->put(ticket, record);
  sink->flush();
  sink->withdraw(3);
  std::vector<DeliveryResult> results;
  for (int rounds = 0; results.size() < 4 && rounds < 100; ++rounds) {
    wait_for(sink->wait(), 100ms);
    sink->results(results);
  }
  std::map<Ticket, DeliveryStatus> statuses;
  for (const DeliveryResult& result : results) statuses[result.ticket] = result.status;
  CHECK(statuses == std::map<Ticket, DeliveryStatus>{{1, DeliveryStatus::confirmed},
                                                     {2, DeliveryStatus::untried},
                                                     {3, DeliveryStatus::untried},
                                                     {4, DeliveryStatus::confirmed}});
}

TEST_CASE("exec: a file that is not executable counts as missing") {
  ExecOptions options;
  options.command = {"/etc/passwd"};
  CHECK(test::error_of([&] { run(options, {"a"}); }).kind() == ErrorKind::missing);
}
