#include "daemon/ctl/capacity/next_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
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

// Beyond allocations and not over at `from`, by pool.
std::map<std::string, Grants> GrantsBeyond(const std::vector<v1::CapacityRequest>& requests,
                                           int64_t from_unix_nanos) {
  std::map<std::string, Grants> out;
  for (const v1::CapacityRequest& request : requests) {
    const bool beyond = request.has_grant() && request.form().beyond_allocation();
    if (beyond && request.grant().end_unix_seconds() * kNanosPerSecond > from_unix_nanos) {
      out[request.form().pool()].push_back(&request);
    }
  }
  return out;
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

// --- One compilation ---------------------------------------------------------------------------

// Lives for one call. One thread.
class NextPlanMaker {
 public:
  NextPlanMaker(const NextPlanRequest& request, const Catalog& catalog)
      : request_(request), catalog_(catalog) {}

  absl::StatusOr<NextPlan> Make();

 private:
  absl::Status ReadPresent();
  absl::Status CheckHead() const;
  absl::Status TakeBack(PlanEditor* editor);
  absl::Status Raise(const Plan& base, PlanEditor* editor);
  absl::Status SetHead(PlanEditor* editor) const;
  absl::Status CheckText(const std::string& yaml) const;
  absl::StatusOr<Plan> Compile(const std::string& yaml) const;
  absl::Status FindChanges(const Plan& plan);
  bool WasRaised(const std::string& pool) const;
  uint32_t version() const { return request_.version.value_or(present_.version + 1); }

  const NextPlanRequest& request_;
  const Catalog& catalog_;
  Plan present_;
  PlanNotes notes_;
  std::vector<RaisedPool> raised_;  // by the next plan
  std::map<std::string, Grants> grants_;
  NextPlan out_;
};

absl::Status NextPlanMaker::ReadPresent() {
  auto present = ReadPlan(request_.path, request_.text, catalog_);
  if (!present.ok()) return present.status();
  present_ = *std::move(present);
  auto notes = TakeNotes(request_.path, request_.text);
  if (!notes.ok()) return notes.status();
  notes_ = *std::move(notes);
  grants_ = GrantsBeyond(request_.requests, request_.effective_from_unix_nanos);
  return absl::OkStatus();
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
                    after->effective_from_unix_nanos == request_.effective_from_unix_nanos;
  for (PlanDocument* document : {&*before, &*after}) {
    document->version = 0;
    document->effective_from_unix_nanos = 0;
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

absl::StatusOr<Plan> NextPlanMaker::Compile(const std::string& yaml) const {
  auto plan = ReadPlan(request_.path + " as the next plan", yaml, catalog_);
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
    for (const v1::CapacityRequest* grant : grants_[pool.name]) {
      raise.request_ids.push_back(grant->form().request_id());
    }
    out_.raises.push_back(std::move(raise));
  }
  if (!out_.raises.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("{}: nothing that was decided changes the plan from {} on: {}", request_.path,
                  UtcTime(request_.effective_from_unix_nanos),
                  raised_.empty() ? "there is no grant beyond an allocation"
                                  : "it has what the grants beyond allocations need"));
}

absl::StatusOr<NextPlan> NextPlanMaker::Make() {
  if (absl::Status read = ReadPresent(); !read.ok()) return read;
  if (absl::Status head = CheckHead(); !head.ok()) return head;
  auto editor = PlanEditor::Open(request_.path, notes_.text);
  if (!editor.ok()) return editor.status();
  if (absl::Status taken = TakeBack(&*editor); !taken.ok()) return taken;
  const auto base = ReadPlan(request_.path + " without grants", editor->Text(), catalog_);
  if (!base.ok()) return base.status();
  if (absl::Status raised = Raise(*base, &*editor); !raised.ok()) return raised;
  if (absl::Status head = SetHead(&*editor); !head.ok()) return head;
  out_.yaml = NotesText(raised_) + editor->Text();
  if (absl::Status checked = CheckText(out_.yaml); !checked.ok()) return checked;
  auto plan = Compile(out_.yaml);
  if (!plan.ok()) return plan.status();
  if (absl::Status changes = FindChanges(*plan); !changes.ok()) return changes;
  out_.plan = *std::move(plan);
  return std::move(out_);
}

}  // namespace

absl::StatusOr<NextPlan> MakeNextPlan(const NextPlanRequest& request, const Catalog& catalog) {
  return NextPlanMaker(request, catalog).Make();
}

}  // namespace fleetmeter::ctl
