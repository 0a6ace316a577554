#pragma once

#include <string>

namespace iso::http_cache {

// Whether a cache at `path` is its owner's alone: the file, those beside it and their folder belong to this
// user (or root) and nobody else may write them. What is not there is fine. Throws ErrorKind::io with what is
// wrong: others could plant answers there.
void check_owner(const std::string& path);

}  // namespace iso::http_cache
