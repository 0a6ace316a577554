#include "reconcile/sides/item_source.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <fstream>
#include <sys/stat.h>
#include <thread>
#include <utility>

#include "support/errors.h"
#include "support/folder.h"
#include "support/small_store.h"

using namespace iso;
using namespace iso::ends;
using namespace iso::reconcile;
using namespace iso::store;
using Settled = RowState::Settled;
using test::error_of;
using test::says;
using test::SmallStore;

namespace {

std::string all_of(ItemSource& source) {
  std::string text = "x";  // what is there already stays
  while (source.read(text)) {
  }
  CHECK_FALSE(source.read(text));
  REQUIRE(text.starts_with('x'));
  return text.substr(1);
}

struct File {
  explicit File(std::string_view bytes, std::string_view name = "a.ndjson")
      : path(folder.path + "/" + std::string(name)) {
    append(bytes);
  }
  void append(std::string_view bytes) const { std::ofstream(path, std::ios::app) << bytes; }

  test::Folder folder;
  std::string path;
};

// printf '{"a":1}\n' | gzip -n
const std::string kGzip(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56\x4a\x54\xb2\x32\xac\xe5\x02\x00\x46\xa3\xe8\x74\x08\x00"
    "\x00\x00",
    28);

}  // namespace

TEST_CASE("source: what is known of a row is read as it was written") {
  const RowState rows[] = {{},
                           {1, Settled::pending, 1'700'000'000'000, ""},
                           {INT64_MAX, Settled::done, -5, ""},
                           {2, Settled::dead, 0, "why: \"a\"\tand\n\x01 \xc3\xa9"},
                           {3, Settled::conflict, 0, ""}};
  for (const RowState& row : rows) {
    std::string text = "{}\t";
    append_row_text(text, row);
    CAPTURE(text);
    CHECK(text.find('\n') == text.npos);
    const RowState read = read_row_text(std::string_view(text).substr(3));
    CHECK(read.row == row.row);
    CHECK(read.settled == row.settled);
    CHECK(read.at_ms == row.at_ms);
    CHECK(read.error == row.error);
  }
  CHECK(error_of([] { read_row_text("{\"state\":\"lost\"}"); }).kind() == ErrorKind::internal);
  CHECK(error_of([] { read_row_text("{\"row\":"); }).kind() == ErrorKind::internal);
}

TEST_CASE("source: a file is lines as they stand, the last one too, without the mark at its start") {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"", ""},
      {"{}\n[1]\n", "{}\n[1]\n"},
      {"{}\n[1]", "{}\n[1]\n"},
      {"{}\r\n\r\n1\t2\n", "{}\r\n\r\n1\t2\n"},
      {"\xEF\xBB\xBF{}\n\xEF\xBB\xBF", "{}\n\xEF\xBB\xBF\n"},
      {"\xEF\xBB\xBF", ""},
      {"\xEF\xBB", "\xEF\xBB\n"},
  };
  for (const auto& [bytes, want] : rows) {
    const File file(bytes);
    auto source = open_file_items(file.path);
    CHECK(source->size() == bytes.size());
    CHECK(all_of(*source) == want);
    CHECK(source->reopen_for_changes() == nullptr);
  }
}

