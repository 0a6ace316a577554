#include "http_cache/cache.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/errors.h"

namespace iso::http_cache {
namespace {

using namespace http;

using std::chrono::seconds;

class Folder {
 public:
  Folder() : name_((std::filesystem::temp_directory_path() / "iso-cache-XXXXXX").string()) {
    REQUIRE(mkdtemp(name_.data()));
  }
  ~Folder() { std::filesystem::remove_all(name_); }
  std::string file() const { return name_ + "/deep/cache.db"; }

 private:
  std::string name_;
};

Stored response(const std::string& etag, Fields selecting = {}, int at = 1000) {
  return {
      {200, {{"ETag", etag}, {"X", "1"}, {"x", "2"}}}, std::move(selecting), {Seconds(at), Seconds(at)}, 0};
}

void put(Cache& cache, const std::string& url, const Stored& stored, std::string body) {
  cache.store({url, ""}, stored, Body(std::move(body)));
  cache.commit();
}

std::size_t files_beside(const std::string& path) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(path + "-bodies")) ++count;
  return count;
}

TEST_CASE("Cache: another process finds what was stored, small or large") {
  const Folder folder;
  const std::string large(3 << 20, 'l');
  {
    Cache cache(folder.file());
    put(cache, "http://a/small", response("\"s\""), "body");
    put(cache, "http://a/large", response("\"l\""), large);
  }
  Cache cache(folder.file());
  const auto small = cache.find({"http://a/small", ""});
  REQUIRE(small.size() == 1);
  CHECK(small[0].stored.response.fields == response("\"s\"").response.fields);
  CHECK(small[0].stored.length == 4);
  CHECK(small[0].body.bytes() == "body");
  CHECK(cache.find({"http://a/large", ""}).at(0).body.bytes() == large);
  CHECK(cache.find({"http://a/SMALL", ""}).empty());
  CHECK(cache.find({"http://a/small", "someone else"}).empty());
}

TEST_CASE("Cache: has one entry per variant; a newer one replaces it and its file") {
  const Folder folder;
  Cache cache(folder.file());
  put(cache, "http://a/", response("\"1\"", {{"accept", "x"}}), std::string(1 << 20, '1'));
  put(cache, "http://a/", response("\"2\"", {{"accept", "y"}}), "2");
  put(cache, "http://a/", response("\"3\"", {{"accept", "x"}}), "3");
  CHECK(cache.find({"http://a/", ""}).size() == 2);
  CHECK(files_beside(folder.file()) == 0);
  cache.remove("http://a/");
  cache.commit();
  CHECK(cache.find({"http://a/", ""}).empty());
}

TEST_CASE("Cache: freshen updates an entry, and fails if it is gone") {
  const Folder folder;
  Cache cache(folder.file());
  put(cache, "http://a/", response("\"1\""), "body");
  const auto entry = std::move(cache.find({"http://a/", ""}).at(0));
  CHECK(cache.freshen(entry.id, response("\"1\"", {}, 2000), entry.body));
  cache.commit();
  CHECK(cache.find({"http://a/", ""}).at(0).stored.times.response == seconds(2000));

  put(cache, "http://a/", response("\"2\""), "other body");
  CHECK_FALSE(cache.freshen(entry.id, response("\"1\"", {}, 3000), entry.body));
  cache.commit();
  CHECK(cache.find({"http://a/", ""}).at(0).body.bytes() == "other body");
}

TEST_CASE("Cache: a flipped bit in the row or in a body's file makes the entry missing") {
  const Folder folder;
  const std::string large(1 << 20, 'l');
  {
    Cache cache(folder.file());
    put(cache, "http://a/small", response("\"s\""), "body");
    put(cache, "http://a/large", response("\"l\""), large);
  }
  {
    sqlite::Database database(folder.file(), sqlite::Database::Open::existing);
    database.execute("UPDATE entries SET body = CAST('bodi' AS BLOB) WHERE body_size = 4");
  }
  for (const auto& file : std::filesystem::directory_iterator(folder.file() + "-bodies")) {
    std::fstream bytes(file.path(), std::ios::in | std::ios::out);
    bytes.seekp(1000);
    bytes << 'm';
  }
  Cache cache(folder.file());
  CHECK(cache.find({"http://a/small", ""}).empty());
  CHECK(cache.find({"http://a/large", ""}).empty());
}

TEST_CASE("Cache: the size is bounded, and the least recently used entry is evicted") {
  const Folder folder;
  Cache cache(folder.file(), 1'000'000);
  put(cache, "http://a/old", response("\"o\"", {}, 1000), std::string(100'000, 'o'));
  put(cache, "http://a/used", response("\"u\"", {}, 1001), std::string(100'000, 'u'));
  cache.touch(cache.find({"http://a/used", ""}).at(0), seconds(5000));
  for (int i = 0; i < 9; ++i)
    put(cache, "http://a/" + std::to_string(i), response("\"n\"", {}, 2000 + i), std::string(100'000, 'n'));
  CHECK(cache.find({"http://a/old", ""}).empty());
  CHECK(cache.find({"http://a/used", ""}).size() == 1);
  CHECK(cache.find({"http://a/8", ""}).size() == 1);
}

TEST_CASE("Cache: only its owner can read it, and a file of another kind is not touched") {
  const Folder folder;
  { const Cache cache(folder.file()); }
  struct stat status {};
  for (const char* suffix : {"", "-locks"}) {
    REQUIRE(stat((folder.file() + suffix).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
  }
  REQUIRE(stat((folder.file() + "-bodies").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);

  const std::string other = folder.file() + ".shop";
  {
    sqlite::Database shop(other, sqlite::Database::Open::create);
    shop.execute("CREATE TABLE orders(id)");
  }
  CHECK(test::error_of([&] { const Cache cache(other); }).kind() == ErrorKind::io);
  std::ofstream(folder.file() + ".txt")
      << "no database at all, and long enough to be told apart from an empty one";
  CHECK(test::error_of([&] { const Cache cache(folder.file() + ".txt"); }).kind() == ErrorKind::io);
}

TEST_CASE("Cache: one process at a time holds the lock of a key, and loses it when it dies") {
  const Folder folder;
  Cache cache(folder.file());
  const CacheKey key{"http://a/", ""};
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t child = fork();
  if (child == 0) {
    Cache other(folder.file());
    const bool locked = other.lock(key);
    (void)!write(ready[1], locked ? "y" : "n", 1);
    pause();
    _exit(0);
  }
  char locked = 0;
  REQUIRE(read(ready[0], &locked, 1) == 1);
  CHECK(locked == 'y');
  CHECK_FALSE(cache.lock(key));
  CHECK(cache.lock({"http://b/", ""}));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  CHECK(cache.lock(key));
  close(ready[0]);
  close(ready[1]);
}

TEST_CASE("Cache: its log does not grow with the number of processes, and is short at exit") {
  const Folder folder;
  std::uintmax_t longest = 0;
  for (int i = 0; i < 300; ++i) {
    Cache cache(folder.file());
    put(cache, "http://a/", response("\"1\"", {}, 1000 + i), "body");
    longest = std::max(longest, std::filesystem::file_size(folder.file() + "-wal"));
  }
  CHECK(longest < 100 * 4096);
  CHECK(Cache(folder.file()).find({"http://a/", ""}).at(0).stored.times.response == Seconds(1299));
}

}  // namespace
}  // namespace iso::http_cache
