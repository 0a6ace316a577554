#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/field.h"

namespace CLI {
class App;
}

namespace iso::cli {

// What a queue that is created is to be: --queue-type and --queue-argument. "" and none: not given.
struct QueueOptions {
  std::string type;
  std::vector<std::string> arguments;  // NAME=TEXT or NAME:=JSON

  // Declares them, in this group of the help.
  void add_to(CLI::App& app, const std::string& group);

  // Both as one table; nothing if neither was given. Throws ErrorKind::usage: an argument that cannot be
  // read, that RabbitMQ does not have or take, or a type that is given twice and differs.
  std::optional<FieldTable> table() const;
};

// "NAME=TEXT", or "NAME:=JSON" for what is not a string, as a member of a JSON object. `option` is what it
// was given to. Throws ErrorKind::usage.
std::string member_of_pair(std::string_view option, std::string_view pair);

}  // namespace iso::cli
