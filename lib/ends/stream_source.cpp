#include <cerrno>
#include <fmt/core.h>
#include <optional>
#include <poll.h>
#include <span>
#include <unistd.h>
#include <utility>

#include "base/compressed.h"
#include "base/error.h"
#include "ends/stream.h"
#include "record/read.h"

namespace iso::ends {
namespace {

constexpr std::size_t kReadAtLeast = std::size_t{64} * 1024;

class StreamSource final : public Source {
 public:
  StreamSource(std::vector<Input> inputs, Framing framing)
      : inputs_(std::move(inputs)), framing_(framing), splitter_(framing) {
    begin_input();
  }

  SourceState take(std::size_t most, std::vector<Delivery>& out) override {
    for (std::size_t taken = 0; taken < most;) {
      if (auto piece = splitter_.next()) {
        out.push_back(record_of(*piece));
        ++taken;
      } else if (finished_) {
        if (!next_input()) return SourceState::ended;
      } else if (!has_bytes()) {
        return SourceState::idle;
      } else if (!read_some(taken != 0)) {
        return SourceState::ready;
      }
    }
    return SourceState::ready;
  }

  bool settle(Ticket, Disposition, std::string_view) override { return false; }

  Wait wait() const override { return {inputs_[input_].from.get(), POLLIN}; }

 private:
  bool has_bytes() const {
    if (compressed_ && compressed_->holds_bytes()) return true;
    pollfd fd{inputs_[input_].from.get(), POLLIN, 0};
    return poll(&fd, 1, 0) > 0;
  }

  // False: reading failed. The error is thrown the next time, so that what was taken is not lost.
  bool read_some(bool taken) {
    try {
      read_some();
    } catch (const Error&) {
      if (!taken) throw;
      return false;
    }
    return true;
  }

  void read_some() {
    const auto space = splitter_.space(kReadAtLeast);
    if (compressed_) return read_compressed(space);
    const ssize_t got = read(inputs_[input_].from.get(), space.data(), space.size());
    if (got > 0) {
      splitter_.filled(static_cast<std::size_t>(got));
    } else if (got == 0) {
      splitter_.finish();
      finished_ = true;
    } else if (errno != EINTR && errno != EAGAIN) {
      throw system_error("read", name());
    }
  }

  void read_compressed(std::span<char> space) {
    if (const auto got = compressed_->read(space)) {
      splitter_.filled(*got);
    } else {
      splitter_.finish();
      finished_ = true;
    }
  }

  // With whole, the body is the file itself, even if it is compressed.
  void begin_input() {
    const Input& input = inputs_[input_];
    const auto how = framing_ == Framing::whole ? Compression::none : compression_of(input.name);
    compressed_.reset();
    if (how != Compression::none) compressed_.emplace(how, Descriptor::lend(input.from.get()), input.name);
  }

  bool next_input() {
    if (input_ + 1 == inputs_.size()) return false;
    ++input_;
    begin_input();
    splitter_ = Splitter(framing_);
    finished_ = false;
    return true;
  }

  std::string_view name() const {
    return inputs_[input_].name.empty() ? std::string_view("standard input") : inputs_[input_].name;
  }

  Delivery record_of(const Piece& piece) {
    Delivery taken{++ticket_, {}, nullptr};
    if (!piece.error.empty()) {
      taken.bad_input = bad_input_of(piece, piece.error);
      return taken;
    }
    if (framing_ == Framing::records) {
      try {
        taken.record = read_record(piece.bytes);
      } catch (const Error& error) {
        taken.bad_input = bad_input_of(piece, fmt::format("line {}, {}", piece.line, error.what()));
      }
      return taken;
    }
    taken.record.body = piece.bytes;
    taken.record.body_kind = kind_of(piece.bytes);
    return taken;
  }

  BodyKind kind_of(std::string_view bytes) const {
    if (framing_ == Framing::json) return BodyKind::json;
    if (framing_ == Framing::lines) return is_utf8(bytes) ? BodyKind::text : BodyKind::bytes;
    return body_kind_of(bytes);
  }

  std::unique_ptr<BadInput> bad_input_of(const Piece& piece, const std::string& why) const {
    const auto& file = inputs_[input_].name;
    return std::make_unique<BadInput>(BadInput{piece.number, piece.line, piece.offset,
                                               file.empty() ? why : fmt::format("{}: {}", file, why),
                                               std::string(piece.bytes)});
  }

  std::vector<Input> inputs_;
  Framing framing_;
  Splitter splitter_;
  std::optional<Decompressor> compressed_;  // the input that is read, if its name says so
  std::size_t input_ = 0;
  bool finished_ = false;
  Ticket ticket_ = 0;
};

class RepeatSource final : public Source {
 public:
  RepeatSource(Record record, std::uint64_t count) : record_(std::move(record)), left_(count) {}

  SourceState take(std::size_t most, std::vector<Delivery>& out) override {
    for (; most > 0 && left_ > 0; --most, --left_) out.push_back({++ticket_, record_, nullptr});
    return left_ > 0 ? SourceState::ready : SourceState::ended;
  }
  bool settle(Ticket, Disposition, std::string_view) override { return false; }
  Wait wait() const override { return {}; }

 private:
  Record record_;
  std::uint64_t left_;
  Ticket ticket_ = 0;
};

}  // namespace

std::unique_ptr<Source> open_stream_source(std::vector<Input> inputs, Framing framing) {
  return std::make_unique<StreamSource>(std::move(inputs), framing);
}

std::unique_ptr<Source> repeat_source(Record record, std::uint64_t count) {
  return std::make_unique<RepeatSource>(std::move(record), count);
}

}  // namespace iso::ends
