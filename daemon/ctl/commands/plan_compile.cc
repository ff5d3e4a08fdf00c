// plan compile: a scenario as a plan that fleetmeterd loads, which works without a daemon; or the
// next plan from the plan in force and what the daemon says was decided.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "daemon/base/clock.h"
#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/config/load_config.h"
#include "daemon/config/strict_yaml.h"
#include "daemon/ctl/capacity/fetch_requests.h"
#include "daemon/ctl/capacity/next_plan.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/framework_flags.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/plan_source.h"
#include "daemon/ctl/print/capacity_text.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/ctl/query_client.h"
#include "daemon/ctl/terminal.h"
#include "daemon/ctl/write_file.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kPlanCompileExamples[] =
    "Examples:\n"
    "  fleetmeterctl plan compile --plan deploy/plans/framework.yaml --scenario recommendation\n"
    "  fleetmeterctl plan compile --plan deploy/plans/framework.yaml \\\n"
    "      --scenario revenue-priority --set tiers.buffer=20% --version 2 \\\n"
    "      --effective-from 2026-04-01 --to revenue-priority.yaml\n"
    "  fleetmeterctl plan compile --decided --plan plan.yaml --catalog catalog.yaml \\\n"
    "      --to next-plan.yaml";

absl::Status ReadName(const std::string& text, std::string* out) {
  if (!IsName(text)) {
    return absl::InvalidArgumentError(
        fmt::format("{} is not a name; expected letters, digits and . _ / -", Quoted(text)));
  }
  *out = text;
  return absl::OkStatus();
}

absl::Status ReadTime(const std::string& text, std::string* out) {
  if (!ParseTime(text)) {
    return absl::InvalidArgumentError(
        fmt::format("{} is not a time; expected a date such as 2026-01-01 or an RFC 3339 "
                    "time such as 2026-01-01T00:00:00Z",
                    Quoted(text)));
  }
  *out = text;
  return absl::OkStatus();
}

