#include "http_cache/keyed_digest.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "http_cache/vary.h"

namespace iso::http_cache {
namespace {

std::uint64_t read_word(const char* bytes, std::size_t count) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < count; ++i)
    word |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return word;
}

struct SipState {
  std::uint64_t v[4];

  void round() {
    v[0] += v[1];
    v[1] = std::rotl(v[1], 13) ^ v[0];
    v[0] = std::rotl(v[0], 32);
    v[2] += v[3];
    v[3] = std::rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = std::rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = std::rotl(v[1], 17) ^ v[2];
    v[2] = std::rotl(v[2], 32);
  }
  void take(std::uint64_t word) {
    v[3] ^= word;
    round();
    round();
    v[0] ^= word;
  }
  std::uint64_t finish() {
    for (int i = 0; i < 4; ++i) round();
    return v[0] ^ v[1] ^ v[2] ^ v[3];
  }
};

// Fields that the cache's policy reads; none of them is a secret.
bool is_read_by_cache(std::string_view name) {
  constexpr std::string_view kAll[] = {"accept",          "accept-charset",
                                       "accept-encoding", "accept-language",
                                       "cache-control",   "pragma",
                                       "range",           "if-range",
                                       "if-none-match",   "if-modified-since",
                                       "if-match",        "if-unmodified-since"};
  return std::any_of(std::begin(kAll), std::end(kAll),
                     [name](std::string_view each) { return equal_without_case(each, name); });
}

// Creates the file under its name only when it is complete, so that nobody reads a part of it.
void make_key(const std::string& path) {
  const std::string part = fmt::format("{}.{}", path, getpid());
  unlink(part.c_str());
  const auto file = Descriptor::own(open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0) throw system_error("make", part);
  KeyedDigest::Key key{};
  const bool good = getrandom(key.data(), key.size(), 0) == static_cast<ssize_t>(key.size()) &&
                    write(file.get(), key.data(), key.size()) == static_cast<ssize_t>(key.size());
  const bool named = good && (link(part.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const int why = errno;
  unlink(part.c_str());
  if (!named) throw system_error("make", path, ErrorKind::io, why);
}

}  // namespace

KeyedDigest::KeyedDigest(const Key& key)
    : key_{read_word(reinterpret_cast<const char*>(key.data()), 8),
           read_word(reinterpret_cast<const char*>(key.data()) + 8, 8)} {}

std::string KeyedDigest::operator()(std::string_view text) const {
  SipState state{{key_[0] ^ 0x736f6d6570736575, key_[1] ^ 0x646f72616e646f6d ^ 0xee,
                  key_[0] ^ 0x6c7967656e657261, key_[1] ^ 0x7465646279746573}};
  const std::size_t size = text.size();
  for (; text.size() >= 8; text.remove_prefix(8)) state.take(read_word(text.data(), 8));
  state.take(read_word(text.data(), text.size()) | std::uint64_t{size & 0xff} << 56);
  state.v[2] ^= 0xee;
  const std::uint64_t first = state.finish();
  state.v[1] ^= 0xdd;
  const std::uint64_t second = state.finish();
  return fmt::format("{:016x}{:016x}", first, second);
}

http::Request KeyedDigest::without_secrets(const http::Request& request) const {
  http::Request hidden{request.method, request.url, {}};
  for (const auto& field : request.fields) {
    if (is_read_by_cache(field.name))
      hidden.fields.add(field.name, field.value);
    else if (!hidden.fields.has(field.name))
      hidden.fields.add(field.name,
                        (*this)(normalised(field.name, request.fields.joined(field.name).value_or(""))));
  }
  return hidden;
}

KeyedDigest::Key read_or_make_key(const std::string& path) {
  auto file = Descriptor::own(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.get() < 0 && errno == ENOENT) {
    make_key(path);
    file = Descriptor::own(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  }
  if (file.get() < 0) throw system_error("read", path);
  KeyedDigest::Key key{};
  if (read(file.get(), key.data(), key.size()) != static_cast<ssize_t>(key.size()))
    throw Error(ErrorKind::io, fmt::format("{} is no key of a cache: remove it", path));
  return key;
}

}  // namespace iso::http_cache
