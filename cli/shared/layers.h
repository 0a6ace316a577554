#pragma once

#include "base/random.h"
#include "record/record.h"

namespace iso::cli {

// The layers above and below the fields of a record: an option overrides the record, the record overrides the
// settings file, and that the defaults. Of exchange and direct_name, the one given as an option replaces the
// other.
struct Layers {
  Layers(Record typed_fields, Record settings_fields);
  Record typed, settings;
  bool keep_broker_headers = false;  // of records that come in: record/broker_headers.h
  bool to_origin = false;            // each goes where it was published before it was dead-lettered
};

// Where a message goes that does not say, and what to create first: `typed` over `settings`, with an
// exchange, and on the default exchange the queue as routing key. Throws ErrorKind::config when the settings
// name two exchanges, and for arguments of a queue that is not named (ErrorKind::usage: typed ones).
Record resolve_defaults(const Layers& layers);

// What comes in: bodies alone, records with fields of their own, or messages that have been sent before and
// get no fresh ids.
enum class Incoming { bodies, records, messages };

// Completes each record on its way to the sink. A message_id that is left out is made; a correlation_id only
// where there is something to correlate: the record has a reply_to, or its replies are awaited. Throws
// ErrorKind::data for one that cannot be published.
class Preparer {
 public:
  Preparer(const Layers& layers, Record defaults, Incoming incoming, bool awaits_replies = false);
  void operator()(Record& record);

 private:
  void overlay(Record& record) const;

  Record typed_, defaults_;
  Incoming incoming_;
  bool keep_broker_headers_, to_origin_;
  bool awaits_replies_;
  IdMaker ids_;
};

}  // namespace iso::cli
