#include "collectors/live/slurm/slurm_state.h"

#include <algorithm>
#include <array>
#include <utility>

namespace fleetmeter::collector {
namespace {

using Words = std::pair<std::string_view, std::string_view>;

// The forms of sinfo, and what they stand for.
constexpr auto kNodeWords = std::to_array<Words>({
    {"ALLOC", "ALLOCATED"},
    {"MIX", "MIXED"},
    {"UNK", "UNKNOWN"},
    {"ERR", "ERROR"},
    {"FUTR", "FUTURE"},
    {"COMP", "COMPLETING"},
    {"RESV", "RESERVED"},
    {"MAINT", "MAINTENANCE"},
    {"NPC", "PERFCTRS"},
    {"PLND", "PLANNED"},
    {"DRNG", "DRAIN"},
    {"DRAINING", "DRAIN"},
    {"DRAINED", "DRAIN"},
    {"FAILING", "FAIL"},
    {"FAILG", "FAIL"},
    {"NO_RESPOND", "NOT_RESPONDING"},
    {"INVAL", "INVALID_REG"},
    {"BOOT", "REBOOT_ISSUED"},
    {"REBOOT", "REBOOT_REQUESTED"},
    {"POW_DN", "POWERING_DOWN"},
    {"POW_UP", "POWERING_UP"},
    {"POWERED_DN", "POWERED_DOWN"},
    {"BLOCK", "BLOCKED"},
});

constexpr auto kNodeSuffixes = std::to_array<std::pair<char, std::string_view>>({
    {'*', "NOT_RESPONDING"},
    {'~', "POWERED_DOWN"},
    {'#', "POWERING_UP"},
    {'%', "POWERING_DOWN"},
    {'!', "POWER_DOWN"},
    {'$', "MAINTENANCE"},
    {'@', "REBOOT_REQUESTED"},
    {'^', "REBOOT_ISSUED"},
    {'-', "PLANNED"},
});

constexpr auto kBroken = std::to_array<std::string_view>({"DOWN", "ERROR"});
constexpr auto kDrained = std::to_array<std::string_view>(
    {"UNKNOWN", "FUTURE", "DRAIN", "FAIL", "NOT_RESPONDING", "INVALID_REG", "POWERED_DOWN",
     "POWERING_DOWN", "POWER_DOWN", "POWER_DRAIN", "REBOOT_ISSUED"});
constexpr auto kReserved =
    std::to_array<std::string_view>({"RESERVED", "MAINTENANCE", "BLOCKED", "PERFCTRS"});
constexpr auto kFit = std::to_array<std::string_view>(
    {"IDLE", "MIXED", "ALLOCATED", "COMPLETING", "CLOUD", "RESUME", "UNDRAIN", "POWERING_UP",
     "POWER_UP", "POWERED_UP", "REBOOT_REQUESTED", "REBOOT_CANCELED", "DYNAMIC_FUTURE",
     "DYNAMIC_NORM", "EXTERNAL", "PLANNED"});

constexpr auto kJobWords = std::to_array<Words>({
    {"R", "RUNNING"},
    {"PD", "PENDING"},
    {"CG", "COMPLETING"},
    {"CF", "CONFIGURING"},
    {"S", "SUSPENDED"},
    {"ST", "STOPPED"},
    {"CD", "COMPLETED"},
    {"CA", "CANCELLED"},
    {"F", "FAILED"},
    {"TO", "TIMEOUT"},
});

constexpr auto kHolding = std::to_array<std::string_view>(
    {"RUNNING", "COMPLETING", "CONFIGURING", "STOPPED", "SUSPENDED", "RESIZING", "SIGNALING"});

constexpr auto kWaitsForOther = std::to_array<std::string_view>(
    {"Dependency", "DependencyNeverSatisfied", "BeginTime", "JobArrayTaskLimit", "JobHeldUser",
     "JobHeldAdmin", "JobHoldMaxRequeue", "JobHold"});

template <size_t n>
bool Among(const std::array<std::string_view, n>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

template <size_t n>
std::string Long(const std::array<Words, n>& words, std::string word) {
  const auto found = std::find_if(words.begin(), words.end(),
                                  [&](const Words& entry) { return entry.first == word; });
  return found == words.end() ? word : std::string(found->second);
}

void AddNodeWord(std::string_view word, std::vector<std::string>& states) {
  std::vector<std::string> flags;
  while (!word.empty()) {
    const auto suffix = std::find_if(kNodeSuffixes.begin(), kNodeSuffixes.end(),
                                     [&](const auto& entry) { return entry.first == word.back(); });
    if (suffix == kNodeSuffixes.end()) break;
    flags.emplace_back(suffix->second);
    word.remove_suffix(1);
  }
  if (!word.empty()) states.push_back(Long(kNodeWords, Upper(word)));
  states.insert(states.end(), flags.begin(), flags.end());
}

// What the worst of the words makes of a node.
Fitness FitnessOfWord(std::string_view word, bool planned_is_free) {
  if (Among(kBroken, word)) return Fitness::kBroken;
  if (Among(kDrained, word)) return Fitness::kDrained;
  if (Among(kReserved, word)) return Fitness::kReserved;
  if (word == "PLANNED" && !planned_is_free) return Fitness::kReserved;
  return Among(kFit, word) ? Fitness::kFit : Fitness::kDrained;
}

}  // namespace

std::vector<std::string> SplitSlurmNodeState(std::string_view text) {
  std::vector<std::string> states;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of("+, "), text.size());
    AddNodeWord(text.substr(0, end), states);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return states;
}

SlurmFitness FitnessOfSlurmNode(const std::vector<std::string>& states, bool planned_is_free) {
  SlurmFitness result;
  for (const std::string& word : states) {
    const Fitness fitness = FitnessOfWord(word, planned_is_free);
    result.fitness = std::max(result.fitness, fitness);
    if (fitness == Fitness::kDrained && !Among(kDrained, word)) result.unknown = word;
    result.states += result.states.empty() ? "" : ", ";
    for (const char c : word) {
      result.states += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  if (states.empty()) result.fitness = Fitness::kDrained;
  return result;
}

std::vector<std::string> SplitSlurmJobState(std::string_view text) {
  std::vector<std::string> states;
  text = text.substr(0, text.find(' '));
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of("+,"), text.size());
    if (end > 0) states.push_back(Long(kJobWords, Upper(text.substr(0, end))));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return states;
}

bool SlurmJobHolds(const std::vector<std::string>& states) {
  return std::any_of(states.begin(), states.end(),
                     [](const std::string& state) { return Among(kHolding, state); });
}

bool SlurmJobWaits(const std::vector<std::string>& states) {
  return !SlurmJobHolds(states) &&
         std::find(states.begin(), states.end(), "PENDING") != states.end();
}

bool SlurmJobWaitsForOther(std::string_view reason) { return Among(kWaitsForOther, reason); }

}  // namespace fleetmeter::collector
