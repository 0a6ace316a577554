#include <fmt/core.h>
#include <zstd.h>

#include "base/codec.h"
#include "base/error.h"
#include "base/library.h"

// The functions of libzstd that iso calls. The library is loaded with the first file that needs it.
namespace iso::zstandard {
namespace {

#define ISO_LATE(name) inline constinit const LateFunction<decltype(&::name)> name{"libzstd.so.1", #name};
ISO_LATE(ZSTD_createDCtx)
ISO_LATE(ZSTD_decompressStream)
ISO_LATE(ZSTD_freeDCtx)
ISO_LATE(ZSTD_getErrorName)
ISO_LATE(ZSTD_isError)
#undef ISO_LATE

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

class ZstdCodec final : public Codec {
 public:
  ZstdCodec() : context_(ZSTD_createDCtx()) {
    if (!context_) throw Error(ErrorKind::unavailable, "libzstd.so.1 cannot be used");
  }

  std::size_t decode(std::string_view& in, std::span<char> out) override {
    if (!fault_.empty() || (between_ && in.empty())) return 0;
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const std::size_t status = ZSTD_decompressStream(context_.get(), &to, &from);
    in.remove_prefix(from.pos);
    between_ = status == 0;  // all of a frame was taken, and all of it given
    whole_ = whole_ || between_;
    if (ZSTD_isError(status)) fault_ = fmt::format("the zstd data is damaged: {}", ZSTD_getErrorName(status));
    return to.pos;
  }

  bool whole() const override { return whole_ && between_; }

 private:
  std::unique_ptr<ZSTD_DCtx, FreeContext> context_;
  bool between_ = true, whole_ = false;
};

}  // namespace
}  // namespace iso::zstandard

std::unique_ptr<iso::Codec> iso::make_zstd_codec() {
  return std::make_unique<zstandard::ZstdCodec>();
}
