#include "daemon/ctl/capacity/next_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>

#include "absl/time/time.h"
#include "daemon/base/units.h"
#include "daemon/config/load_config.h"
#include "daemon/ctl/capacity/edit_plan.h"
#include "daemon/ctl/capacity/plan_notes.h"
#include "daemon/ctl/print/capacity_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/domain/fleet/plan_identity.h"

namespace fleetmeter::ctl {
namespace {

constexpr double kMicroPerUnit = 1e6;
constexpr size_t kLongestReason = 200;  // columns of a comment

int64_t MicroH100e(double h100e) { return std::llround(h100e * kMicroPerUnit); }

std::string H100eAllocation(int64_t micro_h100e) {
  return "{h100e: " + ChipsOfMicro(micro_h100e) + "}";
}

using Grants = std::vector<const v1::CapacityRequest*>;

bool IsBeyond(const v1::CapacityRequest& request) {
  return request.has_grant() && request.form().beyond_allocation();
}

// Whether a grant has time left at `from`; one that was released before it began has none.
bool Lasts(const v1::CapacityGrant& grant, int64_t from_unix_nanos) {
  return grant.end_unix_seconds() * kNanosPerSecond > from_unix_nanos &&
         grant.end_unix_seconds() > grant.start_unix_seconds();
}

// The most that they add up to at one time. Each has begun or begins later; none has ended.
int64_t LargestOverlap(const Grants& grants) {
  std::map<int64_t, int64_t> changes;  // at an end less is held before more is held
  for (const v1::CapacityRequest* request : grants) {
    const v1::CapacityGrant& grant = request->grant();
    changes[grant.start_unix_seconds()] += grant.micro_h100e();
    changes[grant.end_unix_seconds()] -= grant.micro_h100e();
  }
  int64_t held = 0;
  int64_t most = 0;
  for (const auto& [time, change] : changes) {
    held += change;
    most = std::max(most, held);
  }
  return most;
}

// One line; a comment must not end early.
std::string GrantComment(const v1::CapacityRequest& request) {
  const v1::CapacityGrant& grant = request.grant();
  return fmt::format("Decision {} of {} by {} grants {} ({} H100e) to team {} {} (request {}): {}",
                     grant.decision(), DayText(grant.decided_unix_nanos() / kNanosPerSecond),
                     Printable(grant.identity()), ChipsText(request),
                     H100eOfMicro(grant.micro_h100e()), Printable(request.form().team()),
                     TimeText(grant.start_unix_seconds(), grant.end_unix_seconds()),
                     Printable(request.form().request_id()),
                     Shortened(Printable(grant.reason()), kLongestReason));
}

// Lives for one call. One thread.
class NextPlanMaker {
 public:
  NextPlanMaker(const NextPlanRequest& request, const Catalog& catalog)
      : request_(request), catalog_(catalog) {}

  absl::StatusOr<NextPlan> Make();

 private:
  absl::Status ReadPresent();
  absl::Status CheckNamed() const;
  void FindGrants();
  absl::StatusOr<NextPlan> MakeWithGrants(const Plan& base, PlanEditor editor);
  bool LeaveOutLatest();
  std::vector<std::string> NamedGrants() const;
  bool NamesOthers() const;
  absl::Status CheckHead() const;
  absl::Status TakeBack(PlanEditor* editor);
  absl::Status Raise(const Plan& base, PlanEditor* editor);
  absl::Status SetHead(PlanEditor* editor) const;
  absl::Status CheckText(const std::string& yaml) const;
  absl::StatusOr<Plan> Compile(const std::string& yaml);
  void WarnOfLaterOnes();
  absl::Status FindChanges(const Plan& plan);
  bool WasRaised(const std::string& pool) const;
  uint32_t version() const { return request_.version.value_or(present_.version + 1); }

