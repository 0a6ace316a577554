#include "http/client.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/error.h"
#include "http/exchange.h"
#include "http/handles.h"
#include "http/uri.h"

namespace iso::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// The host name that a request has to resolve; "" if there is none.
std::string name_to_look_up(const HttpRequest& request) {
  if (!request.addresses.empty() || !request.connect_to.empty()) return {};
  const auto origin = origin_of(request.url);
  if (!origin || origin->host.find_first_not_of("0123456789.") == std::string::npos) return {};
  return origin->host.find(':') == std::string::npos ? origin->host : std::string();
}

// Requests with the same text can share a connection.
std::string origin_text_of(const HttpRequest& request) {
  const auto origin = origin_of(request.url);
  return origin ? fmt::format("{} {} {} {}", origin->scheme, origin->host, origin->port, request.connect_to)
                : "";
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

void load_libcurl() {
  find_function(curl::kLibrary, "curl_multi_init");
}

Http::Http(HttpSettings settings) : settings_(std::move(settings)) {}

Http::~Http() {
  for (const auto& [token, exchange] : exchanges_)
    if (exchange->is_begun) curl::curl_multi_remove_handle(pool_->get(), exchange->easy.get());
}

void Http::start(std::uint64_t token, HttpRequest request) {
  if (!pool_) {  // on first use: a response from the cache does not need libcurl
    settings_.load();
    pool_ = std::make_unique<HandlePool>();
  }
  auto owned = std::make_unique<Exchange>(token, std::move(request), settings_.max_filesize);
  Exchange& exchange = *owned;
  prepare(exchange);
  exchanges_[token] = std::move(owned);
  exchange.origin = origin_text_of(exchange.request);
  exchange.limit = &limit_;
  exchange.is_proxied = settings_.is_proxied;
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
  set_request(easy, settings_, exchange.request, exchange.header, exchange.connect_to, exchange.addresses);
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
        return static_cast<Exchange*>(to)->open_socket(*address);
      });
  set_option(easy, CURLOPT_PREREQDATA, &exchange);
  set_option(
      easy, CURLOPT_PREREQFUNCTION, +[](void* to, char*, char*, int, int local_port) {
        static_cast<Exchange*>(to)->connected(local_port);
        return CURL_PREREQFUNC_OK;
      });
}

// Starts the transfer, or queues it if its origin has no room.
void Http::begin(Exchange& exchange) {
  if (!limit_.may_begin(exchange.origin)) return hold_back(exchange);
  limit_.begin(exchange.origin);
  if (std::exchange(exchange.is_held_back, false)) exchange.started = steady_clock::now();
  if (const auto code = curl::curl_multi_add_handle(pool_->get(), exchange.easy.get()); code != CURLM_OK)
    throw Error(ErrorKind::internal, curl::curl_multi_strerror(code));
  exchange.is_begun = true;
  exchange.moved = steady_clock::now();
}

// All connections to the origin are in use: the exchange goes to the front of the queue.
void Http::wait_for_line(Exchange& exchange) {
  curl::curl_multi_remove_handle(pool_->get(), exchange.easy.get());
  exchange.is_begun = exchange.found_no_line = false;
  limit_.end(exchange.origin, std::exchange(exchange.line, 0));
  if (limit_.may_open(exchange.origin)) return begin(exchange);  // they have been closed meanwhile
  exchange.is_held_back = true;
  held_back_[exchange.origin].push_front(exchange.token);
}

void Http::hold_back(Exchange& exchange) {
  exchange.is_held_back = true;
  held_back_[exchange.origin].push_back(exchange.token);
}

// Starts the next queued exchange of the same origin.
void Http::leave_line(Exchange& exchange) {
  const auto found = held_back_.find(exchange.origin);
  if (exchange.is_begun) limit_.end(exchange.origin, std::exchange(exchange.line, 0));
  if (found == held_back_.end()) return;
  std::deque<std::uint64_t>& waiting = found->second;
  if (exchange.is_held_back) std::erase(waiting, exchange.token);
  if (exchange.is_begun && !waiting.empty()) {
    Exchange& next = *exchanges_.at(waiting.front());
    waiting.pop_front();
    begin(next);
  }
  if (const auto left = held_back_.find(exchange.origin); left != held_back_.end() && left->second.empty())
    held_back_.erase(left);
}

// Removes the exchange from libcurl and from all lists.
std::unique_ptr<Http::Exchange> Http::detach(std::uint64_t token) {
  const auto found = exchanges_.find(token);
  auto owned = std::move(found->second);
  exchanges_.erase(found);
  if (owned->is_begun) curl::curl_multi_remove_handle(pool_->get(), owned->easy.get());
  leave_line(*owned);
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

// If the name could not be resolved, all exchanges that wait for it fail; otherwise the next one resolves it.
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

// Starts the exchanges whose host name has been resolved.
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
    if (code != CURLE_OK && exchange.found_no_line && !exchange.reader.has_begun()) {
      wait_for_line(exchange);
      continue;
    }
    std::string why;
    if (code != CURLE_OK) why = exchange.error[0] != '\0' ? exchange.error : curl::curl_easy_strerror(code);
    auto error = error_of(code);
    if (code == CURLE_OUT_OF_MEMORY &&
        exchange.reader.bytes() != 0) {  // libcurl's code for a header line of over 100 KB
      error = TransferError::protocol;
      why = "a line of its header is too long";
    }
    if (code != CURLE_OK && exchange.is_forbidden) {
      error = TransferError::forbidden;
      why = "its address is not public";
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
    if (found == exchanges_.end()) continue;  // it ended with another one
    end(*found->second, TransferError::timeout, found->second->overdue_text(now), done);
  }
}

// libcurl has failed: running transfers would never end.
void Http::end_all(const char* why, std::vector<Done>& done) {
  names_.clear();
  held_back_.clear();
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
