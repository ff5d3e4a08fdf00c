// Rows and reports of usage as bytes of a temporary file. Only the program that wrote them reads
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/ctl/import/import_batch.h"
#include "daemon/domain/report/usage_report.h"

namespace fleetmeter::imports {

// Appends to a string that outlives it.
class StoredWriter {
 public:
  explicit StoredWriter(std::string* bytes) : bytes_(*bytes) {}

  void Put(int64_t value);
  void Put(const std::optional<int64_t>& value);
  void Put(std::string_view text);
  void Put(const UsageGroup& group);
  void Put(const LineSet& lines);
  void Put(const ImportReport& planned);  // of usage

 private:
  std::string& bytes_;
};

// Takes what a StoredWriter put, in the same order. `bytes` outlive it.
class StoredReader {
 public:
  explicit StoredReader(std::string_view bytes) : bytes_(bytes) {}

  int64_t Int();
  std::optional<int64_t> OptionalInt();
  std::string Text();
  UsageGroup Group();
  LineSet Lines();
  ImportReport Report();

 private:
  std::string_view bytes_;
};

// Keys of a RecordSorter that compare as their parts do.
void PutOrdered(int64_t value, std::string* key);
// `text` has no zero byte.
void PutOrdered(std::string_view text, std::string* key);

}  // namespace fleetmeter::imports
