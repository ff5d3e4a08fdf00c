// What training teaches: an index of capability from benchmark scores, which benchmarks are used
// up, and how much capability an hour of training brings. Pure.
//
// Scores are put on a scale from 0 (the floor: what chance reaches) to 1 (the ceiling). A score
// that is missing is missing: an index says which benchmarks it rests on, and two indices are
// compared on the benchmarks they share.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fleetmeter::outcomes {

struct Benchmark {
  std::string name;
  double weight = 1;   // above 0
  double floor = 0;    // worth nothing, such as chance. Above the ceiling: less is better
  double ceiling = 1;  // cannot be bettered; differs from the floor
};

// Scores of a model by benchmark, as published.
using Scores = std::map<std::string, double, std::less<>>;

// (score - floor) / (ceiling - floor), at least 0 and at most 1.
double Normalized(const Benchmark& benchmark, double score);

struct Index {
  double value = 0;  // weighted mean of normalized scores
  std::vector<std::string> rests_on;
  std::vector<std::string> missing;
};

// Over the benchmarks of the suite that are not in `without`. Nothing if the model has none of
// them.
std::optional<Index> CapabilityIndex(const std::vector<Benchmark>& suite, const Scores& scores,
                                     const std::set<std::string>& without = {});

struct Comparison {
  double before = 0;  // both over the same benchmarks
  double after = 0;
  std::vector<std::string> rests_on;
};

// On the benchmarks that both have. Nothing if they share none.
std::optional<Comparison> Compare(const std::vector<Benchmark>& suite, const Scores& before,
                                  const Scores& after, const std::set<std::string>& without = {});

// --- The frontier and its quarters --------------------------------------------------------------

// One result of a model. Quarters count from any origin: year x 4 + quarter of the year - 1.
struct Result {
  std::string model;
  std::string benchmark;
  int64_t quarter = 0;
  double score = 0;
  std::string family = {};  // of the model; empty: not known
};

// "2026-Q1".
std::string QuarterName(int64_t quarter);

struct SaturationRule {
  // A benchmark is used up when the frontier's normalized score is at least this...
  double level = 0.9;
  // ...or is at least flat_level, and took less than this part of what was left in so many
  // quarters.
  double flat_level = 0.5;
  double least_gain = 0.1;
  int64_t quarters = 4;
};

struct Saturation {
  double frontier = 0;  // best normalized score so far
  // Of what was left `quarters` ago. Nothing: that is not known, or nobody has tried since.
  std::optional<double> gain_part;
  bool high = false;  // by the level
  bool flat = false;  // by the gain
  bool saturated() const { return high || flat; }
};

// Each benchmark of the suite that has a result up to the quarter.
std::map<std::string, Saturation> SaturationAt(const std::vector<Benchmark>& suite,
                                               const std::vector<Result>& results, int64_t quarter,
                                               const SaturationRule& rule);

struct QuarterView {
  int64_t quarter = 0;
  // Weighted gain of the frontier over the quarter before, on benchmarks that had a result before
  // it and were not saturated then. Nothing: there is no such benchmark, or no result of the
  // quarter on one.
  std::optional<double> gain;
  std::vector<std::string> rests_on;
  std::vector<std::string> saturated;          // left out of it
  std::optional<double> training_h100e_hours;  // nothing, or 0: nothing is known to have trained
  std::optional<double> gain_per_h100e_hour;  // nothing if gain or hours are not known, or no hours
};

// From the first quarter that has a result to `last`. `training_h100e_hours` by quarter.
std::vector<QuarterView> FrontierByQuarter(const std::vector<Benchmark>& suite,
                                           const std::vector<Result>& results,
                                           const std::map<int64_t, double>& training_h100e_hours,
                                           int64_t last, const SaturationRule& rule);

// --- The rule -----------------------------------------------------------------------------------

enum class Verdict { kFine, kReviewDue, kCannotTell };

struct DeclineVerdict {
  Verdict verdict = Verdict::kCannotTell;
  int64_t declining_quarters =
      0;            // that each brought less an hour than the one before, to the last
  std::string why;  // one sentence with the figures
};

// Due when the last `quarters` quarters each brought less an hour of training than the one before.
// A quarter without a figure ends the run; if that is the last one, it cannot be told.
DeclineVerdict JudgeDecline(const std::vector<QuarterView>& views, int64_t quarters);

}  // namespace fleetmeter::outcomes
