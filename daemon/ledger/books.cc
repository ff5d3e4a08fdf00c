#include "daemon/ledger/books.h"

#include <cmath>

#include "daemon/base/digest.h"

namespace fleetmeter {

uint64_t RetiredMark(const StreamKey& stream) {
  return Digest64(stream.identity + '\0' + stream.id);
}

void ActivityHistogram::Observe(double activity) {
  ++count;
  sum_micro += static_cast<uint64_t>(std::llround(activity * 1e6));
  for (size_t i = 0; i < kActivityBounds.size(); ++i) {
    if (activity <= kActivityBounds[i]) ++cumulative[i];
  }
}

}  // namespace fleetmeter
