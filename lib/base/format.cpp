// What fmt defines, once for all of iso: in each file it would take most of the time to compile, and fmt's
// shared library would bring the shared C++ library along.
#define FMT_HEADER_ONLY
#include <fmt/format.h>

// Only what is used in this file is defined by it. These are what fmt's headers leave to be linked.
namespace iso {

extern std::string (*const kFormat)(fmt::string_view, fmt::format_args);
std::string (*const kFormat)(fmt::string_view, fmt::format_args) = fmt::vformat;
extern bool (*const kIsPrintable)(std::uint32_t);
bool (*const kIsPrintable)(std::uint32_t) = fmt::detail::is_printable;
extern void (*const kThrow)(const char*);
void (*const kThrow)(const char*) = fmt::detail::throw_format_error;

}  // namespace iso
