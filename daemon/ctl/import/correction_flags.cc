#include "daemon/ctl/import/correction_flags.h"

#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/ctl/outcomes_flags.h"

namespace fleetmeter::ctl {
namespace {

absl::Status CheckReason(const CorrectionFlags& correction, bool dry_run) {
  const std::string& reason = correction.reason;
  if (reason.empty() && !dry_run) {
    return absl::InvalidArgumentError(
        "--correct takes --reason TEXT: the books keep who corrected them, when and why");
  }
  if (reason.size() > imports::kMostLabelBytes || FindInvalidUtf8(reason) ||
      HasControlCharacter(reason)) {
    return absl::InvalidArgumentError(
        "--reason: expected 1 to 128 bytes of UTF-8 without control characters");
  }
  return absl::OkStatus();
}

absl::Status CheckTime(const CorrectionFlags& correction) {
  const auto& from = correction.from_unix_seconds;
  const auto& to = correction.to_unix_seconds;
  if (from.has_value() != to.has_value()) {
    return absl::InvalidArgumentError("--from and --to: expected both or none");
  }
  if (from && (*from >= *to || *from % kSecondsPerDay != 0 || *to % kSecondsPerDay != 0)) {
    return absl::InvalidArgumentError(
        "--from and --to: expected two days, the first before the second");
  }
  if (correction.add && (from || correction.skip_partial_days)) {
    return absl::InvalidArgumentError(
        "--add takes no --from, --to and --skip-partial-days: nothing is compared");
  }
  return absl::OkStatus();
}

}  // namespace

CorrectionRules CorrectionFlags::rules(const DayZone& zone) const {
  CorrectionRules rules{.zone = zone, .covers = std::nullopt, .reason = reason};
  if (from_unix_seconds && to_unix_seconds) {
    rules.covers = TimeSpan{zone.BeginOf(*from_unix_seconds) * kNanosPerSecond,
                            zone.BeginOf(*to_unix_seconds) * kNanosPerSecond};
  }
  return rules;
}

void AddCorrectionFlags(Flags& flags, CorrectionFlags* correction) {
  flags.AddSwitch("--correct", &correction->correct,
                  "Make the books say what the file says: compare each day that it has rows of "
                  "with the books, show what differs, ask, and book the signed differences. What "
                  "is new is counted as always. Run again, it books nothing. Usage is compared by "
                  "the windows of its rows, and windows without rows stay as they are");
  flags.AddSwitch("--add", &correction->add,
                  "With --correct: the file has what is not in the books yet, such as late rows or "
                  "a reversal. Rows of time that was counted before are added to it, once");
  flags
      .Add("--reason", &correction->reason,
           "Why the books are corrected. They keep it, with who corrected them and when")
      .ValueName("TEXT");
  flags.AddSwitch("--yes", &correction->yes, "Book the differences without asking");
  AddOutcomesTime(flags, "--from",
                  "With --correct and --to: the file is all that there was from this day on, and "
                  "days (of usage: windows) without rows are corrected to nothing",
                  &correction->from_unix_seconds);
  AddOutcomesTime(flags, "--to", "The day before which that ends", &correction->to_unix_seconds);
  flags.AddSwitch("--skip-partial-days", &correction->skip_partial_days,
                  "With --correct: pass over days of which the file has only a part, such as the "
                  "first of an export that begins within a day. Of usage: over windows that "
                  "cannot be compared");
}

absl::Status CheckCorrectionFlags(const CorrectionFlags& correction, bool has_source, bool usage,
                                  bool dry_run) {
  if (!correction.correct) {
    const bool others = correction.add || correction.yes || !correction.reason.empty() ||
                        correction.skip_partial_days || correction.from_unix_seconds ||
                        correction.to_unix_seconds;
    return others ? absl::InvalidArgumentError(
                        "--add, --reason, --yes, --from, --to and --skip-partial-days take "
                        "--correct")
                  : absl::OkStatus();
  }
  if (usage && correction.add) {
    return absl::InvalidArgumentError(
        "--add: usage has no additions, since the rows of a window say all of it; --correct alone "
        "counts windows that the books do not have");
  }
  if (!usage && !has_source) {
    return absl::InvalidArgumentError(
        "--correct takes --source NAME: whose reports in the books the file is compared with");
  }
  if (absl::Status reason = CheckReason(correction, dry_run); !reason.ok()) return reason;
  return CheckTime(correction);
}

}  // namespace fleetmeter::ctl
