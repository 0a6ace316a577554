#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace iso {

// A file descriptor, closed with this object if it is owned; a lent one (0, 1, 2) is not closed.
class Descriptor {
 public:
  Descriptor() = default;
  static Descriptor own(int fd) { return {fd, true}; }
  static Descriptor lend(int fd) { return {fd, false}; }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)), owned_(other.owned_) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const { return fd_; }

 private:
  Descriptor(int fd, bool owned) : fd_(fd), owned_(owned) {}
  int fd_ = -1;
  bool owned_ = false;
};

// Opens descriptors 0, 1 and 2 if the process was started without them, so that no other file gets one of
// these numbers; reading from or writing to them then fails. Call it before anything else is opened.
void hold_standard_descriptors();

// Descriptors 0 and 1, lent. Throw ErrorKind::io if the process was started without it.
Descriptor standard_input();
Descriptor standard_output();

// Throws ErrorKind::missing if there is no such file, ErrorKind::io for any other reason.
Descriptor open_to_read(const std::string& path);

// The same, for callers that wait with poll(2) and handle EAGAIN: does not wait for the writer of a FIFO.
Descriptor open_to_poll(const std::string& path);

// Creates the file, for its owner alone, or empties it. Throws ErrorKind::io.
Descriptor open_to_write(const std::string& path);

// Creates the file, for its owner alone, if it is missing; writes go to its end. Throws ErrorKind::io.
Descriptor open_to_append(const std::string& path);

// A file without a name in `folder`, for its owner alone, open for reading and writing. It disappears when it
// is closed. Throws ErrorKind::io.
Descriptor temporary_file(const std::string& folder);

// The contents of a file. A FIFO must be written to within 10 s. Throws as open_to_read.
std::string read_file(const std::string& path);

// Buffered bytes for a descriptor. write_some() does not wait for a slow reader, and a reader that has gone
// is not an error.
class Output {
 public:
  explicit Output(Descriptor to, std::string name);  // `name` is for messages

  std::string& buffer() { return buffer_; }  // append here

  // Writes as much as it can without waiting, but nothing beyond byte `end`, counted from the start.
  // Throws ErrorKind::io.
  void write_some(unsigned long long end = std::numeric_limits<unsigned long long>::max());
  // Waits until all is written or the reader has gone. Throws ErrorKind::io.
  void write_all();

  std::size_t pending() const { return buffer_.size() - begin_; }
  unsigned long long written() const { return written_; }  // bytes since the start
  bool closed() const { return closed_; }  // the reader has gone; what is pending will never be written
  int descriptor() const { return to_.get(); }

 private:
  bool ready(int wait_ms) const;
  void forget_written();

  Descriptor to_;
  std::string name_;
  std::string buffer_;
  std::size_t begin_ = 0;
  std::size_t most_;  // bytes that one write may hand over without waiting, once poll said that it is ready
  unsigned long long written_ = 0;
  bool closed_ = false;
};

}  // namespace iso
