#include "collectors/live/live_group.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "collectors/device/attribute_holders.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMostRemarks = 50;

void Move(std::vector<std::string>&& from, const std::string& source,
          std::vector<std::string>& remarks) {
  for (std::string& remark : from) {
    if (remarks.size() >= kMostRemarks) return;
    if (!source.empty()) remark.insert(0, source + ": ");
    remarks.push_back(std::move(remark));
  }
}

bool KnowsHolders(const HostReading& host) {
  return std::any_of(host.devices.begin(), host.devices.end(), [](const DeviceReading& device) {
    return std::any_of(device.parts.begin(), device.parts.end(), [](const DevicePart& part) {
      return part.knows_holders == Holders::kKnown || !part.holders.empty();
    });
  });
}

void NotePools(const Observation& observation, std::set<std::string>& pools) {
  for (const HostReading& host : observation.hosts) {
    for (const DeviceReading& device : host.devices) {
      for (const DevicePart& part : device.parts) {
        for (const Holder& holder : part.holders) {
          if (holder.assignment) pools.insert(holder.assignment->pool);
        }
      }
    }
  }
}

v1::UsageReport ReportWithoutChips(const std::string& source, const Window& window) {
  v1::UsageReport report;
  report.set_source(source);
  report.set_window_start_unix_nanos(window.start_unix_nanos);
  report.set_window_length_nanos(window.length_nanos);
  report.set_duration_nanos(window.duration_nanos);
  return report;
}

// A report may tell of so many schedulers.
constexpr size_t kMostSchedulers = 16;

void AddDemand(const std::vector<SchedulerDemand>& demand, const Window& window,
               std::vector<v1::UsageReport>& reports) {
  if (demand.empty()) return;
  if (reports.empty()) reports.push_back(ReportWithoutChips(demand.front().scheduler, window));
  const int64_t now = window.start_unix_nanos + window.length_nanos;
  for (size_t i = 0; i < std::min(demand.size(), kMostSchedulers); ++i) {
    *reports.front().add_demand() = MakeDemand(demand[i], now);
  }
}

}  // namespace

LiveGroup::LiveGroup(LiveOptions options, std::vector<LiveMember> members, const Clock& clock,
                     std::shared_ptr<SourceHealth> health)
    : clock_(clock), health_(std::move(health)), options_(std::move(options)) {
  for (LiveMember& is : members) members_.push_back(Begin(std::move(is)));
}

LiveGroup::Member LiveGroup::Begin(LiveMember is) const {
  Member member;
  member.prober = std::make_unique<Prober>(is.name, std::move(is.source), is.timeout, clock_);
  member.is = std::move(is);
  member.pools = member.is.rules.FixedPools();
  return member;
}

void LiveGroup::Replace(LiveOptions options, std::vector<LiveMember> members) {
  MutexLock lock(mutex_);
  asked_.emplace(Asked{std::move(options), std::move(members)});
}

void LiveGroup::EndReplaced() {
  std::vector<std::unique_ptr<Prober>> ended;
  MutexLock lock(mutex_);
  ended.swap(replaced_);
}

void LiveGroup::TakeUpReplacement() {
  std::optional<Asked> asked;
  {
    MutexLock lock(mutex_);
    asked.swap(asked_);
  }
  if (!asked) return;
  options_ = std::move(asked->options);
  std::vector<Member> before = std::exchange(members_, {});
  std::set<std::string> names;
  for (LiveMember& is : asked->members) {
    names.insert(is.name);
    members_.push_back(Continue(std::move(is), before));
  }
  for (Member& gone : before) {
    withheld_.Add(gone.taken);
    Retire(std::move(gone.prober));
  }
  health_->Keep(names);
}

LiveGroup::Member LiveGroup::Continue(LiveMember is, std::vector<Member>& before) {
  const auto known = std::find_if(before.begin(), before.end(),
                                  [&](const Member& member) { return member.is.name == is.name; });
  if (known == before.end()) {
    Member added = Begin(std::move(is));
    added.fresh = true;
    return added;
  }
  Member old = std::move(*known);
  before.erase(known);
  if (old.is.settings == is.settings) {
    is.source.reset();  // which was never asked
    old.pools = is.rules.FixedPools();
    old.is = std::move(is);
    return old;
  }
  // Until it answers, it speaks for the hosts that it spoke for before.
  withheld_.Add(old.taken);
  Retire(std::move(old.prober));
  Member member = Begin(std::move(is));
  member.fresh = true;
  member.answered = old.answered;
  member.hosts = std::move(old.hosts);
  return member;
}

void LiveGroup::Retire(std::unique_ptr<Prober> prober) {
  MutexLock lock(mutex_);
  replaced_.push_back(std::move(prober));
}

