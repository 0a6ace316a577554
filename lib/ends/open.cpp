#include "ends/open.h"

#include <array>
#include <fmt/core.h>

#include "amqp/amqp.h"
#include "base/error.h"
#include "base/url_options.h"
#include "ends/guarded_connection.h"
#include "ends/reconnect.h"
#include "store/store.h"

namespace iso::ends {
namespace {

struct Scheme {
  std::string_view name;
  Traits traits;
  std::unique_ptr<Sink> (*sink)(const Url&, const SinkOptions&);
  std::unique_ptr<Source> (*source)(const Url&, const SourceOptions&);
};

constexpr Traits kBroker{true, false, false, true};
constexpr Traits kStore{false, true, true, false};

constexpr std::array kSchemes{
    Scheme{"amqp", kBroker, amqp::open_amqp_sink, amqp::open_amqp_source},
    Scheme{"amqps", kBroker, amqp::open_amqp_sink, amqp::open_amqp_source},
    Scheme{"sqlite", kStore, store::open_store_sink, store::open_store_source},
};

const Scheme& scheme_of(const Url& url) {
  check_options(url);
  for (const auto& scheme : kSchemes)
    if (scheme.name == url.scheme) return scheme;
  throw Error(ErrorKind::usage,
              fmt::format("{}: messages go to amqp://, amqps:// or sqlite:PATH", redacted(url)));
}

// "amqp://host:5672": the server that a circuit belongs to.
std::string address_of(const Url& url) {
  Url address;
  address.scheme = url.scheme;
  address.hosts = url.hosts;
  std::string text = redacted(address);
  if (text.ends_with('/')) text.pop_back();
  return text;
}

// Opens with the time limit of each try, if the circuit allows one.
template <class End, class Options>
Opener<End> opener(std::unique_ptr<End> (*open)(const Url&, const Options&), const Url& url,
                   const Options& options) {
  return [open, url, options](std::chrono::milliseconds at_most) {
    Options limited = options;
    limited.timeout = at_most;
    return guarded(options.guard, address_of(url), [&] { return open(url, limited); });
  };
}

Reconnecting reconnecting(const EndOptions& options) {
  Reconnecting reconnecting;
  reconnecting.outage = options.outage;
  reconnecting.notice = options.notice;
  return reconnecting;
}

void check_queue_arguments(const Scheme& scheme, const FieldTable& arguments) {
  if (scheme.traits.is_store && !arguments.empty())
    throw Error(ErrorKind::usage,
                fmt::format("a queue of a store has no type and no arguments (here {}); a broker's has",
                            arguments.front().first));
}

}  // namespace

std::unique_ptr<Sink> open_sink(const Url& url, const SinkOptions& options) {
  const Scheme& scheme = scheme_of(url);
  check_queue_arguments(scheme, options.queue_arguments);
  if (!scheme.traits.remote) return scheme.sink(url, options);
  return reconnecting_sink(opener(scheme.sink, url, options), options.timeout, reconnecting(options));
}

Traits traits_of(const Url& url) {
  for (const auto& scheme : kSchemes)
    if (scheme.name == url.scheme) return scheme.traits;
  return {};
}

std::unique_ptr<Source> open_source(const Url& url, const SourceOptions& options) {
  const Scheme& scheme = scheme_of(url);
  check_queue_arguments(scheme, options.queue_arguments);
  if (scheme.traits.is_store && options.offset)
    throw Error(ErrorKind::usage, "an offset is for a stream of a broker; a store has queues");
  if (!scheme.traits.remote) return scheme.source(url, options);
  // A peek that starts anew would show the same messages twice.
  if (options.peek) return opener(scheme.source, url, options)(options.timeout);
  SourceOptions lasting = options;
  lasting.progress = std::make_shared<SourceProgress>();
  Reconnecting again = reconnecting(options);
  again.progress = lasting.progress;
  return reconnecting_source(opener(scheme.source, url, lasting), options.timeout, again);
}

}  // namespace iso::ends
