#pragma once

#include <optional>
#include <string>

#include "cli/fetch/input.h"
#include "fetch/fetch.h"

namespace iso::cli {

// Why a fetch failed, for people and for the field `error`; nothing if it succeeded. A fetch fails if there
// is no response, or if the status is 400 or more; then the text has the problem details (RFC 9457) and the
// Retry-After delay.
std::optional<std::string> failure_of(const fetch::Fetched& fetched);

// {"url":…,"status":…,"headers":[[name,value],…],…,"body":…} on one line, for a URL of the command line.
void append_fetched(std::string& out, const Wanted& wanted, const fetch::Fetched& fetched);

// The record with the response's body as its body and the details of the fetch as `fetch`. A failed fetch
// keeps the record's own body and has `error`, so that publish does not take it for a message.
void append_record_with(std::string& out, const Wanted& wanted, const fetch::Fetched& fetched);

// Input that has nothing to fetch, as a record with `error`.
void append_bad_input(std::string& out, const Wanted& wanted);

}  // namespace iso::cli
