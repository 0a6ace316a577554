#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/fields.h"

namespace iso::http {

// Whether a request field identifies a user: Authorization, Cookie, Host, names that contain key, token, auth
// or secret, and those in `more`.
bool tells_users_apart(std::string_view name, const std::vector<std::string>& more);

// Removes what must not be sent to another origin: all fields except those that do not depend on the user,
// such as Accept, conditions, and fields that describe a body.
void remove_own_fields(Fields& fields);

// Removes credentials: the fields that identify a user, except Host.
void remove_credentials(Fields& fields, const std::vector<std::string>& more);
bool has_credentials(const Fields& fields, const std::vector<std::string>& more);

// Whether a URL leads to one of `hosts`, each "HOST" or "HOST:PORT" as on the command line.
bool leads_to(std::string_view url, const std::vector<std::string>& hosts);

}  // namespace iso::http
