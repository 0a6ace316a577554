#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/fields.h"

namespace iso::http {

// Whether a request's field tells users apart: Authorization, Cookie, Host, and names with key, token, auth
// or secret in them, or one of `more`.
bool tells_users_apart(std::string_view name, const std::vector<std::string>& more);

// What must go to no other origin than the one it was meant for: all fields but those that say nothing of who
// asks, such as Accept, conditions, and what describes a body.
void remove_own_fields(Fields& fields);

// Credentials alone: what tells users apart, but Host.
void remove_credentials(Fields& fields, const std::vector<std::string>& more);
bool has_credentials(const Fields& fields, const std::vector<std::string>& more);

// "HOST" or "HOST:PORT", as they are named on a command line: whether a URL leads there.
bool leads_to(std::string_view url, const std::vector<std::string>& hosts);

}  // namespace iso::http
