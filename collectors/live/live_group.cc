#include "collectors/live/live_group.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "collectors/device/attribute_holders.h"
#include "collectors/live/observation_limits.h"
#include "daemon/base/log_fields.h"
#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMostRemarks = 50;
constexpr size_t kMostUnknownModels = 100;

void Move(std::vector<std::string>&& from, const std::string& source,
          std::vector<std::string>& remarks) {
  for (std::string& remark : from) {
    if (remarks.size() >= kMostRemarks) return;
    if (!source.empty()) remark.insert(0, source + ": ");
    remarks.push_back(std::move(remark));
  }
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
    : clock_(clock),
      health_(std::move(health)),
      options_(std::move(options)),
      join_(options_.join) {
  for (LiveMember& is : members) members_.push_back(Begin(std::move(is)));
}

LiveGroup::Member LiveGroup::Begin(LiveMember is) const {
  Member member;
  member.prober = std::make_unique<Prober>(is.name, std::move(is.source), is.timeout, clock_);
  member.is = std::move(is);
  member.since_nanos = clock_.MonotonicNanos();
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
  asked->options.served = options_.served;  // which is of the program, not of its configuration
  options_ = std::move(asked->options);
  std::map<std::string, std::string> aliases = std::move(join_.aliases);
  join_ = options_.join;
  join_.aliases = std::move(aliases);
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
  if (options_.served) options_.served->Keep(names);
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
  const int64_t alike = FindAliases(readings, round);
  JoinedHosts joined = JoinHosts(readings, join_);
  ObservationCounts counts = joined.counts;
  counts.alike_hosts = alike;
  Move(std::move(joined.remarks), "", round.remarks);
  for (HostReading& host : joined.hosts) {
    AddHost(host, joined.DecidedBy(host.host), counts, round);
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
  if (options_.served) {
    for (const auto& [source, reading] : round.served) options_.served->Take(source, reading);
  }
  return absl::OkStatus();
}

void LiveGroup::Collect(Member& member, std::vector<SourceReading>& readings, LiveRound& round) {
  LookResult result = member.prober->Await();
  absl::Status status = result.observation.status();
  if (status.ok()) status = CheckObservationLimits(*result.observation);
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
  CollectQuotas(member, observation, round);
  CollectDemand(member, observation, round);
  if (observation.served) {
    round.served.emplace_back(member.is.name, *std::move(observation.served));
  }
  readings.push_back({member.is.name, member.is.precedence_of_holders,
                      member.is.precedence_of_activity, std::move(observation.hosts)});
}

void LiveGroup::NoteHosts(Member& member, const Observation& observation) {
  member.answered = true;
  member.hosts.clear();
  member.taken.clear();
  std::set<std::string> reported;
  for (const HostReading& host : observation.hosts) {
    const std::string name = ReportedHostName(host.host, join_);
    member.hosts.insert(host.host);
    reported.insert(name);
    std::vector<TakenChip> taken = TakenOf(host);
    if (!taken.empty()) member.taken[name] = std::move(taken);
  }
  if (std::exchange(member.fresh, false)) withheld_.Release(reported, member.is.sees_holders);
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
    LogWith(spdlog::level::info, fmt::format("source {} answers again", member.is.name),
            {{"event", "source_answers"}, {"source", member.is.name}});
  } else {
    LogWith(spdlog::level::err, fmt::format("source {}: {}", member.is.name, error),
            {{"event", "source_failed"}, {"source", member.is.name}});
  }
  member.last_error = error;
}

void LiveGroup::AddHost(HostReading& host, int64_t decided_by, ObservationCounts& counts,
                        LiveRound& round) {
  if (const Member* silent = SilentDecider(host.host, decided_by)) {
    ++counts.left_out_hosts;
    LeaveOut(host.host, *silent, round);
    return;
  }
  left_out_.erase(host.host);
  if (const Member* unheard = UnheardDecider(host.host, decided_by)) {
    ++counts.unheard_hosts;
    ReportUnheard(host, *unheard, round);
  } else {
    unheard_.erase(host.host);
  }
  JudgedHost& judged = round.hosts.emplace_back();
  judged.host = host.host;
  judged.parts = JudgeHost(host, options_.report, counts);
  counts.withheld_chips += withheld_.LeaveOut(judged.host, judged.parts);
  NameUnknownKinds(judged);
}

// How many pairs of hosts are left of which nobody can say whether they are one.
int64_t LiveGroup::FindAliases(const std::vector<SourceReading>& readings, LiveRound& round) {
  const std::vector<AlikeHosts> left = LearnAliases(readings, join_);
  for (const AlikeHosts& alike : left) {
    if (round.remarks.size() < kMostRemarks) round.remarks.push_back(alike.Remark());
    if (alike_.insert(alike).second) spdlog::warn("{}", alike.Remark());
  }
  return static_cast<int64_t>(left.size());
}

const LiveGroup::Member* LiveGroup::SilentDecider(const std::string& host,
                                                  int64_t decided_by) const {
  for (const Member& member : members_) {
    if (!IsGivenUp(member) && Decides(member, host, decided_by)) return &member;
  }
  return nullptr;
}

const LiveGroup::Member* LiveGroup::UnheardDecider(const std::string& host,
                                                   int64_t decided_by) const {
  for (const Member& member : members_) {
    if (IsGivenUp(member) && Decides(member, host, decided_by)) return &member;
  }
  return nullptr;
}

bool LiveGroup::Decides(const Member& member, const std::string& host, int64_t decided_by) const {
  if (!member.is.sees_holders || !member.failing) return false;
  return member.answered ? SpokeFor(member, host) : member.is.precedence_of_holders <= decided_by;
}

// One that has answered with these settings is waited for without an end: what it said last stands
// at the daemon, and is better than nothing.
bool LiveGroup::IsGivenUp(const Member& member) const {
  const bool never = !member.answered || member.fresh;
  const int64_t waited = clock_.MonotonicNanos() - member.since_nanos;
  return never && waited >= options_.await_holders.count();
}

bool LiveGroup::SpokeFor(const Member& member, const std::string& host) const {
  return std::any_of(member.hosts.begin(), member.hosts.end(),
                     [&](const std::string& own) { return ReportedHostName(own, join_) == host; });
}

// Their count is a metric; a model that has no kind is named in the log, once.
void LiveGroup::NameUnknownKinds(const JudgedHost& host) {
  for (const ReportedPart& part : host.parts) {
    if (!part.left_out || unknown_models_.size() >= kMostUnknownModels) continue;
    if (!unknown_models_.insert(part.model).second) continue;
    spdlog::warn(
        "chips of the model {} (device {} of {}) have no kind, and are in no report; the key "
        "chip_kinds can name one of the catalog",
        AsciiQuoted(part.model), part.number, host.host);
  }
}

void LiveGroup::LeaveOut(const std::string& host, const Member& member, LiveRound& round) {
  round.left_out.push_back(host);
  std::string why =
      fmt::format("{} is left out: {} decides who holds its chips, and {}", host, member.is.name,
                  member.answered ? "does not answer" : "has not answered yet");
  if (!member.answered || member.fresh) {
    why += fmt::format(
        "; once it has not for {} s (await_holders), chips that nobody else calls held are "
        "reported as unattributed",
        std::chrono::duration_cast<std::chrono::seconds>(options_.await_holders).count());
  }
  if (left_out_.insert(host).second) spdlog::warn("{}", why);
  if (round.remarks.size() < kMostRemarks) round.remarks.push_back(std::move(why));
}

void LiveGroup::ReportUnheard(HostReading& host, const Member& member, LiveRound& round) {
  host.unheard = member.is.name;
  round.unheard.push_back(host.host);
  std::string why = fmt::format(
      "{} is reported without {}, which decides who holds its chips and has never answered: chips "
      "that nobody else calls held are unattributed",
      host.host, member.is.name);
  if (unheard_.insert(host.host).second) spdlog::warn("{}", why);
  if (round.remarks.size() < kMostRemarks) round.remarks.push_back(std::move(why));
}

}  // namespace fleetmeter::collector
