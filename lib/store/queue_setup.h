#pragma once

#include <string>

#include "pump/end_options.h"
#include "store/open.h"

namespace iso::store {

// Makes sure of the queue that `options` name, with its bindings, and gives its name; joins the store unless
// nothing is written. Throws ErrorKind::missing: something is not there, and is not to be made.
std::string set_up_queue(OpenStore& store, const SourceOptions& options);

}  // namespace iso::store
