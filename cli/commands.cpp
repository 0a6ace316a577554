#include "cli/shared/command.h"

namespace iso::cli {

std::span<const Command> commands() {
  static constexpr std::array kCommands{
      Command{"publish", "Publish messages and wait for the broker's confirms",
              "  iso publish --routing-key orders --body '{\"total\":1}'\n"
              "  iso publish settings.json < bodies.json\n"
              "  iso publish --from \"$ISO_URL#dead\" --exchange '' --routing-key orders\n",
              bind_publish},
      Command{"listen", "Print a queue's messages, and acknowledge each after it is written",
              "  iso listen orders --count 1 | jq .body\n"
              "  iso listen orders --exec 'jq .total' --job-timeout 10s\n"
              "  iso listen dead --peek\n",
              bind_listen},
      Command{"fetch", "Fetch over HTTP, through a cache that all processes share",
              "  iso fetch http://localhost:8080/orders/7\n"
              "  iso fetch --all-pages --out records http://localhost:8080/orders\n"
              "  iso listen orders | iso fetch --url-at /body/href\n",
              bind_fetch},
      Command{"reconcile", "Compare what was sent with what arrived, and repair",
              "  iso reconcile sent.ndjson arrived.ndjson --out table\n"
              "  iso reconcile sqlite:app.db#outbox sqlite:in.db#orders --repair\n"
              "  iso reconcile sqlite:app.db#outbox sqlite:app.db#acks --expect billing\n",
              bind_reconcile},
      Command{"status", "Show queues, and check that they are healthy",
              "  iso status\n"
              "  iso status orders --max-ready 100 --min-consumers 1\n"
              "  iso status --wait 30s orders\n",
              bind_status},
  };
  return kCommands;
}

}  // namespace iso::cli
