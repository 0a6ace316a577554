#pragma once

#include <memory>

#include "base/url.h"
#include "pump/end_options.h"

namespace iso::amqp {

// RabbitMQ over AMQP 0-9-1. Publishing always has confirms on (RabbitMQ's extension) and `mandatory` as the
// record says; consuming is with manual acknowledgements. Sources and sinks have a connection each.
std::unique_ptr<Sink> open_amqp_sink(const Url& url, const SinkOptions& options);
std::unique_ptr<Source> open_amqp_source(const Url& url, const SourceOptions& options);

}  // namespace iso::amqp
