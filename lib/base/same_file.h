#pragma once

#include <string>

namespace iso {

// Whether both paths lead to the same existing file, by device and inode.
bool same_file(const std::string& one, const std::string& other);

}  // namespace iso
