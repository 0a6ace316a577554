#pragma once

#include <string>
#include <vector>

#include "http/fields.h"

namespace iso::cli {

// What --header and --bearer-file ("": not given) say. Throws ErrorKind::usage, ErrorKind::missing,
// ErrorKind::io.
http::Fields read_header_options(const std::vector<std::string>& lines, const std::string& bearer_file);

}  // namespace iso::cli
