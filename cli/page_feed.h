#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "fetch/fetch.h"
#include "fetch/fields.h"
#include "reconcile/feed.h"

namespace iso {

struct PageOptions {
  Fields fields;                              // of each request
  std::vector<std::string> items;             // where the array of items is in a page; none: the page is it
  std::chrono::milliseconds timeout{30'000};  // of each page
};

// A collection over HTTP, page after page by Link: rel=next, as lines of items. Nothing is taken from a
// cache. Throws, when it is read: Kind::unavailable, Kind::unconfirmed, Kind::refused for 401 and 403,
// Kind::missing for 404 and 410, Kind::data for a page without items.
class PageFeed final : public Feed {
 public:
  PageFeed(std::string url, PageOptions options, Session& session);
  ~PageFeed() override;

  std::string name() const;  // the URL without user and password

  bool read(std::string& out) override;
  std::unique_ptr<Feed> later() override;

 private:
  struct Client;

  void take(const std::string& url, const Fetched& page, std::string& out);
  void append_items(std::string_view body, std::string& out) const;

  std::string first_, next_;
  PageOptions options_;
  Session& session_;
  std::unique_ptr<Client> client_;
};

}  // namespace iso
