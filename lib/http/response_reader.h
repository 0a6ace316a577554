#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/content_decoder.h"
#include "http/transport.h"

namespace iso::http {

// The longest body, in bytes, that is kept in memory because it may not be on a disk.
inline constexpr std::uint64_t kMostInMemory = std::uint64_t{256} << 20;
// The most bytes of header lines and trailers per exchange.
inline constexpr std::size_t kMostHeader = std::size_t{1} << 20;
// The most interim responses (1xx) before the final one.
inline constexpr std::size_t kMostInterim = 100;

// Reads one response from its header lines and body bytes. Refuses responses that contradict themselves or
// were not asked for (RFC 9112 sections 5 and 6). Keeps a reference to the request.
class ResponseReader {
 public:
  // `most`: the longest body in bytes; 0: no limit.
  ResponseReader(const HttpRequest& request, std::uint64_t most) : request_(request), most_(most) {}

  // Takes a header or trailer line, with or without its line break. False: the response is refused, and no
  // more calls are allowed.
  bool take_line(std::string_view line);
  bool take_body(std::string_view bytes);

  // The reply. `error` and `why` say how the transfer ended; a refusal by this class takes precedence.
  HttpReply finish(TransferError error, std::string why);

  bool has_begun() const { return header_bytes_ != 0; }
  bool has_header() const { return state_ == State::body; }
  std::size_t bytes() const { return header_bytes_ + received_; }  // received in total

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
  bool marks_end_ = false;  // HTTP/2 and later delimit the body (RFC 9113 section 8.1)
  std::optional<std::uint64_t> length_;
  std::uint64_t received_ = 0;  // bytes of the body, before decoding
  std::optional<ContentDecoder> decoder_;
  HttpReply reply_;
  TransferError refused_ = TransferError::none;
  std::string why_;
};

}  // namespace iso::http
