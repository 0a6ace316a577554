#define ZLIB_CONST
#include <algorithm>
#include <fmt/core.h>
#include <utility>
#include <zlib.h>

#include "base/codec.h"
#include "base/error.h"
#include "base/library.h"

// The functions of libz that iso calls. The library is loaded with the first file that needs it.
namespace iso::gzip {
namespace {

#define ISO_LATE(name) inline constinit const LateFunction<decltype(&::name)> name{"libz.so.1", #name};
ISO_LATE(inflate)
ISO_LATE(inflateEnd)
ISO_LATE(inflateInit2_)
ISO_LATE(inflateReset)
#undef ISO_LATE

constexpr int kOnlyGzip = 16 + MAX_WBITS;
constexpr std::size_t kMost = std::size_t{1} << 30;  // what fits zlib's own type

class GzipCodec final : public Codec {
 public:
  GzipCodec() {
    if (inflateInit2_(&stream_, kOnlyGzip, ZLIB_VERSION, sizeof stream_) != Z_OK)
      throw Error(ErrorKind::unavailable, "libz.so.1 cannot be used");
  }
  ~GzipCodec() override { inflateEnd(&stream_); }
  GzipCodec(const GzipCodec&) = delete;
  GzipCodec& operator=(const GzipCodec&) = delete;

  std::size_t decode(std::string_view& in, std::span<char> out) override {
    if (!fault_.empty() || (between_ && in.empty())) return 0;
    if (std::exchange(between_, false)) inflateReset(&stream_);
    const auto give = std::min(in.size(), kMost), room = std::min(out.size(), kMost);
    stream_.next_in = reinterpret_cast<const Bytef*>(in.data());
    stream_.avail_in = static_cast<uInt>(give);
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(room);
    const int status = inflate(&stream_, Z_NO_FLUSH);
    in.remove_prefix(give - stream_.avail_in);
    if (status == Z_STREAM_END) {
      between_ = whole_ = true;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      fault_ = fmt::format("the gzip data is damaged: {}", stream_.msg ? stream_.msg : "out of memory");
    }
    return room - stream_.avail_out;
  }

  bool whole() const override { return whole_ && between_; }

 private:
  z_stream stream_{};
  bool between_ = true, whole_ = false;
};

}  // namespace
}  // namespace iso::gzip

std::unique_ptr<iso::Codec> iso::make_gzip_codec() {
  return std::make_unique<gzip::GzipCodec>();
}
