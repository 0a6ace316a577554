#pragma once

#include <span>
#include <string>
#include <string_view>

#include "record/field.h"

namespace iso {

enum class ExchangeType { direct, fanout, topic, headers };

// "direct", "fanout", "topic" or "headers"; anything else is direct.
ExchangeType exchange_type_of(std::string_view name);

// AMQP 0-9-1 section 3.1.3.3: words parted by dots; * is exactly one word, # is none or more.
bool topic_matches(std::string_view pattern, std::string_view routing_key);

// AMQP 0-9-1 section 3.1.3.4: `arguments` has x-match (all, the default, or any) and the headers to match;
// one without a value matches any value. Names that start with "x-" are not compared.
bool headers_match(const FieldTable& arguments, const FieldTable& headers);

// Whether a binding to an exchange of this type takes a message.
bool routes(ExchangeType type, std::string_view binding_key, const FieldTable& arguments,
            std::string_view routing_key, const FieldTable& headers);

}  // namespace iso
