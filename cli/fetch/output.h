#pragma once

#include <optional>
#include <string>

#include "cli/fetch/input.h"
#include "fetch/fetch.h"

namespace iso::cli {

// What went wrong with a fetch, for people and for `error`; nothing if it went well: no answer, or a status
// of 400 and more, with the words of its problem details (RFC 9457) and how long it asks to be left alone.
std::optional<std::string> failure_of(const fetch::Fetched& fetched);

// {"url":…,"status":…,"headers":[[name,value],…],…,"body":…} on one line, for a URL of the command line.
void append_fetched(std::string& out, const Wanted& wanted, const fetch::Fetched& fetched);

// The record with what came as its body, and with what fetch did as `fetch`. What failed keeps its own body
// and says why in `error`, so that publish does not take it for a message.
void append_record_with(std::string& out, const Wanted& wanted, const fetch::Fetched& fetched);

// Input that names nothing to fetch, as a record that says so in `error`.
void append_bad_input(std::string& out, const Wanted& wanted);

}  // namespace iso::cli
