#include "cli/fetch/run.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "base/error.h"
#include "base/secrets.h"
#include "cli/fetch/output.h"
#include "http/link.h"
#include "http/uri.h"
#include "record/record.h"
#include "record/write.h"

namespace iso::cli {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kOutputAtOnce = std::size_t{64} * 1024;
constexpr std::size_t kBodyAtOnce = std::size_t{1} << 20;
constexpr milliseconds kRound{1000};     // a signal is noticed within this time
constexpr std::chrono::seconds kEnd{5};  // for running fetches after a signal

// Closes standard output, so that its reader need not wait for background work.
void close_output() {
  const int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nothing < 0) return;
  dup2(nothing, STDOUT_FILENO);
  close(nothing);
}

// `url` with the user and password of `first`, unless it has its own.
std::string as_same_user(std::string_view first, const std::string& url) {
  http::Uri from = http::split_uri(first), to = http::split_uri(url);
  const std::string login = from.authority ? http::take_login(*from.authority) : "";
  if (login.empty() || !to.authority || to.authority->find('@') != std::string::npos) return url;
  to.authority->insert(0, login);
  return http::joined_uri(to);
}

}  // namespace

FetchRun::FetchRun(FetchInput& input, fetch::Fetcher& fetcher, Report& report, FetchRunOptions options,
                   const std::atomic<int>& interrupted)
    : input_(input),
      fetcher_(fetcher),
      report_(report),
      options_(std::move(options)),
      interrupted_(interrupted),
      failures_(report),
      out_(Descriptor::lend(STDOUT_FILENO), "standard output") {}

FetchTally FetchRun::run() {
  std::optional<Clock::Steady> end;
  while (!finished()) {
    if (interrupted_ != 0) {
      const auto now = system_clock().steady();
      if (!end) end = now + kEnd;
      if (now >= *end) break;
    } else {
      fill();
      if (finished()) break;  // the input has just ended, and nothing is left to wait for
    }
    const bool printable =
        !slots_.empty() && (!slots_.front().pages.empty() || !slots_.front().wanted.bad_input.empty());
    for (auto& fetched : fetcher_.turn(wait(), printable ? milliseconds(0) : kRound))
      take(std::move(fetched));
    print_ready();
  }
  failures_.finish("like these");
  out_.write_all();
  tally_.closed = out_.closed();
  close_output();
  while (fetcher_.background() != 0 && interrupted_ == 0) fetcher_.turn({}, kRound);
  return tally_;
}

bool FetchRun::finished() const {
  return out_.closed() || (slots_.empty() && (input_.ended() || interrupted_ != 0));
}

Wait FetchRun::wait() const {
  Wait wait;
  if (slots_.size() < options_.parallel && !input_.ended() && interrupted_ == 0) wait = input_.wait();
  if (out_.pending() != 0) wait = wait | Wait(out_.descriptor(), POLLOUT);
  return wait;
}

void FetchRun::fill() {
  while (slots_.size() < options_.parallel && out_.pending() < kOutputAtOnce && !input_.ended()) {
    auto wanted = input_.next();
    if (!wanted) return;
    Slot& slot = slots_.emplace_back();
    slot.number = first_ + slots_.size() - 1;
    slot.wanted = std::move(*wanted);
    if (slot.wanted.bad_input.empty() && !http::http_url(slot.wanted.url))
      slot.wanted.bad_input =
          fmt::format("\"{}\" is not an http, https or service URL", without_secrets(slot.wanted.url));
    if (slot.wanted.bad_input.empty())
      start(slot);
    else
      slot.finished = true;
  }
}

void FetchRun::start(Slot& slot) {
  if (options_.all_pages) slot.asked.insert(slot.wanted.url);
  const bool from_record = !slot.wanted.record.empty();
  ask(slot, slot.wanted.url, options_.fields.for_url(slot.wanted.url, from_record), !from_record);
}

void FetchRun::ask(const Slot& slot, const std::string& url, http::Fields fields, bool is_named) {
  const std::string& body = options_.body_at ? slot.wanted.body : options_.body;
  if ((options_.body_at || !body.empty()) && !fields.has("content-type"))
    fields.add("Content-Type", body_kind_of(body) == BodyKind::json ? "application/json" : "text/plain");
  fetcher_.start(slot.number, {options_.method, url, std::move(fields)}, body, is_named);
}

// Sends the credentials of the first page if the origin is the same.
void FetchRun::start_page(Slot& slot, const std::string& url) {
  slot.asked.insert(url);
  const bool from_record = !slot.wanted.record.empty(), at_home = http::same_origin(slot.wanted.url, url);
  ask(slot, at_home ? as_same_user(slot.wanted.url, url) : url,
      options_.fields.for_page(slot.wanted.url, from_record, url), at_home && !from_record);
}

void FetchRun::take(fetch::Fetched fetched) {
  Slot& slot = slots_.at(fetched.token - first_);
  if (options_.all_pages && !fetched.failure && fetched.response.status < 400) go_on(slot, fetched);
  slot.finished = slot.next_page.empty();
  slot.pages.push_back(std::move(fetched));
}