TEST_CASE("source: a line is never given in parts, however long it is") {
  const std::string longest(3'000'000, 'x'),
      text = "1\n" + longest + "\n2\n" + std::string(600'000, '\n') + longest;
  const File file(text);
  auto source = open_file_items(file.path);
  std::string out, all;
  while (source->read(out)) {
    CHECK(out.ends_with('\n'));
    all += std::exchange(out, {});
  }
  CHECK(all == text + "\n");
}

TEST_CASE("source: a compressed file is what it stands for, and one that is cut off is no shorter file") {
  const File whole(kGzip + kGzip, "a.gz"), cut(kGzip + kGzip.substr(0, 15), "a.gz");
  auto source = open_file_items(whole.path);
  CHECK(source->size() == 0);
  CHECK(all_of(*source) == "{\"a\":1}\n{\"a\":1}\n");
  whole.append(kGzip);
  CHECK(source->reopen_for_changes() == nullptr);
  const Error error = error_of([&] { all_of(*open_file_items(cut.path)); });
  CHECK(error.kind() == ErrorKind::io);
  CHECK(says(error, "a.gz: its compressed data is cut off"));
  CHECK(error_of([&] { open_file_items(whole.path + ".gz"); }).kind() == ErrorKind::missing);
}

TEST_CASE("source: what was appended to a file comes later, and a last line that was not whole comes whole") {
  const struct {
    std::string_view first, then, want;
  } rows[] = {
      {"1\n2\n", "3\n4", "3\n4\n"},
      {"1\n2", "\n3\n", "3\n"},
      {"1\n2", "\n", ""},
      {"1\n{\"a\"", ":1}\n3\n", "{\"a\":1}\n3\n"},
      {"", "1\n", "1\n"},
      {"\xEF\xBB\xBF"
       "1",
       "2\n", "12\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.then);
    const File file(row.first);
    auto source = open_file_items(file.path);
    all_of(*source);
    file.append(row.then);
    auto later = source->reopen_for_changes();
    if (row.want.empty()) {
      CHECK(later == nullptr);
      continue;
    }
    REQUIRE(later);
    CHECK(all_of(*later) == row.want);
    CHECK(later->reopen_for_changes() == nullptr);
    file.append("\n9\n");
    auto even_later = later->reopen_for_changes();
    REQUIRE(even_later);
    CHECK(all_of(*even_later).ends_with("9\n"));
  }
}

TEST_CASE("source: whole lines of a pipe come while its writer goes on") {
  const test::Folder folder;
  const std::string path = folder.path + "/pipe";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  std::unique_ptr<ItemSource> source;
  std::thread reader([&] { source = open_file_items(path); });
  std::ofstream writer(path);
  reader.join();
  CHECK(source->size() == 0);
  writer << "1\n2\n{\"half" << std::flush;
  std::string out;
  CHECK(source->read(out));
  CHECK(out == "1\n2\n");
  writer << "\":0}" << std::flush;
  writer.close();
  CHECK(source->read(out));
  CHECK(out == "1\n2\n{\"half\":0}\n");
  CHECK_FALSE(source->read(out));
}

TEST_CASE("source: a queue of a store is its rows, each on one line with what is known of it") {
  const SmallStore store(R"(
    INSERT INTO iso_queues(name) VALUES('q');
    INSERT INTO iso_messages(queue, state, created_ms, message_id, properties, body_hash, body) VALUES
      ('q', 0, 11, 'a', '{}', NULL, '{' || char(10) || '"n": 1.0}'), ('q', 1, 12, 'b', '{}', x'00', '2'),
      ('q', 3, 13, 'c', '{}', NULL, 'a' || char(9) || 'b'))");
  auto source = open_store_items(store.url());
  CHECK(
      all_of(*source) ==
      R"({"exchange":"","routing_key":"q","message_id":"a","persistent":true,"body":{ "n": 1.0}})"
      "\t"
      R"({"row":1,"state":"pending","at_ms":11})"
      "\n"
      "\t"
      R"({"row":2,"state":"done","at_ms":12,"error":"message 2 of queue \"q\" is damaged: its body does not match its hash"})"
      "\n"
      R"({"exchange":"","routing_key":"q","message_id":"c","persistent":true,"text":"a\tb"})"
      "\t"
      R"({"row":3,"state":"conflict","at_ms":13})"
      "\n");
  CHECK(error_of([&] { open_store_items(store.url("nope")); }).kind() == ErrorKind::missing);
}

TEST_CASE(
    "source: of a store come the rows that were there at the start, and those that came since come later") {
  const SmallStore store(
      "INSERT INTO iso_messages(queue, message_id, body) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
      "SELECT i + 1 FROM n WHERE i < 9000) SELECT 'q', i, i FROM n");
  auto source = open_store_items(store.url("q"));
  std::string text;
  CHECK(source->size() == 0);
  REQUIRE(source->read(text));
  const auto guess = source->size();
  store.run("INSERT INTO iso_messages(queue, message_id, body) VALUES('q', 'new', '0'), ('other', 'x', '0')");
  store.run("UPDATE iso_messages SET state = 1 WHERE seq = 9000");
  while (source->read(text)) {
  }
  CHECK(std::count(text.begin(), text.end(), '\n') == 9000);
  CHECK(text.find("{\"row\":9000,\"state\":\"done\"") != text.npos);
  CHECK(text.find("new") == text.npos);
  CHECK(source->size() == text.size());
  CHECK(guess > text.size() / 2);
  CHECK(guess < text.size() * 2);

  auto later = source->reopen_for_changes();
  REQUIRE(later);
  const auto rest = all_of(*later);
  CHECK(std::count(rest.begin(), rest.end(), '\n') == 1);
  CHECK(rest.find("\"message_id\":\"new\"") != rest.npos);
  store.run("UPDATE iso_messages SET state = 2; INSERT INTO iso_messages(queue, body) VALUES('other', '0')");
  CHECK(later->reopen_for_changes() == nullptr);
}

