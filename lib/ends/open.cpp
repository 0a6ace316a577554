#include "ends/open.h"

#include <array>
#include <fmt/format.h>

#include "base/error.h"
#include "ends/amqp.h"
#include "ends/store.h"

namespace iso {
namespace {

struct Scheme {
  std::string_view name;
  std::unique_ptr<Sink> (*sink)(const Url&, const SinkOptions&);
  std::unique_ptr<Source> (*source)(const Url&, const SourceOptions&);
};

constexpr std::array kSchemes{
    Scheme{"amqp", open_amqp_sink, open_amqp_source},
    Scheme{"amqps", open_amqp_sink, open_amqp_source},
    Scheme{"sqlite", open_store_sink, open_store_source},
};

const Scheme& scheme_of(const Url& url) {
  for (const auto& scheme : kSchemes)
    if (scheme.name == url.scheme) return scheme;
  throw Error(Kind::usage, fmt::format("{}: messages go to amqp://, amqps:// or sqlite:PATH", redacted(url)));
}

}  // namespace

std::unique_ptr<Sink> open_sink(const Url& url, const SinkOptions& options) {
  return scheme_of(url).sink(url, options);
}

std::unique_ptr<Source> open_source(const Url& url, const SourceOptions& options) {
  return scheme_of(url).source(url, options);
}

}  // namespace iso
