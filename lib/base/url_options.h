#pragma once

#include "base/url.h"

namespace iso {

// Refuses a query option that no end of this scheme reads, and suggests the nearest known name. Called when
// an end is opened. Throws Error(ErrorKind::usage).
void check_options(const Url& url);

}  // namespace iso
