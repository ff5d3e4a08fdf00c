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
        "--correct needs --reason TEXT: the books keep who corrected them, when and why");
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
        "--from, --to and --skip-partial-days do not go with --add, which compares nothing");
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
  flags.AddSwitch(
      "--correct", &correction->correct,
      "Make the books say what the file says. Each day that the file has rows of is compared "
      "with the books. The differences are shown, and booked once you agree. Days that the "
      "books do not have are counted as always. The same command, run again, books nothing. It "
      "needs --source and --reason. Usage is compared by the windows of its rows and needs no "
      "--source; windows without rows stay as they are");
  flags.AddSwitch(
      "--add", &correction->add,
      "With --correct: nothing is compared. The rows of the file are added to what the "
      "books have of their time, once. This is for rows that came late, and for files that "
      "take something back, such as a credit note. Usage has no such additions");
  flags
      .Add("--reason", &correction->reason,
           "With --correct: why the books are corrected. The books keep it, with who corrected "
           "them and when (outcomes corrections)")
      .ValueName("TEXT");
  flags.AddSwitch("--yes", &correction->yes, "With --correct: book the differences without asking");
  AddOutcomesTime(flags, "--from",
                  "With --correct and --to: the file has all rows of its source from this day on. "
                  "A day (of usage: a window) without rows is then one in which there was nothing",
                  &correction->from_unix_seconds);
  AddOutcomesTime(flags, "--to",
                  "With --from: the day after the last day of which the file has all rows",
                  &correction->to_unix_seconds);
  flags.AddSwitch("--skip-partial-days", &correction->skip_partial_days,
                  "With --correct: leave out days of which the file has only a part, such as the "
                  "first day of an export that begins at noon, and windows of usage that cannot be "
                  "compared. Without the flag, they are an error (exit code 4)");
}

absl::Status CheckCorrectionFlags(const CorrectionFlags& correction, bool has_source, bool usage,
                                  bool dry_run) {
  if (!correction.correct) {
    const bool others = correction.add || correction.yes || !correction.reason.empty() ||
                        correction.skip_partial_days || correction.from_unix_seconds ||
                        correction.to_unix_seconds;
    return others ? absl::InvalidArgumentError(
                        "--add, --reason, --yes, --from, --to and --skip-partial-days say how the "
                        "books are corrected; expected --correct with them")
                  : absl::OkStatus();
  }
  if (usage && correction.add) {
    return absl::InvalidArgumentError(
        "--add: usage has no additions, since the rows of a window say all of it; --correct alone "
        "counts windows that the books do not have");
  }
  if (!usage && !has_source) {
    return absl::InvalidArgumentError(
        "--correct needs --source NAME: the source whose reports in the books are corrected");
  }
  if (absl::Status reason = CheckReason(correction, dry_run); !reason.ok()) return reason;
  return CheckTime(correction);
}

}  // namespace fleetmeter::ctl
