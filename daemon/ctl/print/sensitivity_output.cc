#include "daemon/ctl/print/sensitivity_output.h"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/scenario_output.h"
#include "daemon/ctl/print/table.h"
#include "daemon/ctl/print/text_cells.h"

namespace fleetmeter::ctl {
namespace {

constexpr const char* kShared[] = {"inference", "training", "research"};

void Append(const std::vector<std::string>& cells, std::vector<std::string>* out) {
  out->insert(out->end(), cells.begin(), cells.end());
}

std::string SensitivityCsv(const v1::GetFrameworkResponse& response) {
  std::vector<std::string> header = {"name", "title"};
  for (const char* category : kShared) {
    header.push_back(fmt::format("{}_h100_hours", category));
    header.push_back(fmt::format("{}_share_ratio", category));
  }
  Append(ScalarNames(*v1::OutcomeResult::descriptor()), &header);
  for (const std::string& name : ScalarNames(*v1::ForgoneResult::descriptor())) {
    header.push_back("forgone_" + name);
  }
  header.emplace_back("does_not_fit");
  std::string out = CsvLine(header);
  for (const v1::SensitivityResult& row : response.sensitivity()) {
    std::vector<std::string> cells = {row.name(), row.title()};
    if (!row.does_not_fit().empty()) {
      cells.resize(header.size() - 1);
      cells.push_back(row.does_not_fit());
      out += CsvLine(cells);
      continue;
    }
    for (const char* category : kShared) {
      cells.push_back(PlainNumber(HoursOf(row.categories(), category)));
      cells.push_back(PlainNumber(ShareOf(row.categories(), category)));
    }
    Append(ScalarCells(*v1::OutcomeResult::descriptor(), ToJson(row.outcome())), &cells);
    Append(ScalarCells(*v1::ForgoneResult::descriptor(), ToJson(row.forgone())), &cells);
    cells.emplace_back();
    out += CsvLine(cells);
  }
  return out;
}

std::string SensitivityJson(const v1::GetFrameworkResponse& response) {
  const Json all = ToJson(response);
  Json out;
  for (const char* key : {"basis", "sensitivity"}) out[key] = all.at(key);
  return Dump(out);
}

}  // namespace

std::string SensitivityTable(const v1::GetFrameworkResponse& response) {
  constexpr size_t kColumns = 8;
  std::string notes;
  Table table({{"SENSITIVITY"},
               {"INFERENCE", Align::kRight},
               {"TRAINING", Align::kRight},
               {"RESEARCH", Align::kRight},
               {"SERVICEABLE REVENUE", Align::kRight},
               {"TRAINING / BASELINE", Align::kRight},
               {"RESEARCH HOURS", Align::kRight},
               {"REVENUE FORGONE", Align::kRight}});
  for (const v1::SensitivityResult& row : response.sensitivity()) {
    std::vector<Cell> cells = {row.title()};
    if (!row.does_not_fit().empty()) {
      while (cells.size() < kColumns) cells.emplace_back(kUnknown);
      table.AddRow(std::move(cells));
      notes += fmt::format("\n{}: {}\n", Printable(row.title()), Printable(row.does_not_fit()));
      continue;
    }
    for (const char* category : kShared) {
      cells.emplace_back(Percent(ShareOf(row.categories(), category)));
    }
    const v1::OutcomeResult& outcome = row.outcome();
    cells.emplace_back(WholeUsd(outcome.serviceable_revenue_usd()));
    cells.emplace_back(WholePercent(
        outcome.has_training_ratio() ? std::optional(outcome.training_ratio()) : std::nullopt));
    cells.emplace_back(Whole(outcome.research_hours()));
    cells.emplace_back(WholeUsd(row.forgone().revenue_usd()));
    table.AddRow(std::move(cells));
  }
  return table.Render() + notes;
}

std::string FormatSensitivity(const v1::GetFrameworkResponse& response, OutputFormat format) {
  if (format == OutputFormat::kTable) {
    return fmt::format("{}\n\n{}", FrameworkLine(response.basis()), SensitivityTable(response));
  }
  return format == OutputFormat::kJson ? SensitivityJson(response) : SensitivityCsv(response);
}

}  // namespace fleetmeter::ctl
