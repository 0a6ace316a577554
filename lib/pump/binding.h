#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace iso {

// What a queue is bound to.
struct Binding {
  std::string exchange, routing_key;
  bool has_key = true;       // one was given, even if it is ""
  bool may_be_name = false;  // the text does not say where the exchange's name ends
};

// "EXCHANGE" or "EXCHANGE:KEY", in which \: is a colon and \\ a backslash. Throws ErrorKind::usage.
Binding read_binding(std::string_view text);

// Of what the text may mean, that whose exchange exists: with "a:b:c" the exchange a, or a:b, or a:b:c, the
// first of these. `binding` itself if none does.
Binding existing_reading(const Binding& binding, const std::function<bool(const std::string&)>& exists);

// What people are told of a binding without a key to an exchange of this type, or "": it hears nothing.
std::string deaf_binding_text(const Binding& binding, std::string_view type);

// The key to bind with: without one all of what a topic exchange has.
std::string key_for(const Binding& binding, std::string_view type);

// Throws ErrorKind::missing: there is no such exchange `where`, "in shop.db".
[[noreturn]] void throw_no_exchange(std::string_view where, const Binding& binding);

}  // namespace iso
