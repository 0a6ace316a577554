#include "store/queue_setup.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/error.h"
#include "base/random.h"
#include "record/binding_kind.h"

namespace iso::store {
namespace {

// No hint takes a message: following it would lose what arrives meanwhile.
[[noreturn]] void throw_missing(const StoreEngine& engine, const SourceOptions& options) {
  const std::string what = fmt::format("there is no queue \"{}\" in {}", options.queue, engine.name());
  throw Error(ErrorKind::missing,
              options.relay ? fmt::format("{}; it is made by the first message in it, or by {}?adopt=yes#{}",
                                          what, engine.url(), options.queue)
                            : what + "; --declare makes it");
}

const Topology::Exchange* find(const std::vector<Topology::Exchange>& exchanges, const std::string& name) {
  const auto found =
      std::find_if(exchanges.begin(), exchanges.end(), [&](const auto& one) { return one.name == name; });
  return found == exchanges.end() ? nullptr : &*found;
}

void add_bindings(NewTopology& parts, StoreEngine& engine, const SourceOptions& options,
                  const std::string& queue) {
  if (options.bindings.empty()) return;
  const Topology topology = engine.topology();
  const auto find_any = [&](const std::string& name) {
    const auto* there = find(topology.exchanges, name);
    return there ? there : find(parts.exchanges, name);
  };
  for (const Binding& asked : options.bindings) {
    const Binding binding =
        existing_reading(asked, [&](const std::string& name) { return find_any(name) != nullptr; });
    const auto* exchange = find_any(binding.exchange);
    if (!exchange && !options.declare) throw_no_exchange("in " + engine.name(), binding);
    const std::string type = exchange ? exchange->type : std::string(exchange_kind_for(binding.routing_key));
    if (!exchange) parts.exchanges.push_back({binding.exchange, type});
    if (const auto text = deaf_binding_text(binding, type); !text.empty()) options.notice(text);
    parts.bindings.push_back({binding.exchange, queue, key_for(binding, type), "{}"});
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
