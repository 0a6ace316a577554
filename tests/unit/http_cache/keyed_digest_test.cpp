#include "http_cache/keyed_digest.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "http_cache/cache.h"
#include "support/folder.h"

namespace iso::http_cache {
namespace {

KeyedDigest reference() {
  KeyedDigest::Key key;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<unsigned char>(i);
  return KeyedDigest(key);
}

TEST_CASE("KeyedDigest: matches the first test vectors of SipHash-2-4-128") {
  const auto digest = reference();
  CHECK(digest("") == "e6a825ba047f81a3930255c71472f66d");
  CHECK(digest(std::string(1, '\0')) == "44af996bd8c187da45fc229b11597634");
  CHECK(digest("a") != KeyedDigest({})("a"));
}

TEST_CASE("KeyedDigest: without_secrets keeps only the values that a cache reads") {
  const auto digest = reference();
  const http::Request request{"GET",
                              "http://a/",
                              {{"Accept", "a/b"},
                               {"X-Api-Key", "s3cret"},
                               {"Cookie", "a=1"},
                               {"cookie", "b=2"},
                               {"Range", "bytes=0-1"}}};
  const auto hidden = digest.without_secrets(request);
  CHECK(hidden.fields == http::Fields{{"Accept", "a/b"},
                                      {"X-Api-Key", digest("s3cret")},
                                      {"Cookie", digest("a=1, b=2")},
                                      {"Range", "bytes=0-1"}});
}

TEST_CASE("read_or_make_key: creates the key once, readable by its owner only") {
  const test::Folder folder;
  const std::string path = folder.path + "/key";
  const auto key = read_or_make_key(path);
  CHECK(read_or_make_key(path) == key);
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("Cache: refuses files that others can write") {
  const test::Folder folder;
  const std::string path = folder.path + "/cache.db";
  Cache{path};
  for (const char* end : {"", "-key", "-bodies", "-locks"}) {
    CAPTURE(end);
    const std::string file = path + end;
    struct stat before {};
    REQUIRE(stat(file.c_str(), &before) == 0);
    chmod(file.c_str(), 0777);
    CHECK_THROWS_AS(Cache{path}, Error);
    chmod(file.c_str(), before.st_mode & 0777);
  }
  Cache{path};
  chmod(folder.path.c_str(), 0777);
  CHECK_THROWS_AS(Cache{path}, Error);
  chmod(folder.path.c_str(), 0700);
}

TEST_CASE("Cache: never opens or removes a file outside its folder that a row names") {
  const test::Folder folder;
  const std::string path = folder.path + "/cache.db", victim = folder.path + "/victim";
  const http::Body body(std::string(std::size_t{300} << 10, 'x'));
  const Stored stored{{200, {}}, {}, {}, body.size()};
  {
    Cache cache{path};
    cache.store({"http://a/", ""}, stored, body);
    cache.commit();
  }
  { Output file(open_to_write(victim), victim); }
  {
    sqlite::Database database(path, sqlite::Database::Open::existing);
    database.execute("UPDATE entries SET object = '../victim'");
  }
  Cache cache{path};
  CHECK(cache.find({"http://a/", ""}).empty());
  cache.remove("http://a/");
  cache.commit();
  CHECK_NOTHROW(open_to_read(victim));
}

}  // namespace
}  // namespace iso::http_cache
