#include "collectors/live/live_group.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
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
    : options_(std::move(options)), clock_(clock), health_(std::move(health)) {
  for (LiveMember& is : members) {
    Member& member = members_.emplace_back();
    member.prober = std::make_unique<Prober>(is.name, std::move(is.source), is.timeout, clock);
    member.is = std::move(is);
    member.pools = member.is.rules.FixedPools();
  }
}

LiveRound LiveGroup::Look() {
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
      round.hosts.push_back({host.host, JudgeHost(host, options_.report, counts)});
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
  if (!any) return absl::UnavailableError("no source has answered; expected one at least");
  for (const JudgedHost& host : round.hosts) {
    auto report = MakeHostReport(host.host, host.parts, window);
    if (report) reports.push_back(*std::move(report));
  }
  AddDemand(round.demand, window, reports);
  if (options_.served) {
    for (const auto& [source, reading] : round.served) options_.served->Take(source, reading);
  }
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
  member.answered = true;
  member.hosts.clear();
  for (const HostReading& host : observation.hosts) {
    member.hosts.insert(ReportedHostName(host.host, options_.join));
  }
  round.counts += observation.counts;
  Move(std::move(observation.remarks), member.is.name, round.remarks);
  CollectQuotas(member, observation, round);
  CollectDemand(member, observation, round);
  if (observation.served) {
    round.served.emplace_back(member.is.name, *std::move(observation.served));
  }
  readings.push_back({member.is.name, member.is.precedence_of_holders,
                      member.is.precedence_of_activity, std::move(observation.hosts)});
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

void LiveGroup::CollectQuotas(Member& member, const Observation& observation,
                              LiveRound& round) const {
  std::vector<PoolQuota> quotas =
      SumQuotas(member.is.name, observation.quotas, options_.report.unattributed_pool);
  // The scheduler hands out chips for these pools, whether or not something waits.
  for (const PoolQuota& quota : quotas) member.pools.insert(quota.pool);
  health_->SetQuotas(member.is.name, quotas);
  std::move(quotas.begin(), quotas.end(), std::back_inserter(round.quotas));
}

absl::Status LiveGroup::Attribute(const Member& member, Observation& observation) const {
  for (HostReading& host : observation.hosts) {
    options_.kinds.Name(host);
    if (absl::Status status = AttributeHolders(member.is.rules, host); !status.ok()) return status;
  }
  if (observation.served) {
    absl::Status status = AttributeServed(member.is.rules, *observation.served);
    if (!status.ok()) return status;
  }
  for (DemandReading& demand : observation.demand) {
    if (demand.kind.empty()) demand.kind = options_.kinds.KindOf(demand.model).value_or("");
  }
  for (QuotaReading& quota : observation.quotas) {
    if (quota.kind.empty()) quota.kind = options_.kinds.KindOf(quota.model).value_or("");
  }
  if (absl::Status status = AttributeQuotas(member.is.rules, observation.quotas); !status.ok()) {
    return status;
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
