#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "record/record.h"

namespace iso::handlers {

// What the process that handles a record finds in its environment: `base`, entries NAME=value, without what
// names a field, and then the record's fields: ISO_ROUTING_KEY, ISO_MESSAGE_ID, …, and ISO_HEADER_NAME for
// each header. Names are in upper case, with _ for what is neither letter nor digit; of two that become the
// same the later wins. A value is a string's text, or the field's JSON; a text with a NUL, which no
// environment holds, is its JSON too.
// What Linux takes for one variable is its bound (128 KiB): `left_out` is told the name of one that is
// larger, which is not there.
std::vector<std::string> handler_environment(const std::vector<std::string>& base, const Record& record,
                                             const std::function<void(std::string_view name)>& left_out);

// Leaves out the largest variable of a record from what handler_environment() returned, and returns its name;
// "" if there is none left. For an environment that is too large as a whole.
std::string leave_out_largest(std::vector<std::string>& environment);

}  // namespace iso::handlers
