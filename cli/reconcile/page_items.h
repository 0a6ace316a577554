#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "cli/shared/command.h"
#include "fetch/fetch.h"
#include "http/fields.h"
#include "reconcile/sides/item_source.h"

namespace iso::cli {

struct PageOptions {
  http::Fields fields;                        // of each request
  std::vector<std::string> items;             // where the array of items is in a page; none: the page is it
  std::chrono::milliseconds timeout{30'000};  // of each page
  std::uint64_t longest = UINT64_MAX;         // bytes of an item
};

// A collection over HTTP, page after page by Link: rel=next, as lines of items. Nothing is taken from a
// cache. Throws, when it is read: ErrorKind::unavailable, ErrorKind::unconfirmed, ErrorKind::refused for 401
// and 403, ErrorKind::missing for 404 and 410, ErrorKind::data for a page without items.
class PageItems final : public reconcile::ItemSource {
 public:
  PageItems(std::string url, PageOptions options, Session& session);
  ~PageItems() override;

  std::string name() const;  // the URL without user and password

  bool read(std::string& out) override;
  std::unique_ptr<reconcile::ItemSource> reopen_for_changes() override;

 private:
  struct Client;

  void take(const std::string& url, const fetch::Fetched& page, std::string& out);
  void append_items(std::string_view body, std::string& out) const;

  std::string first_, next_;
  PageOptions options_;
  Session& session_;
  std::unique_ptr<Client> client_;
};

}  // namespace iso::cli
