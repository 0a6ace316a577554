#include "cli/shared/command.h"

namespace iso::cli {

std::span<const Command> commands() {
  static constexpr std::array kCommands{
      Command{"publish", "Publish messages and wait for the broker's confirms", bind_publish},
      Command{"listen", "Print a queue's messages, acknowledged once they are written", bind_listen},
      Command{"fetch", "Fetch over HTTP, through a cache that all processes share", bind_fetch},
      Command{"reconcile", "Compare what was sent with what arrived, and repair", bind_reconcile},
  };
  return kCommands;
}

}  // namespace iso::cli
