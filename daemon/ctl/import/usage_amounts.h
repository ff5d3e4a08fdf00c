// Whether the amounts of a file of usage may be something else than the file says. Pure.
//
// Chip-time over the time of its window is a number of chips. There are seldom several times as
// many as the plans declare, and in a whole file some row holds more than a small part of one chip:
// else the amounts may be of another unit. Rows that come twice, and steps of jobs beside the jobs,
// may count the same time twice.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fleetmeter::imports {

struct ImportBatch;

struct AmountUnit {
  const char* name;
  int64_t nanos;
};

// Ascending. Thousands of seconds are what becomes of seconds that were taken for milliseconds.
inline constexpr std::array<AmountUnit, 5> kAmountUnits = {{{"milliseconds", 1'000'000},
                                                            {"seconds", 1'000'000'000},
                                                            {"minutes", 60'000'000'000},
                                                            {"kiloseconds", 1'000'000'000'000},
                                                            {"hours", 3'600'000'000'000}}};

// Jobs and steps of jobs among the names of workloads, as Slurm's sacct lists both: "123_4" and
// "123_4.batch". A job's row has the chip-time of its steps.
class JobSteps {
 public:
  void Hear(std::string_view workload);
  // A job that has steps in the file too; empty: there is none.
  std::string JobWithSteps() const;

 private:
  static constexpr size_t kMostJobs = 100'000;
  std::set<std::string, std::less<>> jobs_;
  std::set<std::string, std::less<>> with_steps_;
};

// What the rows of a file hold, as it was read.
struct UsageAmounts {
  std::string chip_column;  // "chip_seconds"; empty: nothing was read
  std::string busy_column;
  int64_t unit_nanos = 0;  // of the chip-time
  int64_t busy_unit_nanos = 0;
  double most_chips = 0;  // of a row, on average over its window
  double busiest = 0;     // of the rows that are measured and not idle: busy over held, 0 to 1
  int64_t most_busy_nanos = 0;  // of a row
  int64_t rows = 0;             // with chip-time
  int64_t rows_again = 0;       // of a part of the file that seems to be there once more
  JobSteps jobs = {};

  // A row of `nanos` of time.
  void Hear(int64_t nanos, int64_t chip_nanos, int64_t busy_chip_nanos);
};

// Chips by kind that the plans declare. A kind that none declares is not there.
using DeclaredChips = std::map<std::string, int64_t, std::less<>>;

// Why a file may not say what it is meant to. It is taken once somebody has said that it is not.
struct AmountDoubt {
  std::string_view name;  // one of kAmountDoubts
  std::string text;       // a sentence: what is held, what was expected, and in which unit it fits
};

inline constexpr std::string_view kTooMuchChipTime = "too_much_chip_time";
inline constexpr std::string_view kTooLittleChipTime = "too_little_chip_time";
inline constexpr std::string_view kTooLittleBusyTime = "too_little_busy_time";
inline constexpr std::string_view kRowsTwice = "rows_twice";
inline constexpr std::string_view kJobSteps = "job_steps";
inline constexpr std::array<std::string_view, 5> kAmountDoubts = {
    kTooMuchChipTime, kTooLittleChipTime, kTooLittleBusyTime, kRowsTwice, kJobSteps};

// Of all reports of a file of usage.
std::vector<AmountDoubt> DoubtsOf(const ImportBatch& file, const DeclaredChips& declared);

// ". The same amounts would be in milliseconds 8 chips", of amounts in a unit of `unit_nanos` that
// come to so many chips. Empty: in no other unit they are from `least` to `most` chips.
std::string LikelyUnits(double chips, int64_t unit_nanos, double least, double most);

}  // namespace fleetmeter::imports
