#include "cli/shared/header_options.h"

#include <fmt/core.h>

#include "base/error.h"
#include "cli/shared/common_options.h"
#include "http/token.h"

namespace iso::cli {

http::Fields read_header_options(const std::vector<std::string>& lines, const std::string& bearer_file) {
  http::Fields fields;
  for (const auto& line : lines) {
    const auto colon = line.find(':');
    const bool named = http::is_token(std::string_view(line).substr(0, colon));
    if (colon == line.npos || !named || !http::is_field_value(std::string_view(line).substr(colon + 1)))
      throw Error(ErrorKind::usage, fmt::format("--header \"{}\": write it as \"Name: value\", on one line",
                                                named && colon != line.npos ? line.substr(0, colon) : line));
    fields.add(trimmed(line.substr(0, colon)), trimmed(std::string_view(line).substr(colon + 1)));
  }
  if (!bearer_file.empty()) fields.set("Authorization", "Bearer " + first_line(bearer_file));
  return fields;
}

}  // namespace iso::cli
