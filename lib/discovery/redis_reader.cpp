#include "discovery/redis_reader.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/error.h"
#include "base/integer.h"

namespace iso::discovery {
namespace {

constexpr std::size_t kReadAtLeast = 4096;  // bytes

Error no_answer() {
  return {ErrorKind::unavailable, "what came is not an answer of Redis"};
}

// "-1" means null.
std::size_t read_count(std::string_view text) {
  const auto count = read_integer<long long>(text);
  if (!count || *count < -1) throw no_answer();
  return static_cast<std::size_t>(std::max(*count, 0LL));
}

}  // namespace

void RedisReader::read_some() {
  if (taken_ + buffer_.size() > kMostBytes)
    throw Error(ErrorKind::unavailable, fmt::format("an answer of more than {} bytes", kMostBytes));
  buffer_ += stream_.receive(kReadAtLeast);
}

std::string RedisReader::bytes(std::size_t count) {
  if (count > kMostBytes) throw Error(ErrorKind::unavailable, fmt::format("an answer of {} bytes", count));
  while (buffer_.size() < count) read_some();
  std::string taken = buffer_.substr(0, count);
  buffer_.erase(0, count);
  taken_ += count;
  return taken;
}

std::string RedisReader::line() {
  std::size_t end;
  while ((end = buffer_.find("\r\n")) == buffer_.npos) read_some();
  std::string taken = bytes(end + 2);
  taken.resize(end);
  if (taken.empty()) throw no_answer();
  return taken;
}

std::string RedisReader::text(const std::string& head) {
  if (head[0] == '+' || head[0] == ':') return head.substr(1);
  if (head[0] != '$') throw no_answer();
  if (head == "$-1") return {};
  std::string text = bytes(read_count(head.substr(1)));
  if (bytes(2) != "\r\n") throw no_answer();
  return text;
}

RedisReply RedisReader::next() {
  taken_ = 0;
  const std::string head = line();
  if (head[0] == '-') return {true, {head.substr(1)}};
  if (head[0] != '*') return {false, {text(head)}};
  RedisReply reply;
  for (std::size_t left = read_count(head.substr(1)); left != 0; --left) reply.texts.push_back(text(line()));
  return reply;
}

std::string redis_command(const std::vector<std::string>& words) {
  std::string command = fmt::format("*{}\r\n", words.size());
  for (const auto& word : words) command += fmt::format("${}\r\n{}\r\n", word.size(), word);
  return command;
}

}  // namespace iso::discovery
