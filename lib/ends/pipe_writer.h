#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "base/file.h"
#include "base/wait.h"

namespace iso::ends {

// Writes lines into a pipe such that a reader that takes N lines and exits, as head does, has read no byte of
// the next one.
//
// The first thousand lines are written one at a time: the pipe is made so small that poll(2) reports it as
// writable only when it is empty, and then the next line is written. After that the pipe has its own size,
// and lines are written as fast as the reader takes them. What the reader took is what was written minus what
// is still in the pipe according to FIONREAD. If others write to the same pipe, that is too little, never too
// much.
class PipeWriter {
 public:
  // Whether a descriptor is a pipe.
  static bool is_pipe(int fd);

  // `output` goes to a pipe, and outlives this.
  explicit PipeWriter(Output& output);
  ~PipeWriter();  // restores the size of the pipe, which others may use later
  PipeWriter(const PipeWriter&) = delete;
  PipeWriter& operator=(const PipeWriter&) = delete;

  // Marks the end of a line: the reader may get everything appended so far without what follows.
  void end_line();

  // The lines that were to begin at byte `from`, up to byte `to`, were taken out of the output.
  void cut_out(unsigned long long from, unsigned long long to);

  // Writes what the reader may have now. Among the first lines it waits for the reader, 10 ms in all.
  // Throws ErrorKind::io.
  void write_some();

  // Bytes since the start that the reader took out of the pipe, as of the last write_some().
  unsigned long long taken() const { return taken_; }
  // The reader has gone, as of the last write_some(): taken() is final.
  bool closed() const { return closed_; }

  // What to wait for: room to write, more taken by the reader, or the reader gone.
  Wait wait() const;

 private:
  bool is_slow() const { return lines_ < kSlowLines; }
  void write_line_by_line();
  bool becomes_empty(std::chrono::milliseconds limit);
  void look();
  void shrink();
  void grow();

  static constexpr unsigned kSlowLines = 1'024;

  Output& output_;
  int own_size_;        // bytes the pipe held when it came to us
  bool small_ = false;  // it holds one page
  bool closed_ = false;
  unsigned lines_ = 0;                   // that were written one at a time
  std::deque<unsigned long long> ends_;  // of lines not written yet, in bytes since the start
  unsigned long long taken_ = 0;
  std::chrono::milliseconds next_look_{1};  // grows while the reader takes nothing
};

}  // namespace iso::ends
