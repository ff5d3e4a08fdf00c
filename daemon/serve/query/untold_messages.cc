#include "daemon/serve/query/untold_messages.h"

#include <algorithm>

#include "daemon/base/units.h"

namespace fleetmeter {

void FillUntold(const std::vector<TimeSpan>& untold, size_t most,
                google::protobuf::RepeatedPtrField<v1::UntoldTime>* to) {
  std::vector<TimeSpan> longest = untold;
  const auto length = [](const TimeSpan& span) {
    return span.end_unix_nanos - span.start_unix_nanos;
  };
  std::sort(longest.begin(), longest.end(), [&](const TimeSpan& a, const TimeSpan& b) {
    if (length(a) != length(b)) return length(a) > length(b);
    return a.start_unix_nanos > b.start_unix_nanos;
  });
  if (longest.size() > most) longest.resize(most);
  std::sort(longest.begin(), longest.end(), [](const TimeSpan& a, const TimeSpan& b) {
    return a.start_unix_nanos < b.start_unix_nanos;
  });
  for (const TimeSpan& span : longest) {
    v1::UntoldTime& message = *to->Add();
    message.set_from_unix_seconds(span.start_unix_nanos / kNanosPerSecond);
    message.set_to_unix_seconds((span.end_unix_nanos + kNanosPerSecond - 1) / kNanosPerSecond);
  }
}

}  // namespace fleetmeter
