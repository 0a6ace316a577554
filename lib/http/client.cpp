#include "http/client.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/error.h"
#include "http/handles.h"
#include "http/response_reader.h"
#include "http/uri.h"

namespace iso::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// The name that has to be looked up for a request, "" if there is none.
std::string name_to_look_up(const HttpRequest& request) {
  if (!request.addresses.empty() || !request.connect_to.empty()) return {};
  const auto origin = origin_of(request.url);
  if (!origin || origin->host.find_first_not_of("0123456789.") == std::string::npos) return {};
  return origin->host.find(':') == std::string::npos ? origin->host : std::string();
}

std::string seconds_text(milliseconds time) {
  return fmt::format("{} s", static_cast<double>(time.count()) / 1000);
}

std::vector<curl_waitfd> descriptors_of(const Wait& wait) {
  std::vector<curl_waitfd> all;
  for (const auto& descriptor : wait.descriptors)
    all.push_back({descriptor.fd,
                   static_cast<short>((descriptor.events & POLLIN ? CURL_WAIT_POLLIN : 0) |
                                      (descriptor.events & POLLOUT ? CURL_WAIT_POLLOUT : 0)),
                   0});
  return all;
}

}  // namespace

// One exchange while it is on its way.
struct Http::Exchange {
  Exchange(std::uint64_t its_token, HttpRequest what, std::uint64_t most)
      : token(its_token), request(std::move(what)), reader(request, most) {}

  std::uint64_t token;
  HttpRequest request;
  std::string name;  // that is looked up for it; "" once it has an address
  EasyHandle easy;
  TextList header, connect_to, addresses;
  char error[CURL_ERROR_SIZE] = {};
  ResponseReader reader;
  bool is_begun = false;     // it is the library's
  bool has_address = false;  // said by the library, in the midst of its work
  Time started = steady_clock::now(), moved = started;
  curl_off_t moved_bytes = 0;

  // When its time is up, if it is limited.
  std::optional<Time> deadline() const {
    std::optional<Time> end;
    if (request.timeout.count() != 0) end = started + request.timeout;
    if (request.stall.count() != 0 && is_begun)
      end = std::min(end.value_or(Time::max()), moved + request.stall);
    return end;
  }