TEST_CASE("source: the ledger is a line a message, and comes again whole if anyone wrote to its store") {
  const SmallStore store(R"(INSERT INTO iso_acks(message_id, application, kind, at_ms) VALUES
    ('m"1', 'billing', 'rejected', 5), ('m"1', 'billing', 'handled', 4), ('m"1', 'shop', 'reply', 9), ('m2', 'shop', 'stored', 3))");
  CHECK(is_ledger(store.url("acks")));
  CHECK_FALSE(is_ledger(store.url("q")));
  CHECK_FALSE(is_ledger(parse_url("amqp://localhost/#acks")));
  auto source = open_store_items(store.url("acks"));
  const std::string want = R"({"message_id":"m\"1","acks":{"billing":"handled","shop":"reply"}})"
                           "\t"
                           R"({"at_ms":9})"
                           "\n"
                           R"({"message_id":"m2","acks":{"shop":"stored"}})"
                           "\t"
                           R"({"at_ms":3})"
                           "\n";
  CHECK(all_of(*source) == want);
  CHECK(source->reopen_for_changes() == nullptr);
  store.run("INSERT INTO iso_acks(message_id, application, kind, at_ms) VALUES('m3', 'shop', 'handled', 1)");
  auto later = source->reopen_for_changes();
  REQUIRE(later);
  CHECK(all_of(*later) == want + R"({"message_id":"m3","acks":{"shop":"handled"}})"
                                 "\t"
                                 R"({"at_ms":1})"
                                 "\n");
  CHECK(later->reopen_for_changes() == nullptr);
}

TEST_CASE(
    "source: a queue that is looked at gives all its messages, also more than a peek for people shows") {
  const SmallStore store(
      "INSERT INTO iso_queues(name) VALUES('q');"
      "INSERT INTO iso_messages(queue, message_id, body) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
      "SELECT i + 1 FROM n WHERE i < 1500) SELECT 'q', i, i FROM n");
  for (int look = 0; look < 2; ++look) {
    auto source = open_queue_items(store.url("q"), {});
    const auto text = all_of(*source);
    CHECK(std::count(text.begin(), text.end(), '\n') == 1500);
    CHECK(text.find('\t') == text.npos);
    auto later = source->reopen_for_changes();
    REQUIRE(later);
    CHECK(std::count(text.begin(), text.end(), '\n') == 1500);
    const auto again = all_of(*later);
    CHECK(std::count(again.begin(), again.end(), '\n') == 1500);
  }
  CHECK(error_of([&] { open_queue_items(store.url(), {}); }).kind() == ErrorKind::usage);
}

TEST_CASE("source: an id that is not UTF-8 is told as invalid, and is not another's") {
  const SmallStore store(
      "INSERT INTO iso_queues(name) VALUES('q');"
      "INSERT INTO iso_messages(queue, message_id, body) VALUES('q', x'ff', '1'), ('q', x'fe', '2'), ('q', "
      "'?', '3');"
      "INSERT INTO iso_acks(message_id, application, kind, at_ms) VALUES(CAST(x'ff' AS TEXT), 'shop', "
      "'handled', 1)");
  const auto text = all_of(*open_store_items(store.url("q")));
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);
  CHECK(text.find(R"("message_id":"?")") == text.rfind(R"("message_id":"?")"));
  CHECK(text.find(R"("error":"message_id is not UTF-8")") != text.npos);
  CHECK(all_of(*open_store_items(store.url("acks"))).find("message_id is not UTF-8") != std::string::npos);
  const auto looked_at = all_of(*open_queue_items(store.url("q"), {}));
  CHECK(looked_at.find(R"("message_id":"?")") == looked_at.rfind(R"("message_id":"?")"));
}

TEST_CASE("reconcile items: a store says up to when it has deleted what was done") {
  const test::SmallStore store(
      "INSERT INTO iso_meta(name, value) VALUES('pruned/q', 9);"
      "INSERT INTO iso_messages(queue, created_ms, body) VALUES('q', 11, '1'), ('p', 11, '1')");
  CHECK(open_store_items(store.url("q"))->deleted_up_to() == 9);
  CHECK(open_store_items(store.url("p"))->deleted_up_to() == 0);
}
