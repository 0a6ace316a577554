#pragma once

#include <string>
#include <vector>

#include "fetch/fields.h"

namespace iso {

// What --header and --bearer-file ("": not given) say. Throws Kind::usage, Kind::missing, Kind::io.
Fields read_header_options(const std::vector<std::string>& lines, const std::string& bearer_file);

}  // namespace iso
