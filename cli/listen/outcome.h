#pragma once

#include "cli/listen/options.h"
#include "cli/shared/command.h"
#include "cli/shared/report.h"
#include "pump/pump.h"
#include "replies/replying_sink.h"
#include "store/inbox.h"
#include "store/ledger.h"

namespace iso::cli {

// The counts of the parts that took part.
struct ListenCounts {
  PumpSummary pumped;
  store::InboxTally inbox;
  replies::ReplyTally replies;
  store::LedgerTally ledger;
};

// How listen ends, with what there is to say about it on `report`. `on_broker`: its queue is that of a
// broker, not of a store. Throws what stopped it.
Outcome listen_outcome(const ListenOptions& args, const ListenCounts& counts, bool on_broker, int signal,
                       Report& report);

}  // namespace iso::cli
