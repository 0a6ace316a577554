#include "base/error.h"

#include <fmt/core.h>
#include <system_error>

namespace iso {

Error system_error(std::string_view task, std::string_view name, ErrorKind kind, int code) {
  return {kind, fmt::format("cannot {}{}{}: {}", task, name.empty() ? "" : " ", name,
                            std::generic_category().message(code))};
}

}  // namespace iso
