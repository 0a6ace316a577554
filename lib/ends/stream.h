#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "pump/end.h"
#include "record/split.h"

namespace iso::ends {

// One input of a stream source, and its name ("" for standard input). A name that ends in .gz or .zst is that
// of a compressed file, which is read as what it stands for, unless all of it is one body.
struct Input {
  Descriptor from;
  std::string name;
};

// Records out of bytes, cut as `framing` says, one input after the other. A body's kind is json for json;
// text, or bytes if it is not UTF-8, for lines; what it looks like for whole. Its records cannot be given
// back: settling does nothing.
std::unique_ptr<Source> open_stream_source(std::vector<Input> inputs, Framing framing);

// The same record `count` times.
std::unique_ptr<Source> repeat_source(Record record, std::uint64_t count);

enum class StreamFormat {
  records,  // one record a line
  base64,   // one record a line, its body always in base64: byte for byte
  body,     // the body and a line break; JSON is put on one line
  raw,      // the body's bytes and nothing else
};

enum class ConfirmOnce {
  written,  // write(2) took all of the record
  read,     // and, if it goes to a pipe, whoever reads that has taken it out (ends/pipe_writer.h)
};

// When the reader has gone, closed() is true and what was not confirmed has no result. With ConfirmOnce::read
// a pipe's flush() waits for its reader among the first thousand records, at most 10 ms.
std::unique_ptr<Sink> open_stream_sink(Descriptor to, std::string name, StreamFormat format,
                                       ConfirmOnce once);

// Appends records to a file, one a line, and makes it if it is missing; a last line that was cut off is ended
// first. A record is confirmed once it is on the disk, and each flush waits for that. Throws ErrorKind::io,
// and ErrorKind::usage for a name that ends in .gz or .zst. No URL leads here: `publish --url` must not make
// a file of a host's name.
std::unique_ptr<Sink> open_file_sink(const std::string& path);

}  // namespace iso::ends
