#pragma once

#include <memory>
#include <new>
#include <string>
#include <vector>

#include "base/error.h"
#include "http/client.h"
#include "http/functions.h"

namespace iso::http {

struct CleanEasy {
  void operator()(CURL* easy) const noexcept { curl::curl_easy_cleanup(easy); }
};
using EasyHandle = std::unique_ptr<CURL, CleanEasy>;

// A curl_slist.
class TextList {
 public:
  void add(const std::string& line);
  curl_slist* get() const { return list_.get(); }

 private:
  struct FreeList {
    void operator()(curl_slist* list) const noexcept { curl::curl_slist_free_all(list); }
  };
  std::unique_ptr<curl_slist, FreeList> list_;
};

// The multi handle, and the easy handles that are free.
class HandlePool {
 public:
  HandlePool();

  CURLM* get() const { return multi_.get(); }
  EasyHandle take();
  void give_back(EasyHandle easy);

 private:
  struct CleanMulti {
    void operator()(CURLM* multi) const noexcept { curl::curl_multi_cleanup(multi); }
  };
  std::unique_ptr<CURLM, CleanMulti> multi_;
  std::vector<EasyHandle> free_;
};

// Sets one option. Throws ErrorKind::io if libcurl rejects it, or std::bad_alloc.
template <class Value>
void set_option(CURL* easy, CURLoption option, Value value) {
  const CURLcode code = curl::curl_easy_setopt(easy, option, value);
  if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
  if (code != CURLE_OK) throw Error(ErrorKind::io, curl::curl_easy_strerror(code));
}

// Set the options of every exchange, and those of one request. `request` must outlive the exchange.
void set_up(CURL* easy, const HttpSettings& settings);
void set_request(CURL* easy, const HttpSettings& settings, const HttpRequest& request, TextList& header,
                 TextList& connect_to, TextList& addresses);

TransferError error_of(CURLcode code);

}  // namespace iso::http
