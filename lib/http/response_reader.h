#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/content_decoder.h"
#include "http/transport.h"

namespace iso::http {

// Most bytes of a body that is kept in memory because it may not be on a disk.
inline constexpr std::uint64_t kMostInMemory = std::uint64_t{256} << 20;
// Most bytes of all header lines and trailers of one exchange.
inline constexpr std::size_t kMostHeader = std::size_t{1} << 20;
// Most interim responses (1xx) before the final one.
inline constexpr std::size_t kMostInterim = 100;

// Reads one response from its header lines and the bytes of its body, and refuses what contradicts itself or
// was not asked for (RFC 9112 sections 5 and 6). Keeps a reference to the request.
class ResponseReader {
 public:
  // `most`: bytes of a body; 0: no limit.
  ResponseReader(const HttpRequest& request, std::uint64_t most) : request_(request), most_(most) {}

  // A line of a header or of trailers, with or without its line break. False: the response is refused, and
  // nothing more may be given.
  bool take_line(std::string_view line);
  bool take_body(std::string_view bytes);

  // What came. `error` and `why` say how the transfer ended; what was refused here goes before it.
  HttpReply finish(TransferError error, std::string why);

  bool has_begun() const { return header_bytes_ != 0; }
  bool has_header() const { return state_ == State::body; }
  std::size_t bytes() const { return header_bytes_ + received_; }  // of all that came

 private:
  enum class State { status_line, header, body };

  bool refuse(TransferError error, std::string why);
  bool take_status(std::string_view line);
  bool take_field(std::string_view line);
  bool end_header();
  bool check_length();
  bool begin_decoding();
  bool keep(std::string_view bytes);
  bool has_no_body() const;
  bool is_chunked() const;

  const HttpRequest& request_;
  std::uint64_t most_;
  State state_ = State::status_line;
  std::size_t header_bytes_ = 0;
  bool keeps_in_memory_ = false;
  bool marks_end_ = false;  // HTTP/2 and later say where a body ends (RFC 9113 section 8.1)
  std::optional<std::uint64_t> length_;
  std::uint64_t received_ = 0;  // bytes of the body as they came
  std::optional<ContentDecoder> decoder_;
  HttpReply reply_;
  TransferError refused_ = TransferError::none;
  std::string why_;
};

}  // namespace iso::http
