#include "record/broker_headers.h"

#include <algorithm>

namespace iso {

void drop_broker_headers(Record& record) {
  if (!record.headers) return;
  const auto dropped = std::erase_if(*record.headers, [](const auto& header) {
    return std::find(kBrokerHeaders.begin(), kBrokerHeaders.end(), header.first) != kBrokerHeaders.end();
  });
  if (dropped != 0 && record.headers->empty()) record.headers.reset();
}

}  // namespace iso
