#include "http/content_decoder.h"

#include <algorithm>
#include <array>
#include <fmt/core.h>

#include "base/error.h"
#include "base/text.h"
#include "http/brotli.h"

namespace iso::http {
namespace {

constexpr std::size_t kMostCodings = 4, kAtOnce = std::size_t{64} * 1024;

std::unique_ptr<Codec> codec_of(std::string_view coding) {
  if (equal_without_case(coding, "gzip") || equal_without_case(coding, "x-gzip")) return make_gzip_codec();
  if (equal_without_case(coding, "br")) return make_brotli_codec();
  if (equal_without_case(coding, "zstd")) return make_zstd_codec();
  throw Error(ErrorKind::unavailable, fmt::format("its Content-Encoding was not asked for: {}", coding));
}

}  // namespace

ContentDecoder::ContentDecoder(const Fields& fields) {
  const std::string codings = fields.joined("content-encoding").value_or("");
  for (const auto coding : list_members(codings)) {
    if (equal_without_case(coding, "identity")) continue;
    if (codecs_.size() == kMostCodings)
      throw Error(ErrorKind::unavailable, fmt::format("more than {} content encodings", kMostCodings));
    codecs_.push_back(codec_of(coding));
  }
}

bool ContentDecoder::decode_from(std::size_t count, std::string_view bytes, const Take& take) {
  has_bytes_ = has_bytes_ || !bytes.empty();
  if (count == 0) return take(bytes);
  Codec& codec = *codecs_[count - 1];
  std::vector<char> out(kAtOnce);
  for (;;) {
    const std::size_t before = bytes.size(), filled = codec.decode(bytes, out);
    if (!codec.fault().empty()) {
      fault_ = fmt::format("its body cannot be decoded: {}", codec.fault());
      return false;
    }
    if (filled != 0 && !decode_from(count - 1, {out.data(), filled}, take)) return false;
    if (filled == 0 && bytes.size() == before) return true;
  }
}

bool ContentDecoder::whole() const {
  return !has_bytes_ ||
         std::all_of(codecs_.begin(), codecs_.end(), [](const auto& codec) { return codec->whole(); });
}

}  // namespace iso::http
