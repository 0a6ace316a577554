#pragma once

#include <memory>

#include "base/url.h"
#include "pump/end_options.h"

namespace iso::store {

// The store: durable queues in an SQLite file, with AMQP's routing. Made if missing. man iso-store has its
// schema.
std::unique_ptr<Sink> open_store_sink(const Url& url, const SinkOptions& options);
std::unique_ptr<Source> open_store_source(const Url& url, const SourceOptions& options);

}  // namespace iso::store
