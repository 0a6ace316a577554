#include "handlers/coprocess.h"

#include <csignal>
#include <deque>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "support/errors.h"
#include "support/fakes.h"
#include "support/folder.h"

using namespace iso;
using namespace iso::handlers;
using namespace std::chrono_literals;

namespace {

// Records with a coprocess, and their results. Tickets are 1, 2, 3, … in the order of put().
struct Trial {
  CoprocessOptions options;
  std::deque<Record> records;
  std::vector<std::string> notices;
  std::unique_ptr<Sink> sink;
  std::vector<DeliveryResult> results;  // in the order received

  explicit Trial(std::string script) {
    std::signal(SIGPIPE, SIG_IGN);
    options.command = {"sh", "-c", std::move(script)};
    options.environment = {"PATH=/usr/bin:/bin"};
    options.notice = [this](std::string_view text) { notices.emplace_back(text); };
  }

  void put(const std::vector<std::string>& ids, const std::string& body = "1") {
    if (!sink) sink = open_coprocess_sink(options);
    for (const std::string& id : ids) {
      Record& record = records.emplace_back();
      if (!id.empty()) record.message_id = id;
      record.body = body;
      record.body_kind = BodyKind::json;
      sink->put(records.size(), record);
    }
    sink->flush();
  }

  // Waits until there are `count` results in all, for at most ten seconds.
  std::map<Ticket, DeliveryStatus> statuses(std::size_t count) {
    const auto limit = std::chrono::steady_clock::now() + 10s;
    while (results.size() < count && std::chrono::steady_clock::now() < limit) {
      wait_for(sink->wait(), 100ms);
      ++rounds;
      sink->results(results);
    }
    std::map<Ticket, DeliveryStatus> statuses;
    for (const DeliveryResult& result : results) statuses[result.ticket] = result.status;
    return statuses;
  }

  int rounds = 0;
};

// Reads until each record was put, then runs the test's command.
std::string after_reading(int count, const std::string& then) {
  return "i=0; while [ $i -lt " + std::to_string(count) + " ] && read -r line; do i=$((i+1)); done; " + then;
}

using Fates = std::map<Ticket, DeliveryStatus>;

}  // namespace

TEST_CASE("coprocess: each record is a line, and an answer without an id is for the oldest") {
  Trial trial(R"(while read -r line; do case $line in
    '{"message_id":"a","body":1}') echo '{"ack":true}';;
    '{"message_id":"b","body":1}') echo '{"requeue":true}';;
    *) printf '{"reject":"why"}\n';; esac; done)");
  trial.put({"a", "b", "c"});
  CHECK(trial.statuses(3) ==
        Fates{{1, DeliveryStatus::confirmed}, {2, DeliveryStatus::deferred}, {3, DeliveryStatus::rejected}});
  CHECK(trial.results[2].reply_text == "why");
  CHECK(trial.notices.empty());
}

