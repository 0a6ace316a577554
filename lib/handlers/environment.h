#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "record/record.h"

namespace iso::handlers {

// The environment of a process that handles a record: `base` (entries NAME=value) without variables that are
// named like a field, then the record's fields: ISO_ROUTING_KEY, ISO_MESSAGE_ID, …, and ISO_HEADER_NAME for
// each header. Names are in upper case, with _ for everything except letters and digits; if two names become
// the same, the later one wins. A value is the text of a string, or else the field's JSON; so is a text that
// contains NUL, which an environment cannot. A variable larger than Linux allows (128 KiB) is left out, and
// `left_out` is called with its name.
std::vector<std::string> handler_environment(const std::vector<std::string>& base, const Record& record,
                                             const std::function<void(std::string_view name)>& left_out);

// Removes the record's largest variable from what handler_environment() returned, and returns its name; "" if
// there is none. For an environment that is too large as a whole.
std::string leave_out_largest(std::vector<std::string>& environment);

}  // namespace iso::handlers