LiveRound LiveGroup::Look() {
  TakeUpReplacement();
  LiveRound round;
  std::vector<SourceReading> readings;
  for (Member& member : members_) member.prober->Ask();
  for (Member& member : members_) Collect(member, readings, round);
  JoinedHosts joined = JoinHosts(readings, options_.join);
  ObservationCounts counts = joined.counts;
  Move(std::move(joined.remarks), "", round.remarks);
  for (const HostReading& host : joined.hosts) {
    if (MustLeaveOut(host)) {
      round.left_out.push_back(host.host);
    } else {
      JudgedHost& judged = round.hosts.emplace_back();
      judged.host = host.host;
      judged.parts = JudgeHost(host, options_.report, counts);
      counts.withheld_chips += withheld_.LeaveOut(judged.host, judged.parts);
    }
  }
  health_->SetJoined(counts);
  round.counts += counts;
  return round;
}

absl::Status LiveGroup::Sample(const Window& window, std::vector<v1::UsageReport>& reports) {
  const LiveRound round = Look();
  const bool any = std::any_of(round.sources.begin(), round.sources.end(),
                               [](const auto& source) { return source.second.ok(); });
  if (!any && !round.sources.empty()) {
    return absl::UnavailableError("no source has answered; expected one at least");
  }
  for (const JudgedHost& host : round.hosts) {
    auto report = MakeHostReport(host.host, host.parts, window);
    if (report) reports.push_back(*std::move(report));
  }
  AddDemand(round.demand, window, reports);
  return absl::OkStatus();
}

void LiveGroup::Collect(Member& member, std::vector<SourceReading>& readings, LiveRound& round) {
  LookResult result = member.prober->Await();
  absl::Status status = result.observation.status();
  if (status.ok()) status = Attribute(member, *result.observation);
  member.failing = !status.ok();
  Say(member, status);
  round.sources.emplace_back(member.is.name, status);
  if (!status.ok()) {
    health_->Failed(member.is.name, status, result.took);
    return;
  }
  Observation& observation = *result.observation;
  health_->Succeeded(member.is.name, observation, clock_.UnixNanos(), result.took);
  NoteHosts(member, observation);
  round.counts += observation.counts;
  Move(std::move(observation.remarks), member.is.name, round.remarks);
  CollectDemand(member, observation, round);
  readings.push_back({member.is.name, member.is.precedence_of_holders,
                      member.is.precedence_of_activity, std::move(observation.hosts)});
}

void LiveGroup::NoteHosts(Member& member, const Observation& observation) {
  member.answered = true;
  member.hosts.clear();
  member.taken.clear();
  for (const HostReading& host : observation.hosts) {
    const std::string name = ReportedHostName(host.host, options_.join);
    member.hosts.insert(name);
    std::vector<TakenChip> taken = TakenOf(host);
    if (!taken.empty()) member.taken[name] = std::move(taken);
  }
  if (std::exchange(member.fresh, false)) withheld_.Release(member.hosts, member.is.sees_holders);
}

void LiveGroup::CollectDemand(Member& member, Observation& observation, LiveRound& round) const {
  NotePools(observation, member.pools);
  if (!observation.tells_demand) return;
  SchedulerDemand demand;
  demand.scheduler =
      observation.scheduler.empty() ? member.is.name : std::move(observation.scheduler);
  demand.waiting = std::move(observation.demand);
  JudgeDemand(options_.report, demand, round.counts);
  member.pools.merge(demand.pools);
  if (!member.is.rules.RefusesUnmatched()) member.pools.insert(options_.report.unattributed_pool);
  demand.pools = member.pools;
  // An empty list would speak for pools of which this scheduler knows nothing.
  if (!demand.pools.empty()) AddScheduler(std::move(demand), round.demand);
}

absl::Status LiveGroup::Attribute(const Member& member, Observation& observation) const {
  for (HostReading& host : observation.hosts) {
    options_.kinds.Name(host);
    if (absl::Status status = AttributeHolders(member.is.rules, host); !status.ok()) return status;
  }
  for (DemandReading& demand : observation.demand) {
    if (demand.kind.empty()) demand.kind = options_.kinds.KindOf(demand.model).value_or("");
  }
  return AttributeDemand(member.is.rules, observation.demand);
}

// Once for each change, not for each window.
void LiveGroup::Say(Member& member, const absl::Status& status) {
  const std::string error(status.message());
  if (error == member.last_error) return;
  if (status.ok()) {
    spdlog::info("source {} answers again", member.is.name);
  } else {
    spdlog::error("source {}: {}", member.is.name, error);
  }
  member.last_error = error;
}

bool LiveGroup::MustLeaveOut(const HostReading& host) const {
  return std::any_of(members_.begin(), members_.end(), [&](const Member& member) {
    if (!member.is.sees_holders || !member.failing) return false;
    return member.answered ? member.hosts.contains(host.host) : !KnowsHolders(host);
  });
}

}  // namespace fleetmeter::collector