TEST_CASE(
    "coprocess: answers with ids come in any order; of two records with the same id the older is meant") {
  Trial trial(after_reading(4, R"(echo '{"message_id":"c","reject":"x"}{"message_id":"a","requeue":true}'
    echo '{"message_id":"a","ack":true}'; echo '{"ack":true}'; read -r line)"));
  trial.put({"a", "a", "c", ""});
  CHECK(trial.statuses(4) == Fates{{1, DeliveryStatus::deferred},
                                   {2, DeliveryStatus::confirmed},
                                   {3, DeliveryStatus::rejected},
                                   {4, DeliveryStatus::confirmed}});
  CHECK(trial.results[0].ticket == 3);
}

TEST_CASE("coprocess: an answer may come in pieces, and the last one without a line break") {
  Trial trial(R"(read -r line; printf '{"ack"'; read -r line; printf ':true}'; read -r line
    printf '\n{"ack":true'; printf '}'; exit 0)");
  trial.put({"a", "b", "c"});
  CHECK(trial.statuses(3) ==
        Fates{{1, DeliveryStatus::confirmed}, {2, DeliveryStatus::confirmed}, {3, DeliveryStatus::deferred}});
}

TEST_CASE("coprocess: an answer cut off by its end is ignored") {
  Trial trial(R"(read -r line; printf '{"ack":tr'; kill -9 $$)");
  trial.put({"a"});
  CHECK(trial.statuses(1) == Fates{{1, DeliveryStatus::deferred}});
  CHECK(trial.results[0].reply_text == "the coprocess: ended by signal 9");
}

TEST_CASE("coprocess: a reply is a record, which needs `replies`") {
  const std::string script = R"(while read -r line; do echo '{"body":{"n":1.50}}'; done)";
  Trial trial(script);
  trial.options.replies = true;
  trial.put({"a"});
  CHECK(trial.statuses(1) == Fates{{1, DeliveryStatus::confirmed}});
  REQUIRE(trial.results[0].reply);
  CHECK(trial.results[0].reply->body == R"({"n":1.50})");

  Trial without(script);
  without.put({"a"});
  CHECK(test::error_of([&] { without.statuses(1); }).kind() == ErrorKind::usage);
}

TEST_CASE("coprocess: when it dies the oldest is deferred, the others are untried, and it is restarted") {
  Trial trial(after_reading(3, R"(echo '{"message_id":"b","ack":true}'; exit 3)"));
  trial.put({"a", "b", "c"});
  CHECK(trial.statuses(3) ==
        Fates{{1, DeliveryStatus::deferred}, {2, DeliveryStatus::confirmed}, {3, DeliveryStatus::untried}});
  CHECK(trial.notices == std::vector<std::string>{"the coprocess: exit 3; starting it again"});
  trial.put({"d", "b", "f"});
  CHECK(trial.statuses(6).at(5) == DeliveryStatus::confirmed);
}

TEST_CASE("coprocess: bodies that fill the pipes in both directions at once all arrive") {
  Trial trial("exec cat");
  trial.options.replies = true;
  trial.put({"a", "b", "c"}, "\"" + std::string(3'000'000, 'x') + "\"");
  CHECK(trial.statuses(3) == Fates{{1, DeliveryStatus::confirmed},
                                   {2, DeliveryStatus::confirmed},
                                   {3, DeliveryStatus::confirmed}});
  for (const DeliveryResult& result : trial.results) CHECK(result.reply->body.size() == 3'000'002);
}

TEST_CASE("coprocess: after closing its input it may still answer, and is killed without a busy wait") {
  Trial trial(R"(read -r line; exec <&-; echo '{"ack":true}'; sleep 60)");
  trial.options.leave_time = 300ms;
  trial.put({"a"});
  CHECK(trial.statuses(1) == Fates{{1, DeliveryStatus::confirmed}});
  trial.put({"b"}, "\"" + std::string(300'000, 'x') + "\"");  // larger than a pipe
  CHECK(trial.statuses(2) == Fates{{1, DeliveryStatus::confirmed}, {2, DeliveryStatus::untried}});
  CHECK(trial.notices == std::vector<std::string>{"the coprocess: it closed its input; starting it again"});
  CHECK(trial.rounds < 30);
}

TEST_CASE("coprocess: its end is noticed even if a process that it started keeps its output open") {
  Trial trial(R"(sleep 60 2>&- & read -r line; echo '{"ack":true}'; exit 3)");
  trial.put({"a", "b"});
  CHECK(trial.statuses(2) == Fates{{1, DeliveryStatus::confirmed}, {2, DeliveryStatus::deferred}});
  CHECK(trial.results[1].reply_text == "the coprocess: exit 3");
}

TEST_CASE("coprocess: closing its output counts as ending, and is the reported reason") {
  Trial trial("exec >&-; exec sleep 60");
  trial.put({"a"});
  CHECK(trial.statuses(1) == Fates{{1, DeliveryStatus::deferred}});
  CHECK(trial.results[0].reply_text == "the coprocess: it closed its output");
}

TEST_CASE("coprocess: without an answer in time it is killed, and only the oldest is rejected") {
  Trial trial(R"(read -r line; echo '{"message_id":"b","ack":true}'; sleep 60 | cat)");
  trial.options.answer_time = 200ms;
  trial.put({"a", "b", "c"});
  CHECK(trial.statuses(3) ==
        Fates{{1, DeliveryStatus::rejected}, {2, DeliveryStatus::confirmed}, {3, DeliveryStatus::untried}});
  CHECK(trial.notices == std::vector<std::string>{"the coprocess: no answer for 0.2s; starting it again"});
}

TEST_CASE("coprocess: an invalid answer is thrown, after the answers before it") {
  const struct {
    const char *says, *why;
  } rows[] = {{"hello", "wrote hello, which is not an answer"},
              {R"({"message_id":"z","ack":true})", "it does not hold message z"},
              {R"({"message_id":"a","ack":true})", "it does not hold message a"}};
  for (const auto& row : rows) {
    CAPTURE(row.says);
    Trial trial(after_reading(
        2, std::string(R"(echo '{"message_id":"a","ack":true}'; echo ')") + row.says + "'; read -r line"));
    trial.put({"a", "b"});
    CHECK(trial.statuses(1) == Fates{{1, DeliveryStatus::confirmed}});
    const Error error = test::error_of([&] { trial.statuses(2); });
    CHECK(error.kind() == ErrorKind::data);
    CHECK(test::says(error, row.why));
  }
}

TEST_CASE("coprocess: an answer to no record is thrown") {
  Trial trial(R"(read -r line; echo '{"ack":true}{"ack":true}'; read -r line)");
  trial.put({"a"});
  trial.statuses(1);
  CHECK(test::says(test::error_of([&] { trial.statuses(2); }), "every message is already answered"));
}

TEST_CASE("coprocess: a command that cannot be started is thrown, with its name") {
  Trial trial("");
  trial.options.command = {"/nowhere/worker"};
  const Error error = test::error_of([&] { trial.put({"a"}); });
  CHECK(error.kind() == ErrorKind::missing);
  CHECK(test::says(error, "cannot start /nowhere/worker"));
}

TEST_CASE("coprocess: the destructor closes its input, then waits up to leave_time") {
  const struct {
    const char* script;
    std::chrono::milliseconds leave_time, at_least;
  } rows[] = {{"while read -r line; do :; done; sleep 0.2", 5000ms, 200ms},
              {"sleep 60; read -r line", 400ms, 400ms}};
  for (const auto& row : rows) {
    CAPTURE(row.script);
    Trial trial(row.script);
    trial.options.leave_time = row.leave_time;
    trial.put({"a"});
    const auto start = std::chrono::steady_clock::now();
    trial.sink.reset();
    const auto took = std::chrono::steady_clock::now() - start;
    CHECK(took >= row.at_least);
    CHECK(took < 3000ms);
  }
}

TEST_CASE("coprocess: the destructor does not wait if it could not be restarted") {
  Trial trial("exit 1");
  const std::string program = "/tmp/iso-coprocess-" + std::to_string(getpid());
  REQUIRE(symlink("/bin/false", program.c_str()) == 0);
  trial.options.command = {program};
  trial.put({"a"});
  trial.statuses(1);
  unlink(program.c_str());
  trial.put({"b"});
  CHECK(test::error_of([&] { trial.statuses(2); }).kind() == ErrorKind::missing);
  const auto start = std::chrono::steady_clock::now();
  trial.sink.reset();
  CHECK(std::chrono::steady_clock::now() - start < 2s);
}

TEST_CASE("coprocess: answers written after the end of its input are read") {
  Trial trial(R"(n=$(grep -c .); while [ $n -gt 0 ]; do echo '{"ack":true}'; n=$((n-1)); done)");
  trial.put({"a", "b", "c"});
  trial.sink->finish(false);
  CHECK(trial.statuses(3) == Fates{{1, DeliveryStatus::confirmed},
                                   {2, DeliveryStatus::confirmed},
                                   {3, DeliveryStatus::confirmed}});
  CHECK(trial.notices.empty());
}

TEST_CASE("coprocess: finish(true) gives back what it was not given, and it gets only complete lines") {
  const test::Folder folder;
  const std::string gate = folder.path + "/gate";
  REQUIRE(mkfifo(gate.c_str(), 0600) == 0);
  Trial trial("read -r go <" + gate +
              R"(; while read -r line; do case $line in *}) echo '{"ack":true}';; esac; done)");
  trial.put({"a", "b", "c"}, '"' + std::string(100'000, 'x') + '"');  // larger than a pipe
  trial.sink->finish(true);
  const auto go = Descriptor::own(open(gate.c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(write(go.get(), "\n", 1) == 1);
  CHECK(trial.statuses(3) ==
        Fates{{1, DeliveryStatus::confirmed}, {2, DeliveryStatus::untried}, {3, DeliveryStatus::untried}});
}

TEST_CASE(
    "coprocess: after finish(true) unanswered records are untried, and it is not started "
    "again") {
  Trial trial("read -r line; read -r line; exit 3");
  trial.put({"a"});
  trial.sink->finish(true);
  CHECK(trial.statuses(1) == Fates{{1, DeliveryStatus::untried}});
  CHECK(trial.notices.empty());
}

TEST_CASE("coprocess: it gets no withdrawn record that has not begun, and later ones as complete lines") {
  // Does not read until the pipe is full, then answers each line with the id in it.
  Trial trial(
      "sleep 0.3; exec sed -u "
      "'s/.*\"message_id\":\"\\([^\"]*\\)\".*/{\"message_id\":\"\\1\",\"ack\":true}/'");
  const std::string large = '"' + std::string(200'000, 'x') + '"';
  trial.put({"a"}, large);
  trial.put({"b", "c", "d"});
  trial.sink->withdraw(3);
  CHECK(trial.statuses(4) == std::map<Ticket, DeliveryStatus>{{1, DeliveryStatus::confirmed},
                                                              {2, DeliveryStatus::untried},
                                                              {3, DeliveryStatus::untried},
                                                              {4, DeliveryStatus::confirmed}});
}

TEST_CASE("coprocess: the time for an answer starts when one is due, and again with each answer") {
  test::FakeClock clock;
  Trial trial(
      R"(read -r line; echo '{"ack":true}'; read -r line; read -r line; echo '{"ack":true}'; exec sleep 60)");
  trial.options.clock = &clock;
  trial.options.answer_time = 200ms;
  trial.options.leave_time = 0ms;
  trial.put({"a"});
  clock.now += 150ms;
  CHECK(*trial.sink->wait().at_most == 50ms);
  CHECK(trial.statuses(1).size() == 1);
  CHECK_FALSE(trial.sink->wait().at_most);  // no answer is due

  clock.now += 1h;
  trial.put({"b"});
  CHECK(*trial.sink->wait().at_most == 200ms);
  clock.now += 150ms;
  trial.put({"c"});
  CHECK(*trial.sink->wait().at_most == 50ms);
  CHECK(trial.statuses(2).size() == 2);
  CHECK(*trial.sink->wait().at_most == 200ms);

  clock.now += 199ms;
  trial.sink->results(trial.results);
  CHECK(trial.results.size() == 2);
  clock.now += 1ms;
  CHECK(*trial.sink->wait().at_most == 0ms);
  trial.sink->results(trial.results);
  REQUIRE(trial.results.size() == 3);
  CHECK(trial.results[2].status == DeliveryStatus::rejected);
  CHECK(trial.results[2].reply_text == "the coprocess: no answer for 0.2s");
}

TEST_CASE("coprocess: is restarted after the delay, and only for a record") {
  test::FakeClock clock;
  Trial trial("exit 1");
  trial.options.clock = &clock;
  trial.put({"a"});
  for (std::size_t death = 1; death <= 4; ++death) {
    REQUIRE(trial.statuses(death).size() == death);
    CHECK_FALSE(trial.sink->wait().at_most);
    CHECK(trial.sink->wait().descriptors.empty());
    trial.put({"a"});
    const auto pause = *trial.sink->wait().at_most;
    CHECK(pause >= 50ms * (1 << (death - 1)));
    CHECK(pause <= 100ms * (1 << (death - 1)));
    clock.now += pause - 1ms;
    trial.sink->results(trial.results);
    CHECK(*trial.sink->wait().at_most == 1ms);
    clock.now += 1ms;
  }
}

TEST_CASE("coprocess: an answer resets the delay") {
  test::FakeClock clock;
  Trial trial(R"(read -r line; case $line in *yes*) echo '{"ack":true}';; esac; exit 1)");
  trial.options.clock = &clock;
  for (const char* id : {"no", "no", "no", "yes"}) {
    trial.put({id});
    clock.now += 10s;
    trial.statuses(trial.records.size());
  }
  // If it ends without a record, that is noticed by its end.
  const auto limit = std::chrono::steady_clock::now() + 10s;
  while (trial.notices.size() < 4 && std::chrono::steady_clock::now() < limit) {
    wait_for(trial.sink->wait(), 100ms);
    trial.sink->results(trial.results);
  }
  trial.put({"no"});
  CHECK(*trial.sink->wait().at_most <= 100ms);
}

TEST_CASE("coprocess: after closing its input it has leave_time to answer") {
  test::FakeClock clock;
  Trial trial(R"(read -r line; exec <&-; echo '{"ack":true}'; exec sleep 60)");
  trial.options.clock = &clock;
  trial.options.leave_time = 300ms;
  trial.put({"a"});
  CHECK(trial.statuses(1).size() == 1);
  const auto limit = std::chrono::steady_clock::now() + 10s;
  do {  // until the pipe reports that its reader is gone
    trial.put({"b"});
  } while (!trial.sink->wait().at_most && std::chrono::steady_clock::now() < limit);
  CHECK(*trial.sink->wait().at_most == 300ms);
  clock.now += 299ms;
  trial.sink->results(trial.results);
  CHECK(trial.results.size() == 1);
  CHECK(*trial.sink->wait().at_most == 1ms);
  clock.now += 1ms;
  trial.sink->results(trial.results);
  CHECK(trial.results.size() == trial.records.size());
  CHECK(trial.notices == std::vector<std::string>{"the coprocess: it closed its input; starting it again"});
}

TEST_CASE("coprocess: waits for space in its input only while there is something to write") {
  Trial trial("exec sleep 60");
  trial.options.leave_time = 0ms;
  trial.put({"a"});
  CHECK(trial.sink->wait().descriptors.size() == 2);
  trial.put({"b"}, '"' + std::string(200'000, 'x') + '"');
  CHECK(trial.sink->wait().descriptors.size() == 3);
}

TEST_CASE("coprocess: of a long invalid line only the start is shown") {
  Trial trial(R"(read -r line; head -c 300 /dev/zero | tr '\0' x; echo; exec sleep 60)");
  trial.options.leave_time = 0ms;
  trial.put({"a"});
  const Error error = test::error_of([&] { trial.statuses(1); });
  CHECK(test::says(error, "the coprocess wrote " + std::string(200, 'x') + "…, which is not an answer"));
  CHECK(*trial.sink->wait().at_most == 0ms);
  CHECK(test::error_of([&] { trial.statuses(1); }).kind() == ErrorKind::data);
}
