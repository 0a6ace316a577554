// The definitions of fmt, once for all of iso. Other files include only its declarations, because the
// definitions would take most of their compile time, and fmt's shared library needs the shared C++ library.
#define FMT_HEADER_ONLY
#include <fmt/format.h>

namespace iso {

// Taking its address makes the compiler emit the function, so that other files can link to it.
extern std::string (*const kFormat)(fmt::string_view, fmt::format_args);
std::string (*const kFormat)(fmt::string_view, fmt::format_args) = fmt::vformat;

}  // namespace iso
