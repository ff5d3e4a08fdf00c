// reprice: revenue of past days by the price book that is in force now.
#include <fmt/format.h>

#include <utility>

#include "daemon/base/clock.h"
#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/ctl/admin_client.h"
#include "daemon/ctl/capacity/request_flags.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/confirm.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/parse_moment.h"
#include "daemon/ctl/print/admin_output.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

class Reprice : public Command {
 public:
  explicit Reprice(const Connection& connection)
      : Command({"reprice"},
                "Work out the revenue of past days again with the price book in force now, where "
                "no price was known then, or where the price came from another price book. The "
                "differences are shown, and booked as corrections once they are agreed to. Revenue "
                "that reports brought "
                "stays as it is. The books keep who did it, when and why, and the versions of the "
                "price book. It needs the role admin"),
        connection_(connection) {}

  bool CallsAdmin() const override { return true; }
  void AddFlags(Flags& flags) override {
    AddDay(flags, "--from",
           "The first day, as the books name it: by the daemon's outcomes.time_zone", &from_day_);
    AddDay(flags, "--to", "The day after the last one", &to_day_);
    AddReason(flags, &reason_).Required();
    flags.AddSwitch("--dry-run", &dry_run_, "Show the differences, and change nothing");
    flags.AddSwitch("--yes", &yes_, "Do not ask, for scripts");
    AddTextOutput(flags, &output_);
  }
  absl::Status CheckFlags() const override {
    if (reason_.find_first_not_of(" \t\r\n") == std::string::npos) {
      return absl::InvalidArgumentError(
          "--reason is empty; expected why, for whoever reads the entry later");
    }
    if (output_ == OutputFormat::kJson && !yes_ && !dry_run_) {
      return absl::InvalidArgumentError(
          "--output json answers with one object, so that nobody is asked; expected --yes or "
          "--dry-run");
    }
    if (from_day_ < to_day_) return absl::OkStatus();
    return absl::InvalidArgumentError("--to is not after --from; expected a later day");
  }
  std::optional<std::string> CalledAddress() const override { return connection_.admin_address; }
  int Run() override;

 private:
  static void AddDay(Flags& flags, const std::string& name, const std::string& help, int64_t* day);
  absl::StatusOr<v1::DecisionResponse> Book(v1::RepriceRequest request, uint64_t digest) const;
  int TellJson(v1::RepriceRequest request, const v1::DecisionResponse& preview) const;

  const Connection& connection_;
  int64_t from_day_ = 0;
  int64_t to_day_ = 0;
  std::string reason_;
  bool dry_run_ = false;
  bool yes_ = false;
};

void Reprice::AddDay(Flags& flags, const std::string& name, const std::string& help, int64_t* day) {
  const auto read = [day](const std::string& text) {
    const auto nanos = ParseMoment(text);
    if (!nanos.ok()) return nanos.status();
    if (*nanos % kDay != 0) {
      return absl::InvalidArgumentError(
          fmt::format("{} is not a day, such as 2026-01-01", Quoted(text)));
    }
    *day = *nanos / kNanosPerSecond;
    return absl::OkStatus();
  };
  flags.Add(name, read, help).ValueName("DAY").Required();
}

int Reprice::Run() {
  v1::RepriceRequest request;
  request.set_from_day_unix_seconds(from_day_);
  request.set_to_day_unix_seconds(to_day_);
  request.set_reason(reason_);
  request.set_preview(true);
  const auto preview = AskReprice(connection_, request);
  if (!preview.ok()) return ExitCode(preview.status());
  if (output_ == OutputFormat::kJson) return TellJson(std::move(request), *preview);
  if (absl::Status printed = Print(FormatReprice(*preview)); !printed.ok()) {
    return ExitCode(printed);
  }
  if (dry_run_ || preview->nothing_to_do()) return kExitOk;
  if (!yes_) {
    if (absl::Status agreed = Confirm("Book these differences?"); !agreed.ok()) {
      return ExitCode(agreed);
    }
  }
  const auto booked = Book(std::move(request), preview->digest());
  if (!booked.ok()) return ExitCode(booked.status());
  return ExitCode(Print(FormatDecision(*booked, output_)));
}

absl::StatusOr<v1::DecisionResponse> Reprice::Book(v1::RepriceRequest request,
                                                   uint64_t digest) const {
  request.set_preview(false);
  request.set_agreed_digest(digest);
  return AskReprice(connection_, request);
}

// One object: what would change, and what was booked, or null.
int Reprice::TellJson(v1::RepriceRequest request, const v1::DecisionResponse& preview) const {
  Json out;
  out["preview"] = RepriceJson(preview);
  out["booked"] = nullptr;
  if (!dry_run_ && !preview.nothing_to_do()) {
    const auto booked = Book(std::move(request), preview.digest());
    if (!booked.ok()) return ExitCode(booked.status());
    out["booked"] = DecisionJson(*booked);
  }
  return ExitCode(Print(Dump(out)));
}

}  // namespace

std::unique_ptr<Command> MakeReprice(const Connection& connection) {
  return std::make_unique<Reprice>(connection);
}

}  // namespace fleetmeter::ctl
