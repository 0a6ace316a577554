#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "pump/end.h"
#include "record/split.h"

namespace iso::ends {

// One input of a stream source, and its name ("" for standard input). If the name ends in .gz or .zst, the
// file is decompressed, unless all of it is one body.
struct Input {
  Descriptor from;
  std::string name;
};

// Reads records from bytes, split by `framing`, one input after the other. The kind of a body is json for
// json; text, or bytes if it is not UTF-8, for lines; detected for whole. Records cannot be given back:
// settling does nothing.
std::unique_ptr<Source> open_stream_source(std::vector<Input> inputs, Framing framing);

// The same record `count` times.
std::unique_ptr<Source> repeat_source(Record record, std::uint64_t count);

enum class StreamFormat {
  records,  // one record a line
  base64,   // one record a line, its body always in base64: byte for byte
  body,     // the body and a line break; JSON is put on one line
  raw,      // the body's bytes and nothing else
  pretty,   // for people, as WriteRecord does it
};

// Appends a record as it is to be written, with what ends it.
using WriteRecord = std::function<void(std::string&, const Record&)>;

enum class ConfirmOnce {
  written,  // write(2) took all of the record
  read,     // and, if it goes to a pipe, its reader has taken it out (ends/pipe_writer.h)
};

// After the reader has gone, closed() is true and records that were not confirmed have no result. With
// ConfirmOnce::read, flush() of a pipe waits at most 10 ms for its reader during the first thousand records.
std::unique_ptr<Sink> open_stream_sink(Descriptor to, std::string name, StreamFormat format,
                                       ConfirmOnce once);
std::unique_ptr<Sink> open_stream_sink(Descriptor to, std::string name, WriteRecord write, ConfirmOnce once);

// Appends records to a file, one per line, and creates it if it is missing; an unfinished last line is ended
// first. A record is confirmed once it is on the disk, and each flush waits for that. Throws ErrorKind::io,
// and ErrorKind::usage for a name that ends in .gz or .zst. No URL leads here: `publish --url` must not
// create a file named like a host.
std::unique_ptr<Sink> open_file_sink(const std::string& path);

}  // namespace iso::ends