class PlanCompile : public Command {
 public:
  explicit PlanCompile(const Connection& connection)
      : Command({"plan", "compile"},
                "Make a plan that fleetmeterd loads out of a scenario of a framework, and check it "
                "as the daemon does. With --decided, make the next plan out of the plan in force "
                "and of the grants beyond allocations that were decided"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override;
  absl::Status CheckFlags() const override;
  std::optional<std::string> CalledAddress() const override {
    return decided_ ? std::optional(connection_.address) : std::nullopt;
  }
  int Run() override;

 private:
  // What either way makes.
  struct Made {
    std::string yaml;
    std::string name;
    uint32_t version = 0;
    std::vector<std::string> warnings;
    std::vector<PoolRaise> raises;
    std::vector<std::string> grants;
  };

  void AddWay(Flags& flags);
  void AddHead(Flags& flags);
  absl::StatusOr<Made> OfScenario() const;
  absl::StatusOr<Made> OfDecisions() const;
  absl::Status CheckInForce(QueryClient& client, const std::string& text,
                            const Catalog& catalog) const;
  int64_t EffectiveFrom() const;
  int TellJson(const Made& made) const;

  const Connection& connection_;
  CompileRequest request_;
  bool decided_ = false;
  std::string to_;  // empty: standard output
  bool force_ = false;
};

void PlanCompile::AddFlags(Flags& flags) {
  flags.SetFooter(kPlanCompileExamples);
  AddPlanFile(flags, "The file of the framework, or with --decided that of the plan in force",
              &request_.framework)
      .Required();
  AddWay(flags);
  AddSet(flags, &request_.set);
  AddCatalog(flags, &request_.catalog);
  AddHead(flags);
  Flag to = flags
                .Add("--to", &to_,
                     "Write the plan to this new file instead of standard output. "
                     "The file is written completely or not at all")
                .ValueName("FILE");
  flags.AddSwitch("--force", &force_, "Let --to replace a file that exists").Needs(to);
  AddTextOutput(flags, &output_);
}

void PlanCompile::AddWay(Flags& flags) {
  AddScenario(flags, "The scenario to make a plan of", &request_.scenario);
  flags.AddSwitch(
      "--decided", &decided_,
      "Make the next plan: pools that have grants beyond their allocations get as much more as "
      "these add up to at most at one time, and give it back when they have ended. The daemon says "
      "what was decided, and --catalog what chips are worth. Comments of the file stay");
}

// What a plan begins with.
void PlanCompile::AddHead(Flags& flags) {
  flags
      .Add(
          "--name", [this](const std::string& text) { return ReadName(text, &request_.name); },
          "The name of the plan; the default is the name of the scenario")
      .ValueName("NAME");
  flags
      .Add("--version", &request_.version,
           "The version of the plan. The default is the version of the framework, and with "
           "--decided one more than that of the plan")
      .ValueName("N")
      .InRange(uint64_t{1}, uint64_t{UINT32_MAX});
  flags
      .Add(
          "--effective-from",
          [this](const std::string& text) { return ReadTime(text, &request_.effective_from); },
          "When the plan takes effect: a date (UTC) or an RFC 3339 time. The default is the "
          "framework's, and with --decided the next full hour")
      .ValueName("TIME");
}

absl::Status PlanCompile::CheckFlags() const {
  if (!decided_) {
    return !request_.scenario.empty()
               ? absl::OkStatus()
               : absl::InvalidArgumentError(
                     "plan compile: there is nothing to make a plan of; expected --scenario NAME, "
                     "or --decided to make the next plan");
  }
  if (!request_.scenario.empty() || !request_.set.empty() || !request_.name.empty()) {
    return absl::InvalidArgumentError(
        "--decided makes the next version of a plan; expected no --scenario, --set or --name "
        "beside it");
  }
  return !request_.catalog.empty()
             ? absl::OkStatus()
             : absl::InvalidArgumentError("--decided takes --catalog FILE, the daemon's catalog");
}

absl::StatusOr<PlanCompile::Made> PlanCompile::OfScenario() const {
  auto plan = CompilePlan(request_);
  if (!plan.ok()) return plan.status();
  Made made{.yaml = std::move(plan->yaml),
            .name = plan->plan.name,
            .version = plan->plan.version,
            .warnings = {},
            .raises = {},
            .grants = {}};
  if (!plan->warning.empty()) made.warnings.push_back(plan->warning);
  return made;
}

// Between the next plan and the one in force, pools may differ. Only who sees all of them is told
// the ranking between them.
absl::Status CheckSeesAll(QueryClient& client) {
  v1::GetRankingRequest least;
  least.set_page_size(1);
  const absl::Status told = client.GetRanking(least).status();
  if (!absl::IsPermissionDenied(told)) return told;
  return absl::PermissionDeniedError(
      "we may not see all pools; expected all, since a plan made without the grants of the others "
      "would take them back");
}

// A plan that was made of an older one, or by somebody who does not see all of it, would take back
// what others have decided.
absl::Status PlanCompile::CheckInForce(QueryClient& client, const std::string& text,
                                       const Catalog& catalog) const {
  const auto plan = ReadPlan(request_.framework, text, catalog);
  if (!plan.ok()) return plan.status();
  const auto in_force = client.GetPlan();
  if (!in_force.ok()) return in_force.status();
  const v1::Basis& basis = in_force->basis();
  if (basis.plan() != plan->name || basis.plan_version() > plan->version) {
    return absl::FailedPreconditionError(
        fmt::format("{}: is version {} of plan {}, and the daemon runs version {} of plan {}; "
                    "expected the file of the plan in force",
                    request_.framework, plan->version, plan->name, basis.plan_version(),
                    Printable(basis.plan())));
  }
  if (basis.plan_version() < plan->version) return CheckSeesAll(client);
  if (static_cast<size_t>(in_force->pools_size()) >= plan->pools.size()) return absl::OkStatus();
  return absl::PermissionDeniedError(
      fmt::format("we may see {} of the {} pools of the plan; expected all, since a plan made "
                  "without the grants of the others would take them back",
                  in_force->pools_size(), plan->pools.size()));
}

int64_t PlanCompile::EffectiveFrom() const {
  const auto given = ParseTime(request_.effective_from);
  return given.value_or((SystemClock().UnixNanos() / kNanosPerHour + 1) * kNanosPerHour);
}

absl::StatusOr<PlanCompile::Made> PlanCompile::OfDecisions() const {
  const auto catalog = LoadCatalog(request_.catalog);
  if (!catalog.ok()) return catalog.status();
  const auto text = YamlFile::Read(request_.framework);
  if (!text.ok()) return text.status();
  QueryClient client(connection_);
  if (absl::Status in_force = CheckInForce(client, *text, *catalog); !in_force.ok()) {
    return in_force;
  }
  const auto requests = FetchRequests(client, {});
  if (!requests.ok()) return requests.status();
  const NextPlanRequest request{
      .path = request_.framework,
      .text = *text,
      .requests = {requests->requests().begin(), requests->requests().end()},
      .version = request_.version,
      .effective_from_unix_nanos = EffectiveFrom()};
  auto next = MakeNextPlan(request, *catalog);
  if (!next.ok()) return next.status();
  return Made{.yaml = std::move(next->yaml),
              .name = next->plan.name,
              .version = next->plan.version,
              .warnings = std::move(next->warnings),
              .raises = std::move(next->raises),
              .grants = std::move(next->grants)};
}

std::string RaiseLine(const PoolRaise& raise) {
  return fmt::format("{}: {} H100e instead of {}{}\n", Printable(raise.pool),
                     H100eOfMicro(raise.after_micro_h100e), H100eOfMicro(raise.before_micro_h100e),
                     raise.request_ids.empty()
                         ? ", since its grants have ended"
                         : fmt::format(", for {}", fmt::join(raise.request_ids, ", ")));
}

int PlanCompile::Run() {
  const auto made = decided_ ? OfDecisions() : OfScenario();
  if (!made.ok()) return ExitCode(made.status());
  const bool json = output_ == OutputFormat::kJson;
  for (const std::string& warning : made->warnings) {
    if (!json) Warn(Printable(warning));
  }
  if (!json && to_.empty()) return ExitCode(Print(made->yaml));
  if (!to_.empty()) {
    if (absl::Status written = WriteFileWhole(to_, made->yaml, force_); !written.ok()) {
      return ExitCode(written);
    }
  }
  if (json) return TellJson(*made);
  std::string out =
      fmt::format("{}: plan {} version {}\n", Printable(to_), made->name, made->version);
  for (const PoolRaise& raise : made->raises) out += RaiseLine(raise);
  if (decided_ && made->raises.empty()) {
    out += fmt::format(
        "No allocation changes. It names its grants: {}\n",
        made->grants.empty() ? "none" : fmt::format("{}", fmt::join(made->grants, ", ")));
  }
  return ExitCode(Print(out));
}

int PlanCompile::TellJson(const Made& made) const {
  Json out;
  out["plan"] = made.name;
  out["version"] = made.version;
  out["file"] = to_.empty() ? Json(nullptr) : Json(to_);
  out["warning"] = made.warnings.empty() ? Json(nullptr)
                                         : Json(fmt::format("{}", fmt::join(made.warnings, "; ")));
  out["yaml"] = made.yaml;
  if (!decided_) return ExitCode(Print(Dump(out)));
  out["grants"] = made.grants;
  out["raises"] = Json::array();
  for (const PoolRaise& raise : made.raises) {
    out["raises"].push_back({{"pool", raise.pool},
                             {"before_micro_h100e", raise.before_micro_h100e},
                             {"after_micro_h100e", raise.after_micro_h100e},
                             {"request_ids", raise.request_ids}});
  }
  return ExitCode(Print(Dump(out)));
}

}  // namespace

std::unique_ptr<Command> MakePlanCompile(const Connection& connection) {
  return std::make_unique<PlanCompile>(connection);
}

}  // namespace fleetmeter::ctl
