#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "base/file.h"
#include "base/wait.h"

namespace iso::ends {

// Writes lines into a pipe so that a reader who wants N of them and leaves, as head does, finds no byte of
// the next in what it read.
//
// The first thousand lines go one at a time: the pipe is made so small that poll(2) says it is writable
// only when it is empty, and the next line goes when it is. From then on the pipe has its own size, and lines
// go as fast as the reader takes them. What the reader took is what was written without what FIONREAD says
// is still in the pipe. When others write to the same pipe that is too little, never too much.
class PipeWriter {
 public:
  // Whether a descriptor is a pipe, so that this can be.
  static bool is_pipe(int fd);

  // `output` goes to a pipe, and outlives this.
  explicit PipeWriter(Output& output);
  ~PipeWriter();  // the pipe has its own size again: others may use it after us
  PipeWriter(const PipeWriter&) = delete;
  PipeWriter& operator=(const PipeWriter&) = delete;

  // All that was appended to the output until now is whole: the reader may have it without what follows.
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

  // For the next thing to do: to write, to learn that more was taken, or that the reader has gone.
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
