#include "http/own_fields.h"

#include <algorithm>
#include <array>
#include <fmt/core.h>

#include "base/text.h"
#include "http/uri.h"

namespace iso::http {
namespace {

constexpr std::array<std::string_view, 25> kNeutral{"accept",
                                                    "accept-charset",
                                                    "accept-encoding",
                                                    "accept-language",
                                                    "cache-control",
                                                    "content-type",
                                                    "content-encoding",
                                                    "content-language",
                                                    "content-location",
                                                    "content-length",
                                                    "digest",
                                                    "content-digest",
                                                    "repr-digest",
                                                    "last-modified",
                                                    "date",
                                                    "if-match",
                                                    "if-modified-since",
                                                    "if-unmodified-since",
                                                    "if-none-match",
                                                    "if-range",
                                                    "max-forwards",
                                                    "pragma",
                                                    "range",
                                                    "te",
                                                    "user-agent"};

bool any_is(const auto& names, std::string_view name) {
  return std::any_of(std::begin(names), std::end(names),
                     [name](std::string_view each) { return equal_without_case(each, name); });
}

bool is_credential(std::string_view name, const std::vector<std::string>& more) {
  constexpr std::array<std::string_view, 8> kParts{"auth",   "cookie",   "key",     "token",
                                                   "secret", "password", "session", "credential"};
  const std::string text = lowered(name);
  return any_is(more, name) || std::any_of(kParts.begin(), kParts.end(), [&text](std::string_view part) {
           return text.find(part) != text.npos;
         });
}

void remove_if(Fields& fields, const auto& is_removed) {
  std::vector<std::string> names;
  for (const auto& field : fields)
    if (is_removed(field.name)) names.push_back(field.name);
  for (const auto& name : names) fields.remove(name);
}

}  // namespace

bool tells_users_apart(std::string_view name, const std::vector<std::string>& more) {
  return equal_without_case(name, "host") || is_credential(name, more);
}

void remove_own_fields(Fields& fields) {
  remove_if(fields, [](std::string_view name) { return !any_is(kNeutral, name); });
}

void remove_credentials(Fields& fields, const std::vector<std::string>& more) {
  remove_if(fields, [&more](std::string_view name) { return is_credential(name, more); });
}

bool has_credentials(const Fields& fields, const std::vector<std::string>& more) {
  return std::any_of(fields.begin(), fields.end(),
                     [&more](const auto& field) { return is_credential(field.name, more); });
}

bool leads_to(std::string_view url, const std::vector<std::string>& hosts) {
  const auto origin = origin_of(url);
  if (!origin) return false;
  const std::string host =
      origin->host.find(':') == std::string::npos ? origin->host : "[" + origin->host + "]";
  return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& text) {
    const std::string named = lowered(text);
    return named == host || named == fmt::format("{}:{}", host, origin->port);
  });
}

}  // namespace iso::http
