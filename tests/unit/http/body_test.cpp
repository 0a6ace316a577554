#include "http/body.h"

#include <doctest/doctest.h>
#include <filesystem>

#include "base/file.h"

namespace iso::http {
namespace {

std::string fresh_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "iso-body-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()));
  return name;
}

TEST_CASE("Body: returns the bytes that were appended, in memory or in a file, also after a move") {
  const std::string folder = fresh_folder();
  for (const bool in_file : {false, true}) {
    Body body;
    if (in_file) body.spool_to(folder);
    std::string want;
    for (int i = 0; want.size() <= 3 * Body::kInMemory; ++i) {
      const std::string part(100'000, static_cast<char>('a' + i % 26));
      body.append(part);
      want += part;
    }
    CHECK(body.bytes() == want);
    body.append("z");
    Body moved = std::move(body);
    CHECK(moved.bytes() == want + "z");
    CHECK(moved.size() == want.size() + 1);
    CHECK(moved.link_to(folder + "/named") == in_file);
  }
  CHECK(Body(open_to_read(folder + "/named")).size() > 3 * Body::kInMemory);
  std::filesystem::remove_all(folder);
}

TEST_CASE("Body: leaves nothing in its folder") {
  const std::string folder = fresh_folder();
  {
    Body body;
    body.spool_to(folder);
    body.append(std::string(2 * Body::kInMemory, 'x'));
    CHECK(std::filesystem::is_empty(folder));
  }
  CHECK(std::filesystem::is_empty(folder));
  std::filesystem::remove(folder);
}

}  // namespace
}  // namespace iso::http
