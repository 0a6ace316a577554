#include "http/idn.h"

#include <cstdint>

#include "base/error.h"
#include "base/library.h"

namespace iso::http {
namespace {

// Loaded for the first name that needs it. The declarations are those of idn2.h; libcurl depends on the
// library.
constexpr const char* kLibrary = "libidn2.so.0";
constexpr int kNfcInput = 1, kNonTransitional = 8;

}  // namespace

std::optional<std::string> ascii_host(const std::string& host) {
  try {
    const auto look_up = reinterpret_cast<int (*)(const std::uint8_t*, std::uint8_t**, int)>(
        find_function(kLibrary, "idn2_lookup_u8"));
    const auto free_text = reinterpret_cast<void (*)(void*)>(find_function(kLibrary, "idn2_free"));
    std::uint8_t* text = nullptr;
    if (look_up(reinterpret_cast<const std::uint8_t*>(host.c_str()), &text, kNfcInput | kNonTransitional) !=
        0)
      return std::nullopt;
    std::string name(reinterpret_cast<const char*>(text));
    free_text(text);
    return name;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace iso::http
