#include "http/brotli.h"

#include <cstdint>
#include <new>

#include "base/library.h"

namespace iso::http {
namespace {

// As declared in brotli/decode.h.
struct State;
enum class Result : int { error = 0, success = 1, needs_more_input = 2, needs_more_output = 3 };

namespace late {
constexpr const char* kLibrary = "libbrotlidec.so.1";
constinit const LateFunction<State* (*)(void*, void*, void*)> create{kLibrary, "BrotliDecoderCreateInstance"};
constinit const LateFunction<void (*)(State*)> destroy{kLibrary, "BrotliDecoderDestroyInstance"};
constinit const LateFunction<Result (*)(State*, std::size_t*, const std::uint8_t**, std::size_t*,
                                        std::uint8_t**, std::size_t*)>
    decompress{kLibrary, "BrotliDecoderDecompressStream"};
}  // namespace late

struct Destroy {
  void operator()(State* state) const { late::destroy(state); }
};

class Brotli final : public Codec {
 public:
  Brotli() : state_(late::create(nullptr, nullptr, nullptr)) {
    if (!state_) throw std::bad_alloc();
  }

  std::size_t decode(std::string_view& in, std::span<char> out) override {
    if (whole_ && !in.empty()) fault_ = "there are bytes behind its end";
    if (whole_ || !fault_.empty()) return 0;
    std::size_t unread = in.size(), space = out.size();
    auto* next = reinterpret_cast<const std::uint8_t*>(in.data());
    auto* to = reinterpret_cast<std::uint8_t*>(out.data());
    const Result result = late::decompress(state_.get(), &unread, &next, &space, &to, nullptr);
    in.remove_prefix(in.size() - unread);
    if (result == Result::error) fault_ = "it is damaged";
    whole_ = result == Result::success;
    return fault_.empty() ? out.size() - space : 0;
  }

  bool whole() const override { return whole_; }

 private:
  std::unique_ptr<State, Destroy> state_;
  bool whole_ = false;
};

}  // namespace

std::unique_ptr<Codec> make_brotli_codec() {
  return std::make_unique<Brotli>();
}

}  // namespace iso::http
