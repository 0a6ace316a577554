// What goes to a file when memory is short: sorted runs and partitions.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <doctest/doctest.h>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "reconcile/join/partition.h"
#include "reconcile/join/workers.h"
#include "reconcile/sides/sorter.h"
#include "support/folder.h"

using namespace iso;
using namespace iso::reconcile;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs all_of(Sorter& sorter) {
  Pairs all;
  sorter.each([&all](std::string_view key, std::string_view payload) { all.emplace_back(key, payload); });
  return all;
}

Entry entry(std::uint64_t high, std::uint64_t number) {
  return {high, number, Place(number, 0)};
}

std::multiset<std::uint64_t> contents(Partitions& partitions, std::size_t part) {
  std::vector<Entry> entries;
  partitions.take(part, entries);
  std::multiset<std::uint64_t> contents;
  for (const Entry& one : entries) contents.insert(one.content);
  return contents;
}

}  // namespace

TEST_CASE(
    "sorter: keys come in the order of their bytes, each with its own payload, from memory and from many "
    "runs") {
  const test::Folder folder;
  for (const std::size_t memory : {std::size_t{1} << 20, std::size_t{4096}}) {
    CAPTURE(memory);
    std::mt19937 random(4);
    Sorter sorter(memory, folder.path);
    Pairs want;
    for (int i = 0; i < 2000; ++i) {
      std::string key(random() % 6, '\0');
      for (char& c : key) c = static_cast<char>(random() % 4 == 0 ? 0xFF : random() % 3);
      if (i % 500 == 7) key += std::string(10'000, 'x');  // larger than all the memory
      want.emplace_back(key, key + std::to_string(i));
      sorter.add(want.back().first, want.back().second);
    }
    auto got = all_of(sorter);
    REQUIRE(got.size() == want.size());
    CHECK(std::is_sorted(got.begin(), got.end(),
                         [](const auto& one, const auto& other) { return one.first < other.first; }));
    std::sort(got.begin(), got.end());
    std::sort(want.begin(), want.end());
    CHECK(got == want);
  }
  CHECK(std::filesystem::is_empty(folder.path));
}

TEST_CASE("sorter: what has no key and no payload comes too, and nothing gives nothing") {
  const test::Folder folder;
  Sorter none(64, folder.path), empty(64, folder.path);
  CHECK(all_of(none).empty());
  for (int i = 0; i < 100; ++i) empty.add("", "");
  CHECK(all_of(empty) == Pairs(100));
}

TEST_CASE(
    "partitions: an entry is found in the part of its byte, once, from memory and from many extents of the "
    "file") {
  const test::Folder folder;
  for (const unsigned level : {0U, 1U, 2U}) {
    Budget budget(1000 * sizeof(Entry));
    Partitions partitions(budget, folder.path, level, 50);
    CHECK(partitions.empty());
    std::map<std::size_t, std::multiset<std::uint64_t>> want;
    const auto write = [&](std::uint64_t from) {
      Partitions::Writer writer(partitions);
      for (std::uint64_t i = from; i < from + 30'000; ++i) {
        const std::uint64_t part = i % 3 == 0 ? i % Partitions::kParts : 9;  // one of more than an extent
        writer.add(entry(part << (56 - 8 * level), i));
      }
      writer.flush();
    };
    std::thread other([&] { write(30'000); });
    write(0);
    other.join();
    for (std::uint64_t i = 0; i < 60'000; ++i) {
      const std::uint64_t in_thread = i % 30'000 + (i < 30'000 ? 0 : 30'000);
      want[i % 3 == 0 ? i % Partitions::kParts : 9].insert(in_thread);
    }
    CHECK(partitions.size(9) == want[9].size());
    for (std::size_t part = 0; part < Partitions::kParts; ++part)
      CHECK(contents(partitions, part) == want[part]);
    CHECK(partitions.empty());
    CHECK(budget.take(1000 * sizeof(Entry)));  // all was given back
    CHECK_FALSE(budget.take(1));
  }
  CHECK(std::filesystem::is_empty(folder.path));
}

TEST_CASE("partitions: what is not taken gives its memory back with them") {
  const test::Folder folder;
  Budget budget(10 * sizeof(Entry));
  {
    Partitions partitions(budget, folder.path, 0, 4);
    Partitions::Writer writer(partitions);
    for (std::uint64_t i = 0; i < 8; ++i) writer.add(entry(0, i));
    CHECK_FALSE(budget.take(3 * sizeof(Entry)));
  }
  CHECK(budget.take(10 * sizeof(Entry)));
}

TEST_CASE("workers: each piece is worked on once, and what was gathered is there after finish") {
  std::mutex mutex;
  std::multiset<int> seen;
  struct Worker {
    std::mutex& mutex;
    std::multiset<int>& all;
    std::vector<int> mine{};
    void operator()(int piece) { mine.push_back(piece); }
    void finish() {
      const std::lock_guard lock(mutex);
      all.insert(mine.begin(), mine.end());
    }
  };
  Workers<int> workers(3, 5, [&] { return Worker{mutex, seen}; });
  std::multiset<int> want;
  for (int i = 0; i < 1000; ++i) {
    workers.put(i);
    want.insert(i);
  }
  workers.finish();
  CHECK(seen == want);
}

TEST_CASE(
    "workers: what a worker throws reaches who waits to put, who finishes, and nobody who lets them go") {
  struct Thrower {
    void operator()(int) { throw std::string("from a worker"); }
    void finish() {}
  };
  {
    std::atomic<int> given = 0;
    struct LateThrower {  // when the next put is, most likely, waiting for room
      std::atomic<int>& given;
      void operator()(int) {
        while (given < 4) std::this_thread::yield();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        Thrower{}(0);
      }
      void finish() {}
    };
    Workers<int> workers(1, 4, [&given] { return LateThrower{given}; });
    std::string thrown;
    try {
      for (int i = 0; i < 1000; ++i, ++given) workers.put(i);  // without the error it would wait for ever
    } catch (const std::string& what) {
      thrown = what;
    }
    CHECK(thrown == "from a worker");
  }
  {
    Workers<int> workers(2, 4, [] { return Thrower{}; });
    workers.put(1);
    CHECK_THROWS_AS(workers.finish(), std::string);
  }
  Workers<int> unfinished(2, 4, [] { return Thrower{}; });
  unfinished.put(1);
}
