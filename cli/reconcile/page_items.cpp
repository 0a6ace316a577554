#include "cli/reconcile/page_items.h"

#include <fmt/core.h>
#include <set>
#include <utility>

#include "base/error.h"
#include "cli/fetch/output.h"
#include "fetch/fetch.h"
#include "http/client.h"
#include "http/link.h"
#include "http/own_fields.h"
#include "http/uri.h"
#include "reconcile/sides/item_reader.h"
#include "record/scan.h"

namespace iso::cli {
namespace {

constexpr std::chrono::milliseconds kRound{1000};  // a signal is seen at the latest after this

ErrorKind kind_of_status(int status) {
  if (status == 401 || status == 403) return ErrorKind::refused;
  if (status == 404 || status == 410) return ErrorKind::missing;
  return ErrorKind::unavailable;
}

http::HttpSettings settings() {
  http::HttpSettings settings;
  settings.user_agent = "iso/" ISO_VERSION;
  return settings;
}

fetch::FetchOptions fetch_options(const PageOptions& options) {
  fetch::FetchOptions fetch;
  fetch.timeout = options.timeout;
  return fetch;
}

}  // namespace

struct PageItems::Client {
  explicit Client(const PageOptions& options) : http(settings()), fetcher({http}, fetch_options(options)) {}

  http::Http http;
  fetch::Fetcher fetcher;
  std::set<std::string> asked;  // a page that leads back to one of these would never end
};

PageItems::PageItems(std::string url, PageOptions options, Session& session)
    : first_(std::move(url)), next_(first_), options_(std::move(options)), session_(session) {
  if (!http::http_url(first_))
    throw Error(ErrorKind::usage, fmt::format("\"{}\" is not an http(s) URL", name()));
  client_ = std::make_unique<Client>(options_);
}

PageItems::~PageItems() = default;

std::string PageItems::name() const {
  http::Uri uri = http::split_uri(first_);
  if (uri.authority) http::take_login(*uri.authority);
  return http::joined_uri(uri);
}

bool PageItems::read(std::string& out) {
  if (next_.empty()) return false;
  const std::string url = std::exchange(next_, {});
  client_->asked.insert(url);
  http::Fields fields = options_.fields;
  if (!http::same_origin(first_, url)) http::remove_own_fields(fields);
  client_->fetcher.start(1, {"GET", url, std::move(fields)});
  std::vector<fetch::Fetched> done;
  while (done.empty() && session_.interrupted == 0) done = client_->fetcher.turn({}, kRound);
  if (done.empty()) return false;
  take(url, done.front(), out);
  return true;
}

void PageItems::take(const std::string& url, const fetch::Fetched& page, std::string& out) {
  if (page.failure) throw Error(page.failure->kind, fmt::format("{}: {}", url, page.failure->why));
  if (page.response.status >= 400)
    throw Error(kind_of_status(page.response.status),
                fmt::format("{}: {}", url, failure_of(page).value_or("")));
  const auto next = http::next_page(page.response.fields, page.url);
  if (!next.problem.empty())
    throw Error(ErrorKind::unavailable,
                fmt::format("{}: {}, so the listing is not whole", url, next.problem));
  if (next.url && !client_->asked.contains(*next.url)) next_ = *next.url;
  try {
    append_items(page.body.bytes(), out);
  } catch (const Error& error) {
    throw error.during(url);
  }
}

void PageItems::append_items(std::string_view body, std::string& out) const {
  if (!is_json(body)) throw Error(ErrorKind::data, "the page is not JSON");
  const auto reader = reconcile::read_array_items(options_.items, options_.longest);
  reader->take(body, out);
  reader->finish(out);
}

std::unique_ptr<reconcile::ItemSource> PageItems::reopen_for_changes() {
  return std::make_unique<PageItems>(first_, options_, session_);
}

}  // namespace iso::cli
