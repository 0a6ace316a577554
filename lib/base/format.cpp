// What fmt defines, once for all of iso: others include only what it declares, since in each file it would
// take most of the time to compile, and fmt's shared library would bring the shared C++ library along.
#define FMT_HEADER_ONLY
#include <fmt/format.h>

namespace iso {

// Taking the address has the compiler define it for others to link.
extern std::string (*const kFormat)(fmt::string_view, fmt::format_args);
std::string (*const kFormat)(fmt::string_view, fmt::format_args) = fmt::vformat;

}  // namespace iso
