#pragma once

#include <string>

namespace iso::http_cache {

// Checks that a cache at `path` is private: the file, its companion files and their folder belong to this
// user (or root), and nobody else may write them. Missing files are fine. Throws ErrorKind::io with the
// reason: others could plant responses there.
void check_owner(const std::string& path);

}  // namespace iso::http_cache
