// All live sources of a collector as one Source: asks them at the same time, joins what they say of
// each host, and reports each host once, so that no chip is counted twice.
//
// A source that fails takes only its own knowledge away:
//
//   it measures activity   what it measured is not measured; chips that only it lists are not heard
//   it knows holders       hosts that it spoke for are left out of the window, since use would
//                          otherwise move to the pool for unattributed use and back; before its
//                          first answer, all hosts with a chip that no source before it, by
//                          precedence, decides: they are not reported as free. One that has not
//                          answered for LiveOptions::await_holders is not waited for any longer:
//                          its hosts are reported, and what nobody else calls held is unattributed
//   it knows what waits    nobody tells of the demand of its scheduler, which is unknown then
//
// A host that is left out is silent. The daemon lets what it held stand until live.forget_after,
// and offers nothing of it as headroom.
//
// What waits goes with the report of the first host. Without any host it has a report of its own,
// under the name of the scheduler.
//
// Sources may be replaced while the group runs. One whose settings are the same goes on with all
// that it remembers. What one that is gone called held or broken is not reported as free because
// of that: see withheld_chips.h.
//
// Belongs to the sampling thread, apart from Replace and EndReplaced.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "collectors/attribution/attribution_rules.h"
#include "collectors/core/source.h"
#include "collectors/device/chip_kinds.h"
#include "collectors/device/demand_report.h"
#include "collectors/device/host_report.h"
#include "collectors/device/quota.h"
#include "collectors/join/host_names.h"
#include "collectors/join/join_hosts.h"
#include "collectors/live/live_source.h"
#include "collectors/live/prober.h"
#include "collectors/live/source_health.h"
#include "collectors/live/withheld_chips.h"
#include "collectors/served/served_desk.h"
#include "daemon/base/mutex.h"

namespace fleetmeter::collector {

// One configured source.
struct LiveMember {
  std::string name;
  // That it speaks for where what it reads names none: the key `host`, or this machine's name.
  std::string host;
  std::unique_ptr<LiveSource> source;
  // What the source was made of: its type, its keys, and the files that they name. Rules and
  // precedence are not part of it. Two sources with equal texts are one and the same.
  std::string settings;
  AttributionRules rules;
  bool sees_holders = false;
  bool counts_requests = false;
  bool sees_chips = true;  // false: it tells of queues or requests alone
  int64_t precedence_of_holders = 0;
  int64_t precedence_of_activity = 0;
  std::chrono::milliseconds timeout{5'000};
};

struct LiveOptions {
  ReportOptions report;
  JoinOptions join;
  ChipKinds kinds;
  // For so long hosts are silent for a source that sees holders and has never answered.
  std::chrono::nanoseconds await_holders = std::chrono::minutes(15);
  // Takes what was served; null: nobody does.
  std::shared_ptr<ServedDesk> served;
};

struct JudgedHost {
  std::string host;
  std::vector<ReportedPart> parts;
};

// What one round of looks gave.
struct LiveRound {
  std::vector<JudgedHost> hosts;        // by name
  std::vector<std::string> left_out;    // hosts whose holders are not known this time
  std::vector<std::string> unheard;     // hosts that are reported without knowing them
  std::vector<SchedulerDemand> demand;  // one for each scheduler that a source told of
  // What sources that count requests have counted so far, and the name of each.
  std::vector<std::pair<std::string, ServedReading>> served;
  std::vector<PoolQuota> quotas;  // by source, pool and chip
  ObservationCounts counts;
  std::vector<std::string> remarks;
  std::vector<std::pair<std::string, absl::Status>> sources;  // how each fared, in their order
};

class LiveGroup final : public Source {
 public:
  static constexpr char kName[] = "live";

  // `clock` outlives the group.
  LiveGroup(LiveOptions options, std::vector<LiveMember> members, const Clock& clock,
            std::shared_ptr<SourceHealth> health);

  std::string Name() const override { return kName; }
  // An error if no source answered.
  absl::Status Sample(const Window& window, std::vector<v1::UsageReport>& reports) override;

  // Asks every source once.
  LiveRound Look();

  // From the next round on: these sources with these rules. For any thread.
  void Replace(LiveOptions options, std::vector<LiveMember> members);
  // Ends the sources that were replaced, which takes up to two seconds for each that hangs. For any
  // thread but the sampling one.
  void EndReplaced();

 private:
  struct Member {
    LiveMember is;
    std::unique_ptr<Prober> prober;
    int64_t since_nanos = 0;      // monotonic: begun with these settings
    bool answered = false;        // ever
    bool failing = false;         // the last time
    bool fresh = false;           // of a replacement, and has not answered yet
    std::set<std::string> hosts;  // that it last spoke for, by its own names
    TakenChips taken;             // that it last called held or unfit
    std::set<std::string> pools;  // that it has named since its rules are these, or that they do
    std::string last_error;       // said in the log already
  };
  struct Asked {
    LiveOptions options;
    std::vector<LiveMember> members;
  };

  Member Begin(LiveMember is) const;
  void TakeUpReplacement();
  // The member of that name goes on, or begins anew.
  Member Continue(LiveMember is, std::vector<Member>& before);
  void Retire(std::unique_ptr<Prober> prober);

  // Nothing if the source failed.
  void Collect(Member& member, std::vector<SourceReading>& readings, LiveRound& round);
  void NoteHosts(Member& member, const Observation& observation);
  void CollectDemand(Member& member, Observation& observation, LiveRound& round) const;
  void CollectQuotas(Member& member, const Observation& observation, LiveRound& round) const;
  absl::Status Attribute(const Member& member, Observation& observation) const;
  void Say(Member& member, const absl::Status& status);
  int64_t FindAliases(const std::vector<SourceReading>& readings, LiveRound& round);
  void AddHost(HostReading& host, int64_t decided_by, ObservationCounts& counts, LiveRound& round);
  // The source for whose silence the host is left out; null: it is not left out.
  const Member* SilentDecider(const std::string& host, int64_t decided_by) const;
  bool SpokeFor(const Member& member, const std::string& host) const;
  // Whether it has had its time for a first answer.
  bool IsGivenUp(const Member& member) const;
  // The same of sources for which the host would have been left out; null: it would not.
  const Member* UnheardDecider(const std::string& host, int64_t decided_by) const;
  bool Decides(const Member& member, const std::string& host, int64_t decided_by) const;
  void LeaveOut(const std::string& host, const Member& member, LiveRound& round);
  void ReportUnheard(HostReading& host, const Member& member, LiveRound& round);
  void NameUnknownKinds(const JudgedHost& host);

  const Clock& clock_;
  const std::shared_ptr<SourceHealth> health_;
  // Of the sampling thread.
  LiveOptions options_;
  JoinOptions join_;  // with the aliases that were learned
  std::vector<Member> members_;
  WithheldChips withheld_;
  // Said in the log already.
  std::set<AlikeHosts> alike_;
  std::set<std::string> left_out_;
  std::set<std::string> unheard_;
  std::set<std::string> unknown_models_;

  Mutex mutex_;
  std::optional<Asked> asked_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Prober>> replaced_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fleetmeter::collector
