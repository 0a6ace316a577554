#include "ends/stream.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <map>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "support/errors.h"
#include "support/folder.h"

namespace {
int syncs = 0, sync_fails_with = 0;
}

// In place of the C library's, for the whole of this program.
extern "C" int fdatasync(int fd) {
  ++syncs;
  errno = sync_fails_with;
  return sync_fails_with != 0 ? -1 : static_cast<int>(syscall(SYS_fdatasync, fd));
}

using namespace iso;
using namespace iso::ends;

namespace {

struct Pipe {
  int read_end, write_end;
  Pipe() {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    read_end = ends[0];
    write_end = ends[1];
  }
};

Input input_of(std::string_view bytes, std::string name = "") {
  Pipe pipe;
  REQUIRE(write(pipe.write_end, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  close(pipe.write_end);
  return {Descriptor::own(pipe.read_end), std::move(name)};
}

std::vector<Delivery> take_all(Source& source) {
  std::vector<Delivery> all;
  while (source.take(3, all) != SourceState::ended) {
  }
  return all;
}

std::vector<Delivery> taken_from(std::string_view bytes, Framing framing) {
  std::vector<Input> inputs;
  inputs.push_back(input_of(bytes));
  return take_all(*open_stream_source(std::move(inputs), framing));
}

Record record(std::string body, BodyKind kind) {
  Record one;
  one.body = std::move(body);
  one.body_kind = kind;
  return one;
}

std::string written(StreamFormat format, const Record& one) {
  Pipe pipe;
  auto sink = open_stream_sink(Descriptor::own(pipe.write_end), "pipe", format, ConfirmOnce::written);
  sink->put(1, one);
  sink->flush();
  char buffer[4096];
  const auto got = read(pipe.read_end, buffer, sizeof buffer);
  close(pipe.read_end);
  return {buffer, static_cast<std::size_t>(got)};
}

}  // namespace

TEST_CASE("stream source: a framing decides what one body is, and of what kind") {
  const struct {
    Framing framing;
    std::string_view input;
    std::vector<std::pair<std::string, BodyKind>> want;
  } rows[] = {
      {Framing::json,
       "{\"a\": 0.1000}\n[1,\n 2]",
       {{"{\"a\": 0.1000}", BodyKind::json}, {"[1,\n 2]", BodyKind::json}}},
      {Framing::lines,
       "one\n\ntwo",
       {{"one", BodyKind::text}, {"", BodyKind::text}, {"two", BodyKind::text}}},
      {Framing::lines, "\xff\n", {{"\xff", BodyKind::bytes}}},
      {Framing::whole, "one\ntwo\n", {{"one\ntwo\n", BodyKind::text}}},
      {Framing::whole, "{}", {{"{}", BodyKind::json}}},
      {Framing::whole, "", {{"", BodyKind::text}}},
      {Framing::records, R"({"routing_key":"k","body":{"a":1}})", {{"{\"a\":1}", BodyKind::json}}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.input);
    const auto all = taken_from(row.input, row.framing);
    REQUIRE(all.size() == row.want.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      CHECK_FALSE(all[i].bad_input);
      CHECK(all[i].record.body == row.want[i].first);
      CHECK(all[i].record.body_kind == row.want[i].second);
      CHECK(all[i].ticket == i + 1);
    }
  }
}

TEST_CASE("stream source: a bad piece is a bad_input with its number, line, offset and bytes, in its place") {
  const auto all = taken_from("{\"a\":1}\n{\"b\":}\n{\"c\":3}\n", Framing::json);
  REQUIRE(all.size() == 3);
  REQUIRE(all[1].bad_input);
  CHECK(all[1].bad_input->number == 2);
  CHECK(all[1].bad_input->line == 2);
  CHECK(all[1].bad_input->offset == 8);
  CHECK(all[1].bad_input->bytes == "{\"b\":}");
  CHECK(all[2].record.body == "{\"c\":3}");
}

TEST_CASE("stream source: a record that cannot be read is a bad_input that names line and field") {
  const auto all = taken_from("{\"priority\":\"high\",\"body\":1}\n", Framing::records);
  REQUIRE(all.size() == 1);
  REQUIRE(all[0].bad_input);
  CHECK(all[0].bad_input->why.find("line 1") != std::string::npos);
  CHECK(all[0].bad_input->why.find("priority") != std::string::npos);
}

TEST_CASE("stream source: files are read one after the other, and a bad_input names its file") {
  std::vector<Input> inputs;
  inputs.push_back(input_of("1 2", "first.json"));
  inputs.push_back(input_of("3 nope", "second.json"));
  const auto all = take_all(*open_stream_source(std::move(inputs), Framing::json));
  REQUIRE(all.size() == 4);
  CHECK(all[2].record.body == "3");
  REQUIRE(all[3].bad_input);
  CHECK(all[3].bad_input->why.starts_with("second.json: "));
}

TEST_CASE("stream source: a name that ends in .gz says what its bytes are, unless all of them are one body") {
  // printf '{"a":1}\n' | gzip -n
  const std::string bytes(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56\x4a\x54\xb2\x32\xac\xe5\x02\x00\x46\xa3\xe8\x74\x08"
      "\x00\x00\x00",
      28);
  const auto read = [&](std::string_view all, Framing framing) {
    std::vector<Input> inputs;
    inputs.push_back(input_of("7", "first.json"));
    inputs.push_back(input_of(all, "second.gz"));
    return take_all(*open_stream_source(std::move(inputs), framing));
  };
  CHECK(read(bytes + bytes, Framing::json).at(2).record.body == "{\"a\":1}");
  CHECK(read(bytes, Framing::whole).at(1).record.body == bytes);
  CHECK_THROWS_WITH_AS(read(bytes.substr(0, 20), Framing::json), doctest::Contains("second.gz"), Error);
}

TEST_CASE("stream source: what is there comes out while the writer keeps the pipe open") {
  Pipe pipe;
  std::vector<Input> inputs;
  inputs.push_back({Descriptor::own(pipe.read_end), ""});
  auto source = open_stream_source(std::move(inputs), Framing::json);
  std::vector<Delivery> out;
  CHECK(source->take(10, out) == SourceState::idle);
  REQUIRE(write(pipe.write_end, "{\"a\":1}\n{\"b\"", 12) == 12);
  CHECK(source->take(10, out) == SourceState::idle);
  CHECK(out.size() == 1);
  CHECK(source->wait().descriptors.at(0).fd == pipe.read_end);
  close(pipe.write_end);
}

TEST_CASE("stream source: what was read before a file that cannot be read is given before that is thrown") {
  const test::Folder folder;
  const auto read = [&](std::string name) {
    std::vector<Input> inputs;
    inputs.push_back(input_of("1 ", "first"));
    inputs.push_back({open_to_read(folder.path), std::move(name)});
    return open_stream_source(std::move(inputs), Framing::json);
  };
  auto source = read("second");
  std::vector<Delivery> out;
  CHECK(source->take(10, out) == SourceState::ready);
  CHECK(out.size() == 1);
  const Error error = test::error_of([&] { source->take(10, out); });
  CHECK(error.kind() == ErrorKind::io);
  CHECK(test::says(error, "cannot read second: Is a directory"));
  source = read("");
  source->take(10, out);
  CHECK(test::says(test::error_of([&] { source->take(10, out); }), "cannot read standard input: "));
}

TEST_CASE("stream source: no more is taken than was asked for, and what is left comes without another byte") {
  std::vector<Input> inputs;
  inputs.push_back(input_of("1 2 3 "));
  auto source = open_stream_source(std::move(inputs), Framing::json);
  std::vector<Delivery> out;
  for (std::size_t taken = 1; taken <= 3; ++taken) {
    CHECK(source->take(1, out) == SourceState::ready);
    CHECK(out.size() == taken);
  }
  CHECK_FALSE(source->settle(1, Disposition::requeue, "why"));
  CHECK(source->take(1, out) == SourceState::ended);
  CHECK(source->take(1, out) == SourceState::ended);
  CHECK(out.size() == 3);
}

TEST_CASE("repeat source: one record, as often as was asked for, and nothing to wait for") {
  auto source = repeat_source(record("1", BodyKind::json), 5);
  std::vector<Delivery> out;
  CHECK(source->take(2, out) == SourceState::ready);
  CHECK(out.size() == 2);
  CHECK(source->take(3, out) == SourceState::ended);
  CHECK(source->take(1, out) == SourceState::ended);
  REQUIRE(out.size() == 5);
  for (std::size_t i = 0; i < out.size(); ++i) {
    CHECK(out[i].ticket == i + 1);
    CHECK(out[i].record.body == "1");
  }
  CHECK_FALSE(source->settle(1, Disposition::requeue, "why"));
  CHECK(source->wait().descriptors.empty());
}

TEST_CASE("stream sink: a format decides what is written") {
  const struct {
    StreamFormat format;
    Record record;
    std::string_view want;
  } rows[] = {
      {StreamFormat::records, record("{\n}", BodyKind::json), "{\"body\":{ }}\n"},
      {StreamFormat::base64, record("{\n}", BodyKind::json), "{\"base64\":\"ewp9\"}\n"},
      {StreamFormat::body, record("[1,\n2]", BodyKind::json), "[1, 2]\n"},
      {StreamFormat::body, record("two\nlines", BodyKind::text), "two\nlines\n"},
      {StreamFormat::raw, record("{\n}", BodyKind::json), "{\n}"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.want);
    CHECK(written(row.format, row.record) == row.want);
  }
}

TEST_CASE("stream sink: a record is confirmed only when all of it was written") {
  Pipe pipe;
  fcntl(pipe.write_end, F_SETPIPE_SZ, 4096);
  auto sink =
      open_stream_sink(Descriptor::own(pipe.write_end), "pipe", StreamFormat::raw, ConfirmOnce::written);
  sink->put(1, record("small", BodyKind::text));
  sink->put(2, record(std::string(100'000, 'x'), BodyKind::text));
  sink->flush();
  std::vector<DeliveryResult> results;
  sink->results(results);
  REQUIRE(results.size() == 1);
  CHECK(results[0].ticket == 1);

  char buffer[65536];
  for (std::size_t got = 0; got < 100'005; sink->flush())
    got += static_cast<std::size_t>(read(pipe.read_end, buffer, sizeof buffer));
  sink->results(results);
  REQUIRE(results.size() == 2);
  CHECK(results[1].ticket == 2);
  close(pipe.read_end);
}

TEST_CASE("stream sink: a reader that has gone closes it, confirms nothing and is no error") {
  signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  close(pipe.read_end);
  auto sink =
      open_stream_sink(Descriptor::own(pipe.write_end), "pipe", StreamFormat::raw, ConfirmOnce::written);
  sink->put(1, record("x", BodyKind::text));
  sink->flush();
  std::vector<DeliveryResult> results;
  sink->results(results);
  CHECK(results.empty());
  CHECK(sink->closed());
}

TEST_CASE(
    "file sink: a record is confirmed only after the file is synced, and each flush with news syncs once") {
  test::Folder folder;
  auto sink = open_file_sink(folder.path + "/file");
  syncs = 0;
  sink->put(1, record("1", BodyKind::json));
  sink->put(2, record("2", BodyKind::json));
  std::vector<DeliveryResult> results;
  sink->results(results);
  CHECK(results.empty());
  sink->flush();
  CHECK(syncs == 1);
  sink->flush();
  CHECK(syncs == 1);
  sink->results(results);
  CHECK(results.size() == 2);
}

TEST_CASE("file sink: a sync that fails is an error, and confirms nothing") {
  test::Folder folder;
  auto sink = open_file_sink(folder.path + "/file");
  sink->put(1, record("1", BodyKind::json));
  sync_fails_with = EIO;
  CHECK(test::error_of([&] { sink->flush(); }).kind() == ErrorKind::io);
  sync_fails_with = 0;
  std::vector<DeliveryResult> results;
  sink->results(results);
  CHECK(results.empty());
}

// Everything that one read takes out of a pipe, or "".
std::string read_once(int fd) {
  char bytes[65536];
  pollfd ready{fd, POLLIN, 0};
  if (poll(&ready, 1, 0) <= 0) return {};
  const auto got = read(fd, bytes, sizeof bytes);
  return {bytes, static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
}

TEST_CASE("stream sink: a reader of a pipe finds one record at a time, and only what it took is confirmed") {
  Pipe pipe;
  const int size = fcntl(pipe.write_end, F_GETPIPE_SZ);
  {
    auto sink =
        open_stream_sink(Descriptor::lend(pipe.write_end), "pipe", StreamFormat::body, ConfirmOnce::read);
    for (Ticket ticket = 1; ticket <= 1100; ++ticket)
      sink->put(ticket, record(std::to_string(ticket), BodyKind::text));
    sink->put(1101, record(std::string(10'000, 'x'), BodyKind::text));
    std::vector<DeliveryResult> results;
    for (std::size_t read = 0; read < 1023; ++read) {
      sink->flush();
      sink->results(results);
      CHECK(results.size() == read);
      CHECK(read_once(pipe.read_end) == std::to_string(read + 1) + "\n");
    }
    sink->flush();
    const std::string rest = read_once(pipe.read_end);  // from here on it is a pipe like any other
    CHECK(rest.starts_with("1024\n1025\n"));
    CHECK(rest.size() > 4096);  // and as large as it was
    for (int rounds = 0; results.size() < 1101 && rounds < 1000; ++rounds) {
      sink->flush();
      sink->results(results);
      read_once(pipe.read_end);
    }
    CHECK(results.size() == 1101);
    CHECK_FALSE(sink->closed());
    close(pipe.read_end);
    sink->flush();
    CHECK(sink->closed());  // though nothing was left to write
  }
  CHECK(fcntl(pipe.write_end, F_GETPIPE_SZ) == size);
  close(pipe.write_end);
}

TEST_CASE("stream sink: what a reader left in the pipe is not confirmed when it has gone") {
  signal(SIGPIPE, SIG_IGN);
  const struct {
    std::size_t first_body, read;
    std::size_t confirmed;
  } rows[] = {{3, 4, 1}, {3, 3, 0}, {100'000, 100'001, 1}, {100'000, 100'000, 0}, {3, 0, 0}};
  for (const auto& row : rows) {
    CAPTURE(row.first_body);
    CAPTURE(row.read);
    Pipe pipe;
    auto sink =
        open_stream_sink(Descriptor::own(pipe.write_end), "pipe", StreamFormat::body, ConfirmOnce::read);
    sink->put(1, record(std::string(row.first_body, 'x'), BodyKind::text));
    sink->put(2, record("second", BodyKind::text));
    sink->flush();
    char bytes[4096];
    for (std::size_t left = row.read; left > 0; sink->flush()) {
      const auto got = read(pipe.read_end, bytes, std::min(left, sizeof bytes));
      REQUIRE(got > 0);
      left -= static_cast<std::size_t>(got);
    }
    close(pipe.read_end);
    sink->flush();
    std::vector<DeliveryResult> results;
    sink->results(results);
    CHECK(results.size() == row.confirmed);
    CHECK(sink->closed());
  }
}

TEST_CASE("stream sink: a pipe that already holds much is waited for, and then read line by line") {
  Pipe pipe;
  REQUIRE(write(pipe.write_end, std::string(50'000, 'o').data(), 50'000) == 50'000);
  auto sink =
      open_stream_sink(Descriptor::own(pipe.write_end), "pipe", StreamFormat::body, ConfirmOnce::read);
  sink->put(1, record("a", BodyKind::text));
  sink->put(2, record("b", BodyKind::text));
  // Nothing tells when such a pipe becomes empty: it is looked at less and less often while nobody reads.
  for (const auto next_look : {2, 4, 8, 16, 32, 50, 50}) {
    sink->flush();
    CHECK(sink->wait().at_most == std::chrono::milliseconds(next_look));
    CHECK(sink->wait().descriptors.at(0).events == 0);
  }
  for (std::size_t left = 50'000; left > 0;) left -= read_once(pipe.read_end).size();
  sink->flush();
  CHECK(read_once(pipe.read_end) == "a\n");
  sink->flush();
  CHECK(read_once(pipe.read_end) == "b\n");
  close(pipe.read_end);
}

TEST_CASE("stream sink: it waits for room where it is written to, and for the reader of a pipe") {
  Pipe pipe;
  auto plain =
      open_stream_sink(Descriptor::lend(pipe.write_end), "pipe", StreamFormat::raw, ConfirmOnce::written);
  CHECK(plain->wait().descriptors.at(0).fd == pipe.write_end);
  CHECK(plain->wait().descriptors.at(0).events == POLLOUT);
  CHECK_FALSE(plain->wait().at_most);
  {
    auto sink =
        open_stream_sink(Descriptor::lend(pipe.write_end), "pipe", StreamFormat::body, ConfirmOnce::read);
    sink->put(1, record("a", BodyKind::text));
    sink->flush();
    CHECK(sink->wait().descriptors.at(0).events == POLLOUT);  // it is writable once it is empty
    CHECK_FALSE(sink->wait().at_most);
  }
  close(pipe.read_end);
  close(pipe.write_end);
}

TEST_CASE("stream sink: once it is fast, it is looked at what the reader took until it took all") {
  Pipe pipe;
  auto sink =
      open_stream_sink(Descriptor::lend(pipe.write_end), "pipe", StreamFormat::body, ConfirmOnce::read);
  for (Ticket ticket = 1; ticket <= 1024; ++ticket) {
    sink->put(ticket, record("x", BodyKind::text));
    sink->flush();
    if (ticket < 1024) read_once(pipe.read_end);
  }
  CHECK(sink->wait().at_most);
  CHECK(sink->wait().descriptors.at(0).events == 0);  // all is written; its reader may go
  CHECK(read_once(pipe.read_end) == "x\n");
  sink->flush();
  CHECK_FALSE(sink->wait().at_most);
  sink->put(1025, record(std::string(200'000, 'y'), BodyKind::text));
  sink->flush();
  CHECK(sink->wait().descriptors.at(0).events == POLLOUT);
  CHECK(sink->wait().at_most);
  close(pipe.read_end);
  close(pipe.write_end);
}

TEST_CASE("stream sink: a file is no pipe, whose reader could be asked") {
  const test::Folder folder;
  auto sink =
      open_stream_sink(open_to_write(folder.path + "/file"), "file", StreamFormat::body, ConfirmOnce::read);
  sink->put(1, record("a", BodyKind::text));
  sink->flush();
  std::vector<DeliveryResult> results;
  sink->results(results);
  CHECK(results.size() == 1);
  CHECK_FALSE(sink->closed());
}

TEST_CASE("file sink: what has no disk need not be synced") {
  auto sink = open_file_sink("/dev/null");
  sink->put(1, record("1", BodyKind::json));
  sink->flush();
  std::vector<DeliveryResult> results;
  sink->results(results);
  CHECK(results.size() == 1);
}

TEST_CASE("stream sink: a full disk is an error that names where") {
  auto sink =
      open_stream_sink(open_to_write("/dev/full"), "/dev/full", StreamFormat::raw, ConfirmOnce::written);
  sink->put(1, record("x", BodyKind::text));
  try {
    sink->flush();
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::io);
    CHECK(std::string_view(error.what()).find("/dev/full") != std::string_view::npos);
  }
}

TEST_CASE(
    "file sink: records go to the end of a file, each on a line of its own, and are confirmed by a flush") {
  const test::Folder folder;
  const std::string path = folder.path + "/records";
  const auto append = [&](std::string body) {
    auto sink = open_file_sink(path);
    std::vector<DeliveryResult> results;
    sink->put(1, record(std::move(body), BodyKind::json));
    sink->results(results);
    CHECK(results.empty());
    sink->flush();
    sink->results(results);
    REQUIRE(results.size() == 1);
    CHECK(results[0].status == DeliveryStatus::confirmed);
  };
  append("1");
  append("[2,\n2]");
  CHECK(read_file(path) == "{\"body\":1}\n{\"body\":[2, 2]}\n");
  REQUIRE(truncate(path.c_str(), 14) == 0);  // as a full disk leaves it
  append("3");
  CHECK(read_file(path) == "{\"body\":1}\n{\"b\n{\"body\":3}\n");
}

TEST_CASE(
    "file sink: a folder that is missing is an error, and so is a name of a compressed file, which is left") {
  CHECK(test::error_of([] { open_file_sink("/nowhere/records"); }).kind() == ErrorKind::io);
  const test::Folder folder;
  CHECK(test::error_of([&] { open_file_sink(folder.path + "/records.gz"); }).kind() == ErrorKind::usage);
  CHECK_FALSE(std::filesystem::exists(folder.path + "/records.gz"));
}

TEST_CASE(
    "stream sink: of what is withdrawn no line is written that has not begun, and the others are whole") {
  std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  REQUIRE(fcntl(pipe.write_end, F_SETFL, O_NONBLOCK) == 0);
  auto sink =
      open_stream_sink(Descriptor::own(pipe.write_end), "a pipe", StreamFormat::body, ConfirmOnce::read);
  std::vector<Record> records(4);
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].body = std::string(i == 0 ? 100'000 : 10, static_cast<char>('a' + i));
    records[i].body_kind = BodyKind::text;
    sink->put(i + 1, records[i]);
  }
  sink->flush();
  sink->withdraw(3);
  std::vector<DeliveryResult> results;
  std::string read_of_it;
  for (int rounds = 0; results.size() < 4 && rounds < 1000; ++rounds) {
    char bytes[4096];
    pollfd ready{pipe.read_end, POLLIN, 0};
    if (poll(&ready, 1, 10) > 0) {
      const ssize_t got = read(pipe.read_end, bytes, sizeof bytes);
      REQUIRE(got > 0);
      read_of_it.append(bytes, static_cast<std::size_t>(got));
    }
    sink->flush();
    sink->results(results);
  }
  CHECK(read_of_it == records[0].body + "\n" + records[3].body + "\n");
  std::map<Ticket, DeliveryStatus> statuses;
  for (const DeliveryResult& result : results) statuses[result.ticket] = result.status;
  CHECK(statuses == std::map<Ticket, DeliveryStatus>{{1, DeliveryStatus::confirmed},
                                                     {2, DeliveryStatus::untried},
                                                     {3, DeliveryStatus::untried},
                                                     {4, DeliveryStatus::confirmed}});
  close(pipe.read_end);
}
