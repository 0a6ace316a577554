#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/codec.h"
#include "http/fields.h"

namespace iso::http {

// The value of iso's Accept-Encoding: every coding that ContentDecoder supports.
inline constexpr const char* kAcceptEncoding = "gzip, br, zstd";

// Decodes a body by its Content-Encoding, the last coding first (RFC 9110 section 8.4). libcurl could decode
// too, but does not report a truncated body.
class ContentDecoder {
 public:
  using Take = std::function<bool(std::string_view)>;

  // Throws ErrorKind::unavailable: a coding that was not asked for, too many codings, or a missing library.
  explicit ContentDecoder(const Fields& fields);

  bool is_needed() const { return !codecs_.empty(); }
  // Passes the decoded bytes to `take`. False: `take` returned false, or fault() has the error.
  bool decode(std::string_view bytes, const Take& take) { return decode_from(codecs_.size(), bytes, take); }
  // Whether the input so far is complete; an empty body is.
  bool whole() const;
  const std::string& fault() const { return fault_; }

 private:
  bool decode_from(std::size_t count, std::string_view bytes, const Take& take);

  std::vector<std::unique_ptr<Codec>> codecs_;  // in the order in which they were applied
  bool has_bytes_ = false;
  std::string fault_;
};

}  // namespace iso::http