// Finds the next page. A listing that leads back to its first page is complete; one that leads back to
// another page is a loop.
void FetchRun::go_on(Slot& slot, const fetch::Fetched& page) {
  const auto& in_body = options_.pages.next;
  const auto next = in_body ? next_in_body(page.body.bytes(), *in_body, page.url)
                            : http::next_page(page.response.fields, page.url);
  slot.incomplete = next.problem;
  if (!next.url) return;
  const auto first = http::http_url(slot.wanted.url);
  if (!slot.asked.contains(*next.url) && next.url != first) {
    if (slot.asked.size() < options_.max_pages)
      slot.next_page = *next.url;
    else
      slot.incomplete = fmt::format("it has more than {} pages (--max-pages)", options_.max_pages);
  } else if (next.url == first && slot.asked.size() > 1) {
    report_.warning(fmt::format("{}: its listing leads back to its first page", slot.wanted.url));
  } else {
    slot.incomplete = fmt::format("its next page is one that was fetched before: {}", *next.url);
  }
}

// Prints in the order of the input: the first slot as its results arrive; the others wait for it.
void FetchRun::print_ready() {
  while (!slots_.empty()) {
    Slot& slot = slots_.front();
    if (!slot.wanted.bad_input.empty()) print(slot, {});
    for (; !slot.pages.empty(); slot.pages.pop_front()) print(slot, std::move(slot.pages.front()));
    if (!slot.next_page.empty()) start_page(slot, std::exchange(slot.next_page, {}));
    if (!slot.finished) break;
    if (!slot.incomplete.empty()) {
      tally_.last = fmt::format("{}: the listing is not whole: {}", slot.wanted.url, slot.incomplete);
      failures_.add(tally_.last);
      ++(slot.is_bad ? tally_.bad_input : tally_.unavailable);
    }
    slots_.pop_front();
    ++first_;
    if (out_.pending() >= kOutputAtOnce) out_.write_some();
  }
  out_.write_some();
}

void FetchRun::print(Slot& slot, fetch::Fetched fetched) {
  count(slot, fetched);
  if (!slot.wanted.bad_input.empty()) {
    if (options_.records) append_bad_input(out_.buffer(), slot.wanted);
  } else if (!slot.wanted.record.empty() && options_.records) {
    append_record_with(out_.buffer(), slot.wanted, fetched);
  } else if (options_.records) {
    append_fetched(out_.buffer(), slot.wanted, fetched);
  } else if (options_.pages.items) {
    if (!failure_of(fetched)) print_items(slot, fetched.body.bytes());
  } else {
    print_body(fetched.body.bytes());
    const bool page = options_.all_pages && !fetched.body.bytes().empty();
    if (page && fetched.body.bytes().back() != '\n') out_.buffer() += '\n';
  }
  report_.progress("fetched", tally_.fetched);
}

// A page without the array of items ends its listing.
void FetchRun::print_items(Slot& slot, std::string_view page) {
  try {
    for_each_item(page, *options_.pages.items, [this](std::string_view item) {
      if (out_.closed()) return;
      append_one_line(out_.buffer(), item);
      out_.buffer() += '\n';
      if (out_.pending() >= kBodyAtOnce) out_.write_all();
    });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::data) throw;
    slot.next_page.clear();
    slot.finished = slot.is_bad = true;
    slot.incomplete = error.what();
  }
}

void FetchRun::print_body(std::string_view bytes) {
  while (!bytes.empty() && !out_.closed()) {
    out_.buffer() += bytes.substr(0, kBodyAtOnce);
    bytes.remove_prefix(std::min(kBodyAtOnce, bytes.size()));
    if (out_.pending() >= kBodyAtOnce) out_.write_all();
  }
}

void FetchRun::count(const Slot& slot, const fetch::Fetched& fetched) {
  if (!slot.wanted.bad_input.empty()) {
    ++tally_.bad_input;
    failures_.add(fmt::format("input {}: {}", slot.wanted.number, slot.wanted.bad_input));
    return;
  }
  const auto why = failure_of(fetched);
  if (!why) {
    ++tally_.fetched;
    if (fetched.cache == fetch::CacheUse::stale)
      report_.note(fmt::format("{}: stale, {} s old", slot.wanted.url, fetched.age.count()));
    return;
  }
  tally_.last = fmt::format("{}: {}", fetched.url.empty() ? slot.wanted.url : fetched.url, *why);
  if (!options_.single || !fetched.failure) failures_.add(tally_.last);
  if (!fetched.failure)
    ++tally_.refused;
  else if (fetched.failure->kind == ErrorKind::unavailable)
    ++tally_.unavailable;
  else if (fetched.failure->kind == ErrorKind::unconfirmed)
    ++tally_.unconfirmed;
  else if (fetched.failure->kind == ErrorKind::refused)
    ++tally_.denied;
  else if (fetched.failure->kind == ErrorKind::data || fetched.failure->kind == ErrorKind::usage)
    ++tally_.bad_input;
  else
    ++tally_.other;
}

}  // namespace iso::cli
