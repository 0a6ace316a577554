#include <algorithm>
#include <cerrno>
#include <deque>
#include <fmt/core.h>
#include <iterator>
#include <optional>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/compressed.h"
#include "base/error.h"
#include "ends/pipe_writer.h"
#include "ends/stream.h"
#include "record/write.h"

namespace iso::ends {
namespace {

class StreamSink final : public Sink {
 public:
  StreamSink(Descriptor to, std::string name, StreamFormat format, ConfirmOnce once)
      : output_(std::move(to), std::move(name)), format_(format) {
    if (once == ConfirmOnce::read && PipeWriter::is_pipe(output_.descriptor())) pipe_.emplace(output_);
  }

  StreamSink(Descriptor to, std::string name, WriteRecord write, ConfirmOnce once)
      : StreamSink(std::move(to), std::move(name), StreamFormat::pretty, once) {
    write_ = std::move(write);
  }

  // Appends to the file `name`.
  StreamSink(Descriptor to, std::string name)
      : StreamSink(std::move(to), name, StreamFormat::records, ConfirmOnce::written) {
    file_ = std::move(name);
    char last = '\n';
    struct stat status {};
    const bool known = fstat(output_.descriptor(), &status) == 0 && status.st_size > 0 &&
                       pread(output_.descriptor(), &last, 1, status.st_size - 1) == 1;
    if (known && last != '\n') output_.buffer() += '\n';
  }

  void put(Ticket ticket, const Record& record) override {
    const auto start = output_.written() + output_.pending();
    append(record);
    marks_.push_back({ticket, start, output_.written() + output_.pending()});
    if (pipe_) pipe_->end_line();
  }

  void flush() override {
    if (pipe_) {
      pipe_->write_some();
      safe_ = pipe_->taken();
      return;
    }
    output_.write_some();
    if (safe_ == output_.written()) return;
    if (!file_.empty() && fdatasync(output_.descriptor()) != 0 && errno != EINVAL)  // a pipe has no disk
      throw system_error("write", file_);
    safe_ = output_.written();
  }

  void results(std::vector<DeliveryResult>& out) override {
    for (; !marks_.empty() && marks_.front().end <= safe_; marks_.pop_front())
      out.push_back({marks_.front().ticket, DeliveryStatus::confirmed, 0, {}});
    move_append(withdrawn_, out);
  }

  // Lines of which no byte is written are taken out of what is to be written.
  void withdraw(Ticket up_to) override {
    const auto first = std::find_if(marks_.begin(), marks_.end(),
                                    [&](const Mark& mark) { return mark.start >= output_.written(); });
    const auto end = std::find_if(first, marks_.end(), [&](const Mark& mark) { return mark.ticket > up_to; });
    if (first == end) return;
    const auto from = first->start, to = std::prev(end)->end;
    std::string& bytes = output_.buffer();
    const auto at = bytes.size() - (output_.written() + output_.pending() - from);
    bytes.erase(at, to - from);
    for (auto mark = first; mark != end; ++mark)
      withdrawn_.push_back({mark->ticket, DeliveryStatus::untried, 0, {}});
    for (auto mark = marks_.erase(first, end); mark != marks_.end(); ++mark) {
      mark->start -= to - from;
      mark->end -= to - from;
    }
    if (pipe_) pipe_->cut_out(from, to);
  }

  Wait wait() const override { return pipe_ ? pipe_->wait() : Wait(output_.descriptor(), POLLOUT); }
  bool closed() const override { return pipe_ ? pipe_->closed() : output_.closed(); }

 private:
  struct Mark {
    Ticket ticket;
    unsigned long long start, end;  // the record is out when so many bytes are
  };

  void append(const Record& record) {
    std::string& out = output_.buffer();
    if (write_) return write_(out, record);
    switch (format_) {
      case StreamFormat::records:
      case StreamFormat::pretty:
        append_record(out, record);
        break;
      case StreamFormat::base64:
        append_record(out, record, BodyAs::base64);
        break;
      case StreamFormat::body:
        if (record.body_kind == BodyKind::json) {
          append_one_line(out, record.body);
        } else {
          out += record.body;
        }
        break;
      case StreamFormat::raw:
        out += record.body;
        return;
    }
    out += '\n';
  }

  Output output_;
  std::optional<PipeWriter> pipe_;  // if only what its reader took counts
  StreamFormat format_;
  WriteRecord write_;            // instead, if it is given
  std::string file_;             // "": not a file that must be synced
  unsigned long long safe_ = 0;  // bytes that arrived: written, synced or read
  std::deque<Mark> marks_;
  std::vector<DeliveryResult> withdrawn_;
};

}  // namespace

std::unique_ptr<Sink> open_stream_sink(Descriptor to, std::string name, StreamFormat format,
                                       ConfirmOnce once) {
  return std::make_unique<StreamSink>(std::move(to), std::move(name), format, once);
}

std::unique_ptr<Sink> open_stream_sink(Descriptor to, std::string name, WriteRecord write, ConfirmOnce once) {
  return std::make_unique<StreamSink>(std::move(to), std::move(name), std::move(write), once);
}

std::unique_ptr<Sink> open_file_sink(const std::string& path) {
  if (compression_of(path) != Compression::none)
    throw Error(ErrorKind::usage, fmt::format("{}: compressed files are read, not written", path));
  return std::make_unique<StreamSink>(open_to_append(path), path);
}

}  // namespace iso::ends
