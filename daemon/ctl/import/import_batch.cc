#include "daemon/ctl/import/import_batch.h"

#include <algorithm>
#include <tuple>

namespace fleetmeter::imports {

void ImportBatch::Refuse(const LineSet& lines, std::string_view reason) {
  for (const int64_t line : lines.Lines()) refused.push_back({line, std::string(reason)});
}

void ImportBatch::Finish() {
  std::sort(refused.begin(), refused.end(), [](const auto& a, const auto& b) {
    return std::tie(a.line, a.reason) < std::tie(b.line, b.reason);
  });
}

std::optional<int64_t> ReadEnd(imports::RowReader& reader, int64_t start) {
  const auto end = reader.OptionalNanos("end");
  if (end && reader.ok() && *end <= start) {
    reader.Refuse("end", "expected a time after the row's start");
  }
  return end;
}

}  // namespace fleetmeter::imports
