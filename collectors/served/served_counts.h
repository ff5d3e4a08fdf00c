// From counters to reports: what was served between two looks at one source. Pure.
//
//   the first look       says where counters stand, and nothing was served yet
//   a counter that fell  was reset: what it says now was served since
//   a later beginning    likewise, whether or not it fell (`_created`, the start of the process)
//   another origin       all counters are new
//   a new counter        says where it stands, unless it is known to have begun after the last look
//   a counter that is    is silence: nothing was served. If it comes back, it goes on from where it
//   not there            stood
//   looks that failed    make the next window longer, and lose nothing
//
// What is counted is never counted twice; what cannot be known to be new is left out.
//
// For one thread. A copy is a state of its own, so that a caller can write what follows before it
// takes it.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/device/served.h"
#include "fleetmeter/v1/outcome_report.pb.h"

namespace fleetmeter::collector {

// What a row of a report is told apart by.
struct ServedSegment {
  std::string model;
  std::string customer_tier;
  std::string pool;      // empty: no rule says it
  std::string workload;  // likewise

  auto operator<=>(const ServedSegment&) const = default;
};

// An amount that nobody counts is absent.
struct ServedAmounts {
  std::optional<int64_t> requests;
  std::optional<int64_t> input_tokens;
  std::optional<int64_t> cached_input_tokens;  // of input_tokens
  std::optional<int64_t> output_tokens;
  bool ever = false;  // a counter of it is above 0

  std::optional<int64_t>& Of(ServedAmount amount);
};

using ServedSums = std::map<ServedSegment, ServedAmounts>;

class ServedCounts {
 public:
  static constexpr size_t kMostSeries = 65'536;
  static constexpr size_t kMostSegments = 16'384;  // of a report

  // What one look added. ResourceExhausted: there are more counters or segments than that; nothing
  // was taken.
  absl::Status Take(const ServedReading& reading);

  // The window that is open: half-open, by the clock of the looks. Equal: no look has ended it.
  int64_t from_unix_nanos() const { return from_; }
  int64_t to_unix_nanos() const { return to_; }
  bool based() const { return from_ != 0; }  // there was a look
  const ServedSums& sums() const { return sums_; }
  uint64_t resets() const { return resets_; }    // of counters, since the state was made
  bool saw_reset() const { return saw_reset_; }  // in the last look

  // What the open window says, and a new window begins where it ends. Nothing: it has no length, or
  // nobody has ever been served, and a window that has a length then begins anew at its end.
  // Segments whose requests are not counted are left out, since a report cannot say so.
  std::optional<v1::OutcomeReport> Cut(const std::string& source);

  // The state as text, for a file. DataLoss: the text is none.
  std::string Write() const;
  static absl::StatusOr<ServedCounts> Read(const std::string& text);

 private:
  struct Memory {
    int64_t value = 0;
    double began = 0;
    int64_t seen_unix_nanos = 0;
  };

  // What the counter adds; nothing if it is new and nobody knows since when it counts.
  std::optional<int64_t> Growth(const ServedCounter& counter, const ServedReading& reading);
  void TakeOrigin(const std::string& origin);
  void ForgetOld(int64_t now_unix_nanos);

  int64_t from_ = 0;
  int64_t to_ = 0;
  int64_t last_look_ = 0;
  double process_began_ = 0;
  std::string origin_;  // of the counters
  std::map<std::string, Memory> series_;
  ServedSums sums_;  // of the open window
  uint64_t resets_ = 0;
  bool saw_reset_ = false;
};

// What the counters of a reading stand at, for people: nothing was subtracted.
ServedSums TotalsOf(const ServedReading& reading);

}  // namespace fleetmeter::collector