  void look_for_movement(Time now) {
    curl_off_t sent = 0, got = 0;
    curl::curl_easy_getinfo(easy.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
    curl::curl_easy_getinfo(easy.get(), CURLINFO_SIZE_DOWNLOAD_T, &got);
    const auto all = sent + got + static_cast<curl_off_t>(reader.bytes());
    if (std::exchange(moved_bytes, all) != all) moved = now;
  }

  std::string overdue_text(Time now) const {
    if (request.timeout.count() == 0 || now < started + request.timeout)
      return fmt::format("nothing moved for {}", seconds_text(request.stall));
    if (reader.has_header())
      return fmt::format("its body was not whole within {}", seconds_text(request.timeout));
    return fmt::format("no answer within {}", seconds_text(request.timeout));
  }
};

void load_libcurl() {
  find_function(curl::kLibrary, "curl_multi_init");
}

Http::Http(HttpSettings settings) : settings_(std::move(settings)) {}

Http::~Http() {
  for (const auto& [token, exchange] : exchanges_)
    if (exchange->is_begun) curl::curl_multi_remove_handle(pool_->get(), exchange->easy.get());
}

void Http::start(std::uint64_t token, HttpRequest request) {
  if (!pool_) {  // now, for what is in the cache needs no libcurl
    settings_.load();
    pool_ = std::make_unique<HandlePool>();
  }
  auto owned = std::make_unique<Exchange>(token, std::move(request), settings_.max_filesize);
  Exchange& exchange = *owned;
  prepare(exchange);
  exchanges_[token] = std::move(owned);
  exchange.name = name_to_look_up(exchange.request);
  if (known_names_.contains(exchange.name)) exchange.name.clear();
  if (!exchange.name.empty()) {
    auto& waiting = names_[exchange.name];
    waiting.push_back(token);
    if (waiting.size() > 1) return;
  }
  begin(exchange);
}

void Http::prepare(Exchange& exchange) {
  exchange.easy = pool_->take();
  CURL* easy = exchange.easy.get();
  set_up(easy, settings_);
  set_request(easy, exchange.request, exchange.header, exchange.connect_to, exchange.addresses);
  set_option(easy, CURLOPT_ERRORBUFFER, exchange.error);
  set_option(easy, CURLOPT_PRIVATE, &exchange);
  set_option(easy, CURLOPT_HEADERDATA, &exchange);
  set_option(
      easy, CURLOPT_HEADERFUNCTION, +[](char* data, std::size_t, std::size_t size, void* to) {
        return static_cast<Exchange*>(to)->reader.take_line({data, size}) ? size : 0;
      });
  set_option(easy, CURLOPT_WRITEDATA, &exchange);
  set_option(
      easy, CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t, std::size_t size, void* to) {
        return static_cast<Exchange*>(to)->reader.take_body({data, size}) ? size : 0;
      });
  set_option(easy, CURLOPT_OPENSOCKETDATA, &exchange);
  set_option(
      easy, CURLOPT_OPENSOCKETFUNCTION, +[](void* to, curlsocktype, curl_sockaddr* address) {
        static_cast<Exchange*>(to)->has_address = true;
        return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
      });
  set_option(easy, CURLOPT_PREREQDATA, &exchange);
  set_option(
      easy, CURLOPT_PREREQFUNCTION, +[](void* to, char*, char*, int, int) {
        static_cast<Exchange*>(to)->has_address = true;
        return CURL_PREREQFUNC_OK;
      });
}

void Http::begin(Exchange& exchange) {
  if (const auto code = curl::curl_multi_add_handle(pool_->get(), exchange.easy.get()); code != CURLM_OK)
    throw Error(ErrorKind::internal, curl::curl_multi_strerror(code));
  exchange.is_begun = true;
  exchange.moved = steady_clock::now();
}

// Takes it out of the library and out of all lists.
std::unique_ptr<Http::Exchange> Http::detach(std::uint64_t token) {
  const auto found = exchanges_.find(token);
  auto owned = std::move(found->second);
  exchanges_.erase(found);
  if (owned->is_begun) curl::curl_multi_remove_handle(pool_->get(), owned->easy.get());
  return owned;
}

void Http::cancel(std::uint64_t token) {
  const auto found = exchanges_.find(token);
  if (found == exchanges_.end()) return;
  std::vector<Done> none;
  leave_name(*found->second, TransferError::none, {}, none);
  auto exchange = detach(token);
  pool_->give_back(std::move(exchange->easy));
}

void Http::end(Exchange& exchange, TransferError error, std::string why, std::vector<Done>& done) {
  leave_name(exchange, error, why, done);
  auto owned = detach(exchange.token);
  done.push_back({owned->token, owned->reader.finish(error, std::move(why))});
  pool_->give_back(std::move(owned->easy));
}

// Whoever looked a name up and found none says so to those who wait for it; else the next of them begins.
void Http::leave_name(Exchange& exchange, TransferError error, const std::string& why,
                      std::vector<Done>& done) {
  const auto found = names_.find(std::exchange(exchange.name, {}));
  if (found == names_.end()) return;
  auto& waiting = found->second;
  const bool looked_up = waiting.front() == exchange.token;
  std::erase(waiting, exchange.token);
  if (looked_up && error == TransferError::resolve) {
    const auto others = std::exchange(waiting, {});
    names_.erase(found);
    for (const auto token : others) {
      exchanges_.at(token)->name.clear();
      end(*exchanges_.at(token), error, why, done);
    }
    return;
  }
  if (waiting.empty())
    names_.erase(found);
  else if (looked_up)
    begin(*exchanges_.at(waiting.front()));
}

