#include "store/queue_setup.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/error.h"
#include "base/random.h"
#include "record/binding_kind.h"

namespace iso::store {
namespace {

// No hint takes a message: whoever follows it would lose what comes meanwhile.
[[noreturn]] void throw_missing(const StoreEngine& engine, const SourceOptions& options) {
  const std::string what = fmt::format("there is no queue \"{}\" in {}", options.queue, engine.name());
  throw Error(ErrorKind::missing,
              options.relay ? fmt::format("{}; it is made by the first message in it, or by {}?adopt=yes#{}",
                                          what, engine.url(), options.queue)
                            : what + "; --declare makes it");
}

void add_bindings(NewTopology& parts, StoreEngine& engine, const SourceOptions& options,
                  const std::string& queue) {
  if (options.bindings.empty()) return;
  const Topology topology = engine.topology();
  const auto is_there = [&](const auto& exchanges, const std::string& name) {
    return std::any_of(exchanges.begin(), exchanges.end(), [&](const auto& one) { return one.name == name; });
  };
  for (const Binding& binding : options.bindings) {
    if (!is_there(topology.exchanges, binding.exchange) && !is_there(parts.exchanges, binding.exchange)) {
      if (!options.declare)
        throw Error(ErrorKind::missing, fmt::format("no exchange \"{}\" in {}; create it with --declare",
                                                    binding.exchange, engine.name()));
      parts.exchanges.push_back({binding.exchange, std::string(exchange_kind_for(binding.routing_key))});
    }
    parts.bindings.push_back({binding.exchange, queue, binding.routing_key, "{}"});
  }
}

}  // namespace

std::string set_up_queue(OpenStore& store, const SourceOptions& options) {
  StoreEngine& engine = *store.engine;
  NewTopology parts;
  std::string queue = options.queue;
  if (queue.empty()) {
    queue = parts.private_queue = "iso.gen-" + IdMaker().next();
  } else if (!engine.has_queue(queue)) {
    if (!options.declare && !(options.relay && store.options.adopt)) throw_missing(engine, options);
    parts.queues.push_back(queue);
  }
  add_bindings(parts, engine, options, queue);
  if (options.peek && parts.empty()) return queue;
  engine.join();
  if (!parts.empty()) engine.make(parts);
  if (!parts.private_queue.empty()) options.notice(fmt::format("listening on the private queue {}", queue));
  return queue;
}

}  // namespace iso::store