  const NextPlanRequest& request_;
  const Catalog& catalog_;
  Plan present_;
  PlanNotes notes_;
  std::vector<RaisedPool> raised_;        // by the next plan
  std::map<std::string, Grants> grants_;  // by pool, those that the next plan raises it for
  // That the plan has, though no line about grants says what it was raised by: people did that.
  std::vector<std::string> by_hand_;
  bool exceeds_ = false;                 // the sums of the plan that was tried last
  std::vector<std::string> later_;       // left out, since they begin later and do not fit beside
  int64_t later_from_unix_seconds_ = 0;  // the rest
  NextPlan out_;
};

absl::Status NextPlanMaker::ReadPresent() {
  auto present = ReadPlan(request_.path, request_.text, catalog_);
  if (!present.ok()) return present.status();
  present_ = *std::move(present);
  auto notes = TakeNotes(request_.path, request_.text);
  if (!notes.ok()) return notes.status();
  notes_ = *std::move(notes);
  if (absl::Status named = CheckNamed(); !named.ok()) return named;
  FindGrants();
  return absl::OkStatus();
}

// A name that is wrong would take the place of one that is forgotten.
absl::Status NextPlanMaker::CheckNamed() const {
  if (!present_.grants) return absl::OkStatus();
  std::set<std::string_view> known;
  for (const v1::CapacityRequest& request : request_.requests) {
    if (IsBeyond(request)) known.insert(request.form().request_id());
  }
  for (const std::string& name : *present_.grants) {
    if (known.contains(name)) continue;
    return absl::InvalidArgumentError(
        fmt::format("{}: grants: {} is no request that was granted beyond an allocation; expected "
                    "those only",
                    request_.path, Printable(name)));
  }
  return absl::OkStatus();
}

void NextPlanMaker::FindGrants() {
  for (const v1::CapacityRequest& request : request_.requests) {
    if (!IsBeyond(request) || !Lasts(request.grant(), request_.effective_from_unix_nanos)) continue;
    const std::string& pool = request.form().pool();
    const bool noted = std::any_of(notes_.raised.begin(), notes_.raised.end(),
                                   [&](const RaisedPool& note) { return note.pool == pool; });
    const bool named = present_.grants && present_.grants->contains(request.form().request_id());
    if (named && !noted) {
      by_hand_.push_back(request.form().request_id());
    } else {
      grants_[pool].push_back(&request);
    }
  }
}

// Those that begin last, and after the plan takes effect; false: there are none.
bool NextPlanMaker::LeaveOutLatest() {
  int64_t latest = request_.effective_from_unix_nanos / kNanosPerSecond;
  for (const auto& [pool, grants] : grants_) {
    for (const auto* grant : grants) latest = std::max(latest, grant->grant().start_unix_seconds());
  }
  if (latest * kNanosPerSecond <= request_.effective_from_unix_nanos) return false;
  for (auto& [pool, grants] : grants_) {
    std::erase_if(grants, [&](const v1::CapacityRequest* grant) {
      if (grant->grant().start_unix_seconds() < latest) return false;
      later_.push_back(grant->form().request_id());
      return true;
    });
  }
  std::erase_if(grants_, [](const auto& entry) { return entry.second.empty(); });
  later_from_unix_seconds_ = latest;
  return true;
}

// Sorted, since the order says nothing.
std::vector<std::string> NextPlanMaker::NamedGrants() const {
  std::vector<std::string> names = by_hand_;
  for (const RaisedPool& raised : raised_) {
    for (const auto* grant : grants_.at(raised.pool)) names.push_back(grant->form().request_id());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Whether it names others of the grants that last than the present plan does.
bool NextPlanMaker::NamesOthers() const {
  const std::vector<std::string> names = NamedGrants();
  if (!present_.grants) return !names.empty();
  std::vector<std::string> before;
  for (const v1::CapacityRequest& request : request_.requests) {
    const std::string& id = request.form().request_id();
    if (!IsBeyond(request) || !Lasts(request.grant(), request_.effective_from_unix_nanos)) continue;
    if (present_.grants->contains(id)) before.push_back(id);
  }
  std::sort(before.begin(), before.end());
  return names != before;
}

absl::Status NextPlanMaker::CheckHead() const {
  if (version() <= present_.version) {
    return absl::InvalidArgumentError(
        fmt::format("--version: is {}; expected more than {}, the version of {}", version(),
                    present_.version, request_.path));
  }
  if (request_.effective_from_unix_nanos > present_.effective_from_unix_nanos) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("--effective-from: is not after {}, when {} takes effect; expected a later time",
                  UtcTime(present_.effective_from_unix_nanos), request_.path));
}

// Pools that grants had raised have what they would have without them.
absl::Status NextPlanMaker::TakeBack(PlanEditor* editor) {
  for (const RaisedPool& note : notes_.raised) {
    const Pool* pool = present_.FindPool(note.pool);
    if (pool == nullptr) {
      out_.warnings.push_back(fmt::format(
          "pool {} had grants beyond its allocation and is no pool of the plan any more",
          note.pool));
      continue;
    }
    if (std::abs(MicroH100e(pool->allocated_h100e) - note.total_micro_h100e) > 1) {
      return absl::FailedPreconditionError(fmt::format(
          "{}: pool {} is allocated {} H100e, and its line about grants says {}: somebody has "
          "changed it; expected the two to be the same, or the line to be taken out if the "
          "allocation is now one without grants",
          request_.path, note.pool, Amount(pool->allocated_h100e),
          H100eOfMicro(note.total_micro_h100e)));
    }
    if (absl::Status set = editor->SetAllocation(note.pool, note.allocation); !set.ok()) return set;
  }
  return absl::OkStatus();
}

// `base`: the plan without grants.
absl::Status NextPlanMaker::Raise(const Plan& base, PlanEditor* editor) {
  const auto noted = [this](const std::string& pool) {
    return std::find_if(notes_.raised.begin(), notes_.raised.end(),
                        [&](const RaisedPool& note) { return note.pool == pool; });
  };
  for (const auto& [name, grants] : grants_) {
    const Pool* pool = base.FindPool(name);
    if (pool == nullptr) {
      out_.warnings.push_back(fmt::format(
          "pool {} has grants beyond its allocation and is no pool of the plan", Printable(name)));
      continue;
    }
    RaisedPool raised{.pool = name,
                      .allocation = editor->AllocationOf(name).value_or(""),
                      .beyond_micro_h100e = LargestOverlap(grants),
                      .total_micro_h100e = 0,
                      .comments = {}};
    if (const auto note = noted(name); note != notes_.raised.end()) {
      raised.allocation = note->allocation;
    }
    raised.total_micro_h100e = MicroH100e(pool->allocated_h100e) + raised.beyond_micro_h100e;
    for (const v1::CapacityRequest* grant : grants) raised.comments.push_back(GrantComment(*grant));
    if (absl::Status set = editor->SetAllocation(name, H100eAllocation(raised.total_micro_h100e));
        !set.ok()) {
      return set;
    }
    raised_.push_back(std::move(raised));
  }
  return absl::OkStatus();
}

absl::Status NextPlanMaker::SetHead(PlanEditor* editor) const {
  if (absl::Status set = editor->SetValue("version", std::to_string(version())); !set.ok()) {
    return set;
  }
  return editor->SetValue(
      "effective_from",
      absl::FormatTime(absl::RFC3339_full, absl::FromUnixNanos(request_.effective_from_unix_nanos),
                       absl::UTCTimeZone()));
}

bool NextPlanMaker::WasRaised(const std::string& pool) const {
  const auto is_it = [&](const RaisedPool& raised) { return raised.pool == pool; };
  return std::any_of(raised_.begin(), raised_.end(), is_it) ||
         std::any_of(notes_.raised.begin(), notes_.raised.end(), is_it);
}

// The text says what the plan said, but for what was to be changed.
absl::Status NextPlanMaker::CheckText(const std::string& yaml) const {
  auto before = ReadPlanDocument(request_.path, request_.text);
  if (!before.ok()) return before.status();
  auto after = ReadPlanDocument(request_.path + " as the next plan", yaml);
  if (!after.ok()) return after.status();
  const bool head = after->version == version() &&
                    after->effective_from_unix_nanos == request_.effective_from_unix_nanos &&
                    after->grants == NamedGrants();
  for (PlanDocument* document : {&*before, &*after}) {
    document->version = 0;
    document->effective_from_unix_nanos = 0;
    document->grants.reset();
    for (PoolDocument& pool : document->pools) {
      if (WasRaised(pool.name)) pool.allocation = AbsoluteAllocation{};
    }
  }
  if (head && ContentDigest(*before) == ContentDigest(*after)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{}: is written in a way that cannot be changed in place; expected version, "
                  "effective_from and each allocation on a line, as in deploy/plans/example.yaml",
                  request_.path));
}

absl::StatusOr<Plan> NextPlanMaker::Compile(const std::string& yaml) {
  auto plan = ReadPlan(request_.path + " as the next plan", yaml, catalog_);
  exceeds_ = !plan.ok();
  if (plan.ok()) return plan;
  std::vector<std::string> changes;
  for (const RaisedPool& raised : raised_) {
    changes.push_back(fmt::format("{} to {} H100e, {} of them for grants", raised.pool,
                                  H100eOfMicro(raised.total_micro_h100e),
                                  H100eOfMicro(raised.beyond_micro_h100e)));
  }
  return absl::InvalidArgumentError(
      fmt::format("{}\nThe decisions raise {}. Other allocations have to be lowered for them, or "
                  "shares raised, before it can be a plan",
                  std::string(plan.status().message()), fmt::join(changes, "; ")));
}

absl::Status NextPlanMaker::FindChanges(const Plan& plan) {
  for (const Pool& pool : plan.pools) {
    const Pool* before = present_.FindPool(pool.name);
    PoolRaise raise{.pool = pool.name,
                    .before_micro_h100e = MicroH100e(before->allocated_h100e),
                    .after_micro_h100e = MicroH100e(pool.allocated_h100e),
                    .request_ids = {}};
    if (raise.before_micro_h100e == raise.after_micro_h100e) continue;
    if (const auto found = grants_.find(pool.name); found != grants_.end()) {
      for (const auto* each : found->second) raise.request_ids.push_back(each->form().request_id());
    }
    out_.raises.push_back(std::move(raise));
  }
  if (!out_.raises.empty() || NamesOthers()) return absl::OkStatus();
  std::string why = NamedGrants().empty() ? "there is no grant beyond an allocation of its pools"
                                          : "it has what the grants beyond allocations need";
  for (const std::string& warning : out_.warnings) why += "; " + warning;
  return absl::FailedPreconditionError(
      fmt::format("{}: nothing that was decided changes the plan from {} on: {}", request_.path,
                  UtcTime(request_.effective_from_unix_nanos), why));
}

absl::StatusOr<NextPlan> NextPlanMaker::Make() {
  if (absl::Status read = ReadPresent(); !read.ok()) return read;
  if (absl::Status head = CheckHead(); !head.ok()) return head;
  auto editor = PlanEditor::Open(request_.path, notes_.text);
  if (!editor.ok()) return editor.status();
  if (absl::Status taken = TakeBack(&*editor); !taken.ok()) return taken;
  const auto base = ReadPlan(request_.path + " without grants", editor->Text(), catalog_);
  if (!base.ok()) return base.status();
  const std::vector<std::string> warnings = out_.warnings;
  while (true) {
    auto made = MakeWithGrants(*base, *editor);
    if (made.ok() || !exceeds_ || !LeaveOutLatest()) return made;
    raised_.clear();
    out_ = NextPlan{};
    out_.warnings = warnings;
  }
}

absl::StatusOr<NextPlan> NextPlanMaker::MakeWithGrants(const Plan& base, PlanEditor editor) {
  if (absl::Status raised = Raise(base, &editor); !raised.ok()) return raised;
  if (absl::Status head = SetHead(&editor); !head.ok()) return head;
  if (absl::Status named = editor.SetGrants(NamedGrants()); !named.ok()) return named;
  out_.yaml = NotesText(raised_) + editor.Text();
  if (absl::Status checked = CheckText(out_.yaml); !checked.ok()) return checked;
  auto plan = Compile(out_.yaml);
  if (!plan.ok()) return plan.status();
  if (absl::Status changes = FindChanges(*plan); !changes.ok()) return changes;
  WarnOfLaterOnes();
  out_.plan = *std::move(plan);
  out_.grants = NamedGrants();
  return std::move(out_);
}

void NextPlanMaker::WarnOfLaterOnes() {
  if (later_.empty()) return;
  std::sort(later_.begin(), later_.end());
  out_.warnings.push_back(fmt::format(
      "the plan does not have {}, since all grants together need more than there is: those begin "
      "later, and stay on top of the allocations until the plan that takes effect on {} has them",
      fmt::join(later_, ", "), UtcTime(later_from_unix_seconds_ * kNanosPerSecond)));
}

}  // namespace

absl::StatusOr<NextPlan> MakeNextPlan(const NextPlanRequest& request, const Catalog& catalog) {
  return NextPlanMaker(request, catalog).Make();
}

}  // namespace fleetmeter::ctl
