#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/codec.h"
#include "http/fields.h"

namespace iso::http {

// What an Accept-Encoding of ours asks for: all that ContentDecoder can undo.
inline constexpr const char* kAcceptEncoding = "gzip, br, zstd";

// Undoes the codings of a body that its Content-Encoding names, the last one first (RFC 9110 section 8.4).
// libcurl could too, but takes a body that was cut for a whole one.
class ContentDecoder {
 public:
  using Take = std::function<bool(std::string_view)>;

  // Throws ErrorKind::unavailable: a coding that was not asked for, too many of them, or no library for it.
  explicit ContentDecoder(const Fields& fields);

  bool is_needed() const { return !codecs_.empty(); }
  // Gives to `take` what the bytes stand for. False: `take` did not want it, or fault() says what is wrong.
  bool decode(std::string_view bytes, const Take& take) { return decode_from(codecs_.size(), bytes, take); }
  // Whether all that came so far was whole; so is a body of nothing.
  bool whole() const;
  const std::string& fault() const { return fault_; }

 private:
  bool decode_from(std::size_t count, std::string_view bytes, const Take& take);

  std::vector<std::unique_ptr<Codec>> codecs_;  // in the order in which they were applied
  bool has_bytes_ = false;
  std::string fault_;
};

}  // namespace iso::http
