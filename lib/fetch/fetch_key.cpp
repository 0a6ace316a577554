#include <fmt/core.h>
#include <map>

#include "base/text.h"
#include "fetch/fetch.h"
#include "fetch/fetch_job.h"
#include "http/own_fields.h"

// Cache keys.

namespace iso::fetch {
namespace {

// Everything that identifies a user. Another Host is another server.
std::string identity_of(const http::Request& request, const FetchOptions& options) {
  std::map<std::string, std::string> all;
  for (const auto& field : request.fields) {
    if (!http::tells_users_apart(field.name, options.key_fields)) continue;
    all[lowered(field.name)] += fmt::format("{}:{}\n", field.value.size(), field.value);
  }
  std::string text = options.identity;
  for (const auto& [name, values] : all) text += fmt::format("\n{} {}", name, values);
  if (!options.registries.empty() && discovery::read_service_url(request.url))
    text += "\nregistries " + options.registries;
  return text;
}

}  // namespace

// Holds a digest of the credentials, since the cache is a file. Responses from addresses that are not public
// are stored apart for requests that may not connect to them, and decoded responses apart for requests with
// an Accept-Encoding of their own.
http_cache::CacheKey Fetcher::key_of(const Job& job) const {
  std::string identity = identity_of(job.request, options_);
  if (is_guarded(job)) identity += "\nguarded";
  if (!job.decodes && job.request.fields.has("accept-encoding")) identity += "\nas encoded";
  if (identity.empty() || !parts_.cache) return {job.request.url, {}};
  return {job.request.url, parts_.cache->digest()(identity)};
}

}  // namespace iso::fetch
