#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/fields.h"

namespace iso::http {

// Whether a body is the details of a problem: application/problem+json (RFC 9457 section 3).
bool is_problem(const Fields& fields);

// The problem in one line for people: "Out of credit: the balance is 30 (https://example.com/credit,
// status 403)". What is missing or of another type than it should be is left out, as is the type
// about:blank (RFC 9457 section 3.1, 4.2.1). Its status is what the origin says in the body; the real one is
// the response's. Nothing if the body is no JSON object, or says nothing.
std::optional<std::string> problem_line(std::string_view body);

}  // namespace iso::http
