#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/fields.h"

namespace iso::http {

// Whether a body has problem details: application/problem+json (RFC 9457 section 3).
bool is_problem(const Fields& fields);

// Problem details as one line for people: "Out of credit: the balance is 30 (https://example.com/credit,
// status 403)". Leaves out members that are missing or of the wrong type, and the type about:blank (RFC 9457
// sections 3.1 and 4.2.1). The status is the body's own; the response's may differ. Nothing if the body is
// not a JSON object or has none of these members.
std::optional<std::string> problem_line(std::string_view body);

}  // namespace iso::http
