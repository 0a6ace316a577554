#pragma once

#include <string>
#include <vector>

#include "record/record.h"

namespace iso::handlers {

// What the process that handles a record finds in its environment: `base`, entries NAME=value, without what
// names a field, and then the record's fields: ISO_ROUTING_KEY, ISO_MESSAGE_ID, …, and ISO_HEADER_NAME for
// each header. Names are in upper case, with _ for what is neither letter nor digit; of two that become the
// same the later wins. A value is a string's text, or the field's JSON; a text with a NUL, which no
// environment holds, is its JSON too.
std::vector<std::string> handler_environment(const std::vector<std::string>& base, const Record& record);

}  // namespace iso::handlers
