#include "daemon/ctl/mcp/fleet_tools.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/ctl/mcp/fleet_words.h"
#include "daemon/ctl/print/headroom_output.h"
#include "daemon/ctl/print/outcomes_output.h"
#include "daemon/ctl/print/plan_output.h"
#include "daemon/ctl/print/pools_output.h"
#include "daemon/ctl/print/supply_output.h"

namespace fleetmeter::ctl {
namespace {

using Kind = ToolArgument::Kind;

constexpr int64_t kMostListed = 1'000;
constexpr int64_t kListed = 50;

std::string TextOf(const Json& arguments, const char* name) {
  return arguments.contains(name) ? arguments[name].get<std::string>() : "";
}

size_t CountIn(const Json& arguments) {
  return static_cast<size_t>(arguments.value("limit", kListed));
}

ToolArgument Limit(const std::string& what) {
  return {.name = "limit",
          .kind = Kind::kCount,
          .description = fmt::format("The most {} in the answer; {} without it", what, kListed),
          .most = kMostListed};
}

// A sentence, the table below it, and the command line's own JSON.
template <class Message>
ToolAnswer Answered(const std::string& words, const Message& message,
                    std::string (*format)(const Message&, OutputFormat)) {
  return {.words = words + "\n\n" + format(message, OutputFormat::kTable),
          .structured = Json::parse(format(message, OutputFormat::kJson))};
}

// With all columns: who reads this is no terminal.
template <class Message>
ToolAnswer Answered(const std::string& words, const Message& message,
                    std::string (*format)(const Message&, OutputFormat, size_t width)) {
  return {.words = words + "\n\n" + format(message, OutputFormat::kTable, 0),
          .structured = Json::parse(format(message, OutputFormat::kJson, 0))};
}

// Those pools that are asked for, and how many others of them there are.
size_t KeepPools(const Json& arguments, v1::ListPoolsResponse* response) {
  v1::ListPoolsResponse kept;
  const size_t limit = CountIn(arguments);
  size_t left_out = 0;
  for (v1::Pool& pool : *response->mutable_pools()) {
    const std::string category = TextOf(arguments, "category");
    const std::string tier = TextOf(arguments, "tier");
    if (!category.empty() && pool.category() != category) continue;
    if (!tier.empty() && pool.tier() != tier) continue;
    if (static_cast<size_t>(kept.pools_size()) == limit) {
      ++left_out;
    } else {
      *kept.add_pools() = std::move(pool);
    }
  }
  response->mutable_pools()->Swap(kept.mutable_pools());
  return left_out;
}

Tool Pools(FleetSource& source) {
  return {.name = "list_pools",
          .title = "Pools",
          .description =
              "All pools of the plan in force: what the plan grants each, what its teams "
              "hold, how much of that is busy or idle, its headroom and its owner.",
          .arguments = {{.name = "category",
                         .description = "Only pools of this category",
                         .choices = {"inference", "training", "research", "safety"}},
                        {.name = "tier",
                         .description = "Only pools of this tier",
                         .choices = {"p0", "p1", "p2"}},
                        Limit("pools")},
          .call = [&source](const Json& arguments) -> absl::StatusOr<ToolAnswer> {
            auto response = source.Pools();
            if (!response.ok()) return response.status();
            const size_t left_out = KeepPools(arguments, &*response);
            std::string words = PoolsWords(*response);
            if (left_out > 0) words += fmt::format(" {} more are not listed.", left_out);
            ToolAnswer answer = Answered(words, *response, FormatPools);
            answer.structured["left_out"] = left_out;
            return answer;
          }};
}

// The block of `fleetmeterctl headroom`, whose first line is the verdict where there is an ask.
ToolAnswer HeadroomAnswer(const v1::HeadroomResponse& response, std::optional<double> ask) {
  return {.words = HeadroomWords(response.pool()) + "\n\n" +
                   FormatHeadroom(response, ask, OutputFormat::kTable, false),
          .structured = Json::parse(FormatHeadroom(response, ask, OutputFormat::kJson, false))};
}

Tool PoolHeadroom(FleetSource& source) {
  return {.name = "pool_headroom",
          .title = "One pool",
          .description =
              "One pool: what it can admit now, what it can borrow, what waits for its "
              "chips, how it is used, and whom to ask.",
          .arguments = {{.name = "pool", .required = true, .description = "The name of the pool"}},
          .call = [&source](const Json& arguments) -> absl::StatusOr<ToolAnswer> {
            const auto response = source.Headroom(TextOf(arguments, "pool"));
            if (!response.ok()) return response.status();
            return HeadroomAnswer(*response, std::nullopt);
          }};
}

Json AdmissionsJson(const std::vector<Admission>& admissions, double ask) {
  Json json;
  json["ask_h100e"] = ask;
  json["pools"] = Json::array();
  for (const Admission& each : admissions) {
    Json fits = nullptr;
    if (each.fit != Fit::kUnknown) fits = each.fit == Fit::kYes;
    Json headroom = nullptr;
    if (each.headroom_h100e) headroom = *each.headroom_h100e;
    json["pools"].push_back({{"pool", each.pool}, {"fits", fits}, {"headroom_h100e", headroom}});
  }
  return json;
}

absl::StatusOr<ToolAnswer> CanAdmit(FleetSource& source, const Json& arguments) {
  const double ask = arguments["h100e"].get<double>();
  if (arguments.contains("pool")) {
    const auto response = source.Headroom(TextOf(arguments, "pool"));
    if (!response.ok()) return response.status();
    return HeadroomAnswer(*response, ask);
  }
  const auto response = source.Pools();
  if (!response.ok()) return response.status();
  std::vector<Admission> admissions = Admissions(*response, ask);
  const std::string words = AdmissionWords(admissions, ask);
  admissions.resize(std::min(admissions.size(), static_cast<size_t>(kMostListed)));
  return ToolAnswer{words, AdmissionsJson(admissions, ask)};
}

Tool Admit(FleetSource& source) {
  return {.name = "can_admit",
          .title = "Can it be admitted?",
          .description =
              "Whether so many H100-equivalents fit into the headroom of a pool now, or "
              "which pools can admit them. Unknown is neither yes nor no.",
          .arguments = {{.name = "h100e",
                         .kind = Kind::kAmount,
                         .required = true,
                         .description = "The amount in H100-equivalents"},
                        {.name = "pool", .description = "The pool; without it, all pools"}},
          .call = [&source](const Json& arguments) { return CanAdmit(source, arguments); }};
}

Tool SupplyOf(FleetSource& source) {
  return {.name = "supply",
          .title = "Supply",
          .description =
              "What the organisation has, by provider and kind of chip, in each state: "
              "assigned, unassigned, unhealthy, reserved, unheard.",
          .arguments = {},
          .call = [&source](const Json&) -> absl::StatusOr<ToolAnswer> {
            const auto response = source.Supply();
            if (!response.ok()) return response.status();
            return Answered(SupplyWords(*response), *response, FormatSupply);
          }};
}

Tool PlanInForce(FleetSource& source) {
  return {.name = "plan",
          .title = "Plan",
          .description =
              "The plan in force: shares of tiers and categories, and what each pool is "
              "granted, may lend and may borrow.",
          .arguments = {},
          .call = [&source](const Json&) -> absl::StatusOr<ToolAnswer> {
            const auto response = source.Plan();
            if (!response.ok()) return response.status();
            return Answered(PlanWords(*response), *response, FormatPlan);
          }};
}

Tool PlanAgainstActual(FleetSource& source) {
  return {.name = "plan_against_actual",
          .title = "Plan against actual",
          .description =
              "Planned and actual shares by category and tier, the drift between them, "
              "the buffer and who consumes it, and a year at the present pace.",
          .arguments = {},
          .call = [&source](const Json&) -> absl::StatusOr<ToolAnswer> {
            const auto response = source.Compare();
            if (!response.ok()) return response.status();
            return ToolAnswer{CompareWords(*response), ToJson(*response)};
          }};
}

Tool MarginPerRequest(FleetSource& source) {
  return {.name = "margin",
          .title = "Margin per request",
          .description =
              "Margin per inference request by model and customer tier, beside the same "
              "window a year earlier, and what changed it.",
          .arguments = {{.name = "window",
                         .description = "quarter, year, or days such as 28d, up to today; 28d "
                                        "without it"},
                        {.name = "basis",
                         .description = "Whether all chip-time of a model costs, or its busy part",
                         .choices = {"allocated", "used"}}},
          .call = [&source](const Json& arguments) -> absl::StatusOr<ToolAnswer> {
            v1::GetMarginRequest request;
            const std::string window = TextOf(arguments, "window");
            request.set_window(window.empty() ? "28d" : window);
            request.set_basis(TextOf(arguments, "basis"));
            const auto report = source.Margin(request);
            if (!report.ok()) return report.status();
            return Answered(MarginWords(*report), *report, FormatMargin);
          }};
}

Tool CapabilityOf(FleetSource& source) {
  return {.name = "capability",
          .title = "Capability per training hour",
          .description =
              "Capability of models and gain per hour of training by quarter, benchmarks "
              "that are used up, and whether a review of research is due.",
          .arguments = {},
          .call = [&source](const Json&) -> absl::StatusOr<ToolAnswer> {
            const auto report = source.Capability();
            if (!report.ok()) return report.status();
            return Answered(CapabilityWords(*report), *report, FormatCapability);
          }};
}

absl::StatusOr<ToolAnswer> AskIdle(FleetSource& source, const Json& arguments) {
  const auto response = source.Pools();
  if (!response.ok()) return response.status();
  std::vector<IdleHolder> holders = IdleHolders(*response);
  const size_t all = holders.size();
  holders.resize(std::min(all, CountIn(arguments)));
  const std::vector<std::string> unknown = PoolsWithUnknownIdle(*response);
  Json json;
  json["holders"] = Json::array();
  for (const IdleHolder& each : holders) {
    json["holders"].push_back({{"pool", each.pool},
                               {"team", each.team},
                               {"owner", each.owner},
                               {"contact", each.contact},
                               {"idle_h100e", each.idle_h100e},
                               {"idle_chips", each.idle_chips}});
  }
  json["left_out"] = all - holders.size();
  json["unknown_pools"] = unknown;
  return ToolAnswer{IdleWords(holders, all - holders.size(), unknown), std::move(json)};
}

Tool Idle(FleetSource& source) {
  return {.name = "idle_holders",
          .title = "Who holds idle chips",
          .description =
              "The teams that hold chips which do nothing, the most first, with the "
              "owner of the pool to ask.",
          .arguments = {Limit("holders")},
          .call = [&source](const Json& arguments) { return AskIdle(source, arguments); }};
}

Tool SourcesOf(FleetSource& source) {
  return {.name = "sources",
          .title = "Sources",
          .description =
              "The hosts that report, those first that are silent, rejected or "
              "unaccounted for. It needs the daemon's listen.admin and the role admin.",
          .arguments = {{.name = "state",
                         .description = "Only sources of this state",
                         .choices = {"live", "silent", "unaccounted", "rejected", "history",
                                     "forgotten"}},
                        Limit("sources")},
          .call = [&source](const Json& arguments) -> absl::StatusOr<ToolAnswer> {
            v1::ListSourcesRequest request;
            request.set_state(TextOf(arguments, "state"));
            request.set_most(static_cast<uint32_t>(CountIn(arguments)));
            const auto response = source.Sources(request);
            if (!response.ok()) return response.status();
            return ToolAnswer{SourcesWords(*response), ToJson(*response)};
          }};
}

}  // namespace

std::vector<Tool> FleetTools(FleetSource& source) {
  return {Pools(source),
          Admit(source),
          PoolHeadroom(source),
          SupplyOf(source),
          PlanInForce(source),
          PlanAgainstActual(source),
          MarginPerRequest(source),
          CapabilityOf(source),
          Idle(source),
          SourcesOf(source)};
}

}  // namespace fleetmeter::ctl
