#include "cli/fetch/input.h"

#include <cerrno>
#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include "base/error.h"

namespace iso::cli {
namespace {

constexpr std::size_t kReadAtLeast = std::size_t{64} * 1024;

}  // namespace

FetchInput::FetchInput(std::vector<std::string> urls) : urls_(urls.begin(), urls.end()), read_all_(true) {}

FetchInput::FetchInput(Pointer url_at, std::optional<Pointer> body_at)
    : url_at_(std::move(url_at)), body_at_(std::move(body_at)) {}

Wait FetchInput::wait() const {
  if (read_all_) return {};
  return {STDIN_FILENO, POLLIN};
}

std::optional<Wanted> FetchInput::next() {
  if (!url_at_) {
    ended_ = urls_.size() <= 1;
    if (urls_.empty()) return std::nullopt;
    Wanted one{std::move(urls_.front()), {}, {}, ++number_, {}};
    urls_.pop_front();
    return one;
  }
  for (;;) {
    if (const auto piece = splitter_.next()) return wanted(*piece);
    pollfd ready{STDIN_FILENO, POLLIN, 0};
    ended_ = read_all_;
    if (read_all_ || poll(&ready, 1, 0) <= 0) return std::nullopt;
    read_some();
  }
}

void FetchInput::read_some() {
  const auto space = splitter_.space(kReadAtLeast);
  const ssize_t got = read(STDIN_FILENO, space.data(), space.size());
  if (got > 0) {
    splitter_.filled(static_cast<std::size_t>(got));
  } else if (got == 0) {
    splitter_.finish();
    read_all_ = true;
  } else if (errno != EINTR && errno != EAGAIN) {
    throw system_error("read", "standard input");
  }
}

Wanted FetchInput::wanted(const Piece& piece) const {
  Wanted one{{}, std::string(piece.bytes), piece.error, piece.number, {}};
  if (!one.bad_input.empty()) return one;
  if (!one.record.starts_with('{')) {
    one.bad_input = fmt::format("line {}: a record must be an object", piece.line);
    return one;
  }
  if (auto url = url_at_->text_in(one.record))
    one.url = std::move(*url);
  else
    one.bad_input = fmt::format("line {}: there is no value where --url-at points", piece.line);
  auto body = body_at_ ? body_at_->text_in(one.record) : std::nullopt;
  if (body)
    one.body = std::move(*body);
  else if (body_at_ && one.bad_input.empty())
    one.bad_input = fmt::format("line {}: --body-at selects nothing in this record", piece.line);
  return one;
}

}  // namespace iso::cli
