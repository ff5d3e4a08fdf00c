// The part of FleetState about sources as people see them, and about their names.
#include <algorithm>
#include <utility>

#include "daemon/accounting/fleet_state.h"

namespace fleetmeter {

std::string_view Name(SourceState state) {
  switch (state) {
    case SourceState::kLive:
      return "live";
    case SourceState::kSilent:
      return "silent";
    case SourceState::kUnaccounted:
      return "unaccounted";
    case SourceState::kRejected:
      return "rejected";
    case SourceState::kHistory:
      return "history";
    case SourceState::kForgotten:
      return "forgotten";
    case SourceState::kOutcomes:
      return "outcomes";
  }
  return "";
}

SourceFacts FleetState::FactsOf(const std::string& name, const Source& source) const {
  SourceFacts facts;
  facts.source = name;
  facts.owner = owners_.Identity(source.owner);
  facts.counted_from_unix_nanos = source.windows.counted().start_unix_nanos;
  facts.counted_to_unix_nanos = source.windows.counted().end_unix_nanos;
  for (const HeldChips& held : Listed(source)) facts.micro_chips += held.micro_chips;
  for (const HeldChips& held : source.unlisted) facts.unlisted_micro_chips += held.micro_chips;
  switch (source.hearing) {
    case Hearing::kLive:
      facts.state = SourceState::kLive;
      break;
    case Hearing::kSilent:
      facts.state = SourceState::kSilent;
      break;
    case Hearing::kUnaccounted:
      facts.state = source.rejected ? SourceState::kRejected : SourceState::kUnaccounted;
      break;
    case Hearing::kForgotten:
      facts.state = source.only_history ? SourceState::kHistory : SourceState::kForgotten;
      break;
  }
  return facts;
}

std::vector<SourceFacts> FleetState::Sources() const {
  std::vector<SourceFacts> all;
  all.reserve(sources_.size() + never_accepted_.size());
  for (const auto& [name, source] : sources_) all.push_back(FactsOf(name, source));
  for (const auto& [name, rejected_at] : never_accepted_) {
    SourceFacts facts;
    facts.source = name;
    facts.state = SourceState::kRejected;
    all.push_back(std::move(facts));
  }
  return all;
}

std::optional<SourceFacts> FleetState::FindSource(const std::string& name) const {
  const auto it = sources_.find(name);
  if (it == sources_.end()) return std::nullopt;
  return FactsOf(name, it->second);
}

void FleetState::SetHistoryWindows(const std::string& name, const WindowSet& windows) {
  const auto found = sources_.find(name);
  if (found != sources_.end()) found->second.windows = windows;
}

WindowSet FleetState::RenamedWindows(const std::string& name, const std::string& new_name) const {
  const auto old = sources_.find(name);
  const auto found = sources_.find(new_name);
  WindowSet windows;
  if (found != sources_.end()) windows = found->second.windows;
  if (old == sources_.end()) return windows;
  windows.Merge(old->second.windows);
  return windows;
}

void FleetState::Rename(const std::string& name, const std::string& new_name,
                        int64_t now_unix_nanos) {
  const auto old = sources_.find(name);
  if (old == sources_.end() || !sources_.contains(new_name) || name == new_name) return;
  WindowSet windows = RenamedWindows(name, new_name);
  Contribute(old->second, -1);
  owners_.AddSources(old->second.owner, -1);
  const Source gone = std::move(old->second);
  sources_.erase(old);
  demand_.Forget(name);
  Source& source = sources_.at(new_name);
  Contribute(source, -1);
  // The host has the chips that either name has ever told of.
  const std::vector<HeldChips> more = UnlistedChips(Known(gone), Known(source), cells_);
  source.unlisted.insert(source.unlisted.end(), more.begin(), more.end());
  source.windows = std::move(windows);
  source.durations.Merge(gone.durations);
  source.forgotten = false;
  source.history = source.history || gone.history;
  source.only_history = source.only_history && gone.only_history;
  source.hearing = HearingAt(source, now_unix_nanos);
  Contribute(source, 1);
}

}  // namespace fleetmeter
