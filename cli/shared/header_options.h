#pragma once

#include <string>
#include <vector>

#include "http/fields.h"

namespace iso::cli {

// The header fields of --header and --bearer-file ("": not given). Throws ErrorKind::usage,
// ErrorKind::missing, ErrorKind::io.
http::Fields read_header_options(const std::vector<std::string>& lines, const std::string& bearer_file);

}  // namespace iso::cli
