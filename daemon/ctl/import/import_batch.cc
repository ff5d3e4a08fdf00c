#include "daemon/ctl/import/import_batch.h"

#include <algorithm>
#include <tuple>

#include "daemon/ctl/import/stored_reports.h"

namespace fleetmeter::imports {

size_t ImportBatch::size() const { return stored == nullptr ? reports.size() : stored->size(); }

const ImportReport& ImportBatch::At(size_t index) const {
  return stored == nullptr ? reports[index] : stored->At(index);
}

absl::Status ImportBatch::read_status() const {
  return stored == nullptr ? absl::OkStatus() : stored->status();
}

absl::StatusOr<ImportBatch> ImportBatch::InMemory() const {
  ImportBatch held = *this;
  held.stored = nullptr;
  if (stored == nullptr) return held;
  held.reports.reserve(size());
  for (size_t i = 0; i < size(); ++i) held.reports.push_back(At(i));
  if (absl::Status read = read_status(); !read.ok()) return read;
  return held;
}

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
