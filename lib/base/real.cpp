#include "base/real.h"

#include <cerrno>
#include <clocale>
#include <cstdlib>
#include <string>
#include <system_error>
#include <version>

namespace iso {

#ifdef __cpp_lib_to_chars

std::from_chars_result read_real(std::string_view text, double& value) {
  return std::from_chars(text.data(), text.data() + text.size(), value);
}

std::from_chars_result read_real(std::string_view text, float& value) {
  return std::from_chars(text.data(), text.data() + text.size(), value);
}

#else

namespace {

// strtod takes white space, a plus and hexadecimal digits too; from_chars does not.
std::string_view without_what_only_strtod_takes(std::string_view text) {
  text = text.substr(0, text.find_first_of("xX"));
  const bool starts_well = !text.empty() && std::string_view("+ \t\n\v\f\r").find(text[0]) == text.npos;
  return starts_well ? text : std::string_view();
}

template <class Real>
std::from_chars_result read(std::string_view text, Real& value,
                            Real (*convert)(const char*, char**, locale_t)) {
  static const locale_t plain = ::newlocale(LC_ALL_MASK, "C", nullptr);
  const std::string copy(without_what_only_strtod_takes(text));
  char* end = nullptr;
  errno = 0;
  const Real number = convert(copy.c_str(), &end, plain);
  const auto length = end - copy.c_str();
  if (length == 0) return {text.data(), std::errc::invalid_argument};
  if (errno == ERANGE) return {text.data() + length, std::errc::result_out_of_range};
  value = number;
  return {text.data() + length, std::errc{}};
}

}  // namespace

std::from_chars_result read_real(std::string_view text, double& value) {
  return read(text, value, ::strtod_l);
}

std::from_chars_result read_real(std::string_view text, float& value) {
  return read(text, value, ::strtof_l);
}

#endif

}  // namespace iso