// Of names whose address is known by now.
void Http::begin_waiting(std::vector<Done>& done) {
  std::vector<std::string> known;
  for (const auto& [name, waiting] : names_)
    if (exchanges_.at(waiting.front())->has_address) known.push_back(name);
  for (const auto& name : known) {
    known_names_.insert(name);
    const auto waiting = std::move(names_.at(name));
    names_.erase(name);
    for (const auto token : waiting) {
      Exchange& exchange = *exchanges_.at(token);
      exchange.name.clear();
      if (!exchange.is_begun) begin(exchange);
    }
  }
  if (!known.empty()) perform(done);
}

void Http::perform(std::vector<Done>& done) {
  int running = 0;
  const CURLMcode code = curl::curl_multi_perform(pool_->get(), &running);
  collect(done);
  if (code != CURLM_OK) return end_all(curl::curl_multi_strerror(code), done);
  begin_waiting(done);
}

void Http::collect(std::vector<Done>& done) {
  int left = 0;
  while (const CURLMsg* message = curl::curl_multi_info_read(pool_->get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    char* owner = nullptr;
    curl::curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
    Exchange& exchange = *reinterpret_cast<Exchange*>(owner);
    std::string why;
    if (code != CURLE_OK) why = exchange.error[0] != '\0' ? exchange.error : curl::curl_easy_strerror(code);
    auto error = error_of(code);
    if (code == CURLE_OUT_OF_MEMORY && exchange.reader.bytes() != 0) {  // so it says for a line of 100 KB
      error = TransferError::protocol;
      why = "a line of its header is too long";
    }
    end(exchange, error, std::move(why), done);
  }
}

void Http::end_overdue(std::vector<Done>& done) {
  const auto now = steady_clock::now();
  std::vector<std::uint64_t> overdue;
  for (const auto& [token, exchange] : exchanges_) {
    if (exchange->request.stall.count() != 0 && exchange->is_begun) exchange->look_for_movement(now);
    if (const auto end = exchange->deadline(); end && *end <= now) overdue.push_back(token);
  }
  for (const auto token : overdue) {
    const auto found = exchanges_.find(token);
    if (found == exchanges_.end()) continue;  // it went with another
    end(*found->second, TransferError::timeout, found->second->overdue_text(now), done);
  }
}

// The library cannot go on: nothing that is on its way will ever end by itself.
void Http::end_all(const char* why, std::vector<Done>& done) {
  names_.clear();
  while (!exchanges_.empty()) end(*exchanges_.begin()->second, TransferError::local, why, done);
}

void Http::wait_for_any(const Wait& also, milliseconds limit, std::vector<Done>& done) {
  auto others = descriptors_of(also);
  if (also.at_most) limit = std::min(limit, *also.at_most);
  const auto now = steady_clock::now();
  for (const auto& [token, exchange] : exchanges_)
    if (const auto end = exchange->deadline())
      limit = std::min(limit, std::chrono::ceil<milliseconds>(std::max(*end - now, Time::duration(0))));
  const auto code = curl::curl_multi_poll(
      pool_->get(), others.data(), static_cast<unsigned>(others.size()),
      static_cast<int>(std::clamp<milliseconds::rep>(limit.count(), 0, 60'000)), nullptr);
  if (code != CURLM_OK) end_all(curl::curl_multi_strerror(code), done);
}

std::vector<Transport::Done> Http::move(const Wait& also, milliseconds limit) {
  std::vector<Done> done;
  perform(done);
  end_overdue(done);
  if (!done.empty()) return done;
  wait_for_any(also, limit, done);
  perform(done);
  end_overdue(done);
  return done;
}

HttpReply http_call(HttpRequest request, const HttpSettings& settings) {
  Http http(settings);
  http.start(0, std::move(request));
  for (;;)
    if (auto done = http.move({}, milliseconds(1000)); !done.empty()) return std::move(done.front().reply);
}

}  // namespace iso::http
