#include "base/compressed.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include "support/errors.h"

using namespace iso;

namespace {

// What `printf '{"a":1}\n' | gzip -n` and `zstd --check` write.
constexpr char kGzipBytes[] =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56\x4a\x54\xb2\x32\xac\xe5\x02\x00\x46\xa3\xe8\x74\x08\x00"
    "\x00\x00";
constexpr char kZstdBytes[] =
    "\x28\xb5\x2f\xfd\x04\x58\x41\x00\x00\x7b\x22\x61\x22\x3a\x31\x7d\x0a\xe2\xef\xec\xe0";
constexpr std::string_view kText = "{\"a\":1}\n";

Descriptor holding(std::string_view bytes) {
  Descriptor file = Descriptor::own(memfd_create("compressed", MFD_CLOEXEC));
  REQUIRE(write(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  REQUIRE(lseek(file.get(), 0, SEEK_SET) == 0);
  return file;
}

std::string read_all(Compression how, std::string_view bytes, std::size_t at_once = 3) {
  Decompressor file(how, holding(bytes), "the file");
  std::string text;
  std::vector<char> space(at_once);
  while (const auto got = file.read(space)) text.append(space.data(), *got);
  return text;
}

struct Sample {
  Compression how;
  std::string bytes;
};
const Sample kSamples[] = {{Compression::gzip, {kGzipBytes, sizeof kGzipBytes - 1}},
                           {Compression::zstd, {kZstdBytes, sizeof kZstdBytes - 1}}};

}  // namespace

TEST_CASE("compressed: the end of a name says how, and nothing else does") {
  CHECK(compression_of("a.ndjson.gz") == Compression::gzip);
  CHECK(compression_of("a/b.zst") == Compression::zstd);
  for (const auto name : {"", "-", "a.ndjson", "gz", "a.gz/b", "a.gz.bak", "a.zstd"})
    CHECK(compression_of(name) == Compression::none);
}

TEST_CASE("compressed: a file gives what was compressed, however little of it is asked for at once") {
  for (const auto& [how, bytes] : kSamples)
    for (const std::size_t at_once : {1u, 8u, 9u, 1000u}) CHECK(read_all(how, bytes, at_once) == kText);
}

TEST_CASE("compressed: streams that follow each other are one, also over the end of what is read at once") {
  for (const auto& [how, bytes] : kSamples) {
    std::string many, want;
    for (int i = 0; i < 10'000; ++i) many += bytes, want += kText;
    CHECK(read_all(how, many, 4096) == want);
  }
}

TEST_CASE("compressed: a file that ends too early is an error wherever it ends, after all that came before") {
  for (const auto& [how, bytes] : kSamples)
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      CAPTURE(length);
      Decompressor file(how, holding(bytes + bytes.substr(0, length)), "the file");
      std::string text;
      char space[64];
      const auto read = [&] {
        while (const auto got = file.read(space)) text.append(space, *got);
      };
      if (length == 0) {
        read();
      } else {
        const Error error = test::error_of(read);
        CHECK(error.kind() == ErrorKind::io);
        CHECK(test::says(error, "cannot read the file: its compressed data is cut off"));
      }
      CHECK(text.starts_with(kText));
    }
  CHECK(test::says(test::error_of([] { read_all(Compression::gzip, ""); }), "is cut off"));
}

TEST_CASE(
    "compressed: a bit that flipped in what is checked, and what is not compressed at all, are errors") {
  for (const auto& [how, bytes] : kSamples) {
    std::string damaged = bytes;
    damaged[damaged.size() - 3] ^= 1;
    for (const std::string& bad :
         {damaged, std::string("{\"a\":1}\n{\"a\":2}\n"), bytes + "trailing rubbish"}) {
      const Error error = test::error_of([&, kind = how] { read_all(kind, bad); });
      CHECK(error.kind() == ErrorKind::io);
      CHECK(test::says(error, "cannot read the file: the "));
    }
  }
}

TEST_CASE("compressed: what a live pipe has brought so far comes out, and the rest when it comes") {
  for (const auto& [how, bytes] : kSamples) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    Decompressor file(how, Descriptor::own(ends[0]), "the pipe");
    char space[4];
    REQUIRE(write(ends[1], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    CHECK(file.read(space) == 4);
    CHECK(file.holds_bytes());
    CHECK(file.read(space) == 4);
    REQUIRE(write(ends[1], bytes.data(), 5) == 5);
    CHECK(file.read(space) == 0);
    CHECK_FALSE(file.holds_bytes());
    close(ends[1]);
    CHECK_THROWS_AS(file.read(space), Error);
  }
}
