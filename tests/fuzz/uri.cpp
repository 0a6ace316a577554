// Parts of a reference put together again are the reference. A URL that may be fetched is so in one spelling,
// leads to one origin, and nothing on its page leads from it to anything but http and https. The input is a
// page, a line break, and a reference on it.
#include "http/uri.h"

#include <algorithm>

#include "discovery/service_url.h"
#include "http/redirect.h"
#include "require.h"

using namespace iso;
using namespace iso::discovery;
using namespace iso::http;
using fuzz::require;

namespace {

bool has_dots(std::string_view path) {
  for (std::size_t start = 0; start <= path.size();) {
    const auto end = std::min(path.find('/', start), path.size());
    const auto segment = path.substr(start, end - start);
    if (segment == "." || segment == "..") return true;
    start = end + 1;
  }
  return false;
}

void check_text(std::string_view text) {
  require(joined_uri(split_uri(text)) == text, "parts that are put together are the text", text);
  const std::string path = without_dots(text);
  require(!has_dots(path), "no dots are left", path, text);
  require(without_dots(path) == path, "dots are removed once", path, text);
  require(path.size() <= text.size(), "without dots it is no longer", path, text);
}

void check_url(std::string_view text) {
  const auto url = http_url(text);
  const auto origin = origin_of(text);
  require(url.has_value() == origin.has_value(), "what may be fetched has an origin", text);
  if (!url) return;
  require(http_url(*url) == url, "a URL has one spelling", *url, text);
  require(origin_of(*url) == origin && same_origin(*url, text), "its spelling does not change its origin",
          *url, text);
  const Uri uri = split_uri(*url);
  require(uri.authority && uri.path.starts_with('/') && !uri.fragment, "a URL is whole", *url);
  require(!has_dots(uri.path), "a URL has no dots", *url);
  require(std::none_of(url->begin(), url->end(),
                       [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\\' || c == 0x7F; }),
          "a URL has no bytes that are read in two ways", *url);
  const auto at = uri.authority->rfind('@') + 1;
  const auto host = std::string_view(*uri.authority).substr(at);
  const auto named = host.starts_with('[') ? "[" + origin->host + "]" : origin->host;
  require(host.starts_with(named), "the host is what follows the last @", host, origin->host);
  require(origin->scheme == uri.scheme, "the scheme is the URL's", *url);
  require(is_service_scheme(uri.scheme) == read_service_url(text).has_value(), "a service is known as one",
          *url);
}

void check_service(std::string_view text) {
  const auto service = read_service_url(text);
  if (!service) return;
  require(!service->service.empty(), "a service has a name", text);
  const std::string url = url_at(*service, {"host.test", 81});
  const auto origin = origin_of(url);
  require(origin == HttpOrigin{service->scheme, "host.test", 81}, "a service leads to its instance", url,
          text);
}

void check_reference(std::string_view page, std::string_view reference) {
  if (!http_url(page)) return;
  const std::string resolved = resolve_uri(page, reference);
  const auto url = followed_url(page, reference);
  require(!url || http_url(resolved) == url, "what is followed is what was meant", resolved);
  if (reference.empty())
    require(http_url(resolved) == http_url(page), "nothing refers to the page", resolved);
  if (!url) return;
  const bool plain = url->starts_with("http://") || url->starts_with("https://");
  require(plain || same_origin(page, *url), "what is followed is http, or the page's own service", *url);
  require(http_url(*url) == url, "what is followed has one spelling", *url);

  Request request{"POST", *http_url(page), {{"Authorization", "secret"}, {"cookie", "secret"}}};
  const auto next = redirected(request, 307, *url).request;
  const bool kept = next.fields.has("authorization") || next.fields.has("Cookie");
  require(next.url == *url && kept == (origin_of(page) == origin_of(*url)),
          "secrets go where they were meant to go", page, *url);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = fuzz::text_of(data, size);
  const auto middle = std::min(input.find('\n'), input.size());
  const auto page = input.substr(0, middle);
  const auto reference = input.substr(std::min(middle + 1, input.size()));
  for (const auto text : {page, reference}) {
    check_text(text);
    check_url(text);
    check_service(text);
  }
  check_reference(page, reference);
  return 0;
}
