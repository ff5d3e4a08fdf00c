// Which versions of plan, catalog, price book and benchmark suite changed since the last report.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/report/cells.h"
#include "daemon/ctl/report/sections.h"

namespace fleetmeter::ctl::report {
namespace {

// --- By the ledger
// --------------------------------------------------------------------------------

std::string NameOf(const v1::RecordedVersion& version) {
  return version.name().empty() ? version.kind() : version.kind() + " " + version.name();
}

Table RecordedTable(const v1::ListVersionsResponse& versions) {
  Table table{.id = "recorded_versions", .title = "Versions that were new, the latest first"};
  table.columns = {{"what", "What"},
                   {"version", "Version", true},
                   {"previous_version", "after version", true, true},
                   {"recorded", "Taken by the daemon"},
                   {"effective_from", "in force from", false, true}};
  table.empty = "The daemon has taken no new one.";
  table.open_rows = 12;
  for (const v1::RecordedVersion& version : versions.versions()) {
    table.rows.push_back(
        {TextCell(NameOf(version)), CountCell(version.version()),
         version.has_previous_version() ? CountCell(version.previous_version()) : NoNumber(""),
         TextCell(NanosTimeText(version.recorded_unix_nanos())),
         TextCell(version.has_effective_from_unix_nanos()
                      ? NanosTimeText(version.effective_from_unix_nanos())
                      : "")});
  }
  return table;
}

Cell PriceCell(bool known, double usd) { return known ? UsdCell(usd) : NoNumber("no price"); }

Cell RatioCell(bool known, double chips) {
  return known ? NumberCell(chips, DigitsText(chips, 4)) : NoNumber("no such kind");
}

Table ChipsTable(const v1::ListVersionsResponse& versions) {
  Table table{.id = "changed_chips", .title = "What new catalogs say otherwise of chips"};
  table.columns = {{"chip", "Chip"},
                   {"catalog_version", "Catalog version", true},
                   {"usd_per_chip_hour_before", "A chip-hour before", true},
                   {"usd_per_chip_hour_now", "A chip-hour now", true},
                   {"chips_per_h100e_before", "Chips for one H100e before", true},
                   {"chips_per_h100e_now", "Chips for one H100e now", true}};
  table.empty = "They say the same of prices and of ratios.";
  table.open_rows = 12;
  for (const v1::RecordedVersion& version : versions.versions()) {
    for (const v1::ChangedChip& chip : version.chips()) {
      table.rows.push_back(
          {TextCell(chip.chip()), CountCell(version.version()),
           PriceCell(chip.has_usd_per_chip_hour_before(), chip.usd_per_chip_hour_before()),
           PriceCell(chip.has_usd_per_chip_hour_now(), chip.usd_per_chip_hour_now()),
           RatioCell(chip.has_chips_per_h100e_before(), chip.chips_per_h100e_before()),
           RatioCell(chip.has_chips_per_h100e_now(), chip.chips_per_h100e_now())});
    }
  }
  return table;
}

std::string RecordedSentence(const Answers& answers) {
  const int64_t count = answers.versions->versions_size() + answers.versions->left_out();
  if (count == 0) {
    return fmt::format("Plan, catalog, price book and benchmark suite are those of {}.",
                       TimeText(answers.from_unix_seconds));
  }
  return fmt::format("{} new to the daemon since {}.",
                     count == 1 ? std::string("1 version of a plan, catalog, price book or "
                                              "benchmark suite is")
                                : CountOf(count, "version") +
                                      " of plans, catalogs, price books and benchmark suites are",
                     TimeText(answers.from_unix_seconds));
}

void AddRecorded(const Answers& answers, Section* section) {
  if (!answers.versions.ok()) {
    section->notes.push_back(
        fmt::format("Which versions were new is not known. {}", WhyNot(answers.versions.status())));
    return;
  }
  section->says.push_back(RecordedSentence(answers));
  section->tables.push_back(RecordedTable(*answers.versions));
  const auto& versions = answers.versions->versions();
  if (std::any_of(versions.begin(), versions.end(), [](const v1::RecordedVersion& version) {
        return version.kind() == "catalog" && version.has_previous_version();
      })) {
    section->tables.push_back(ChipsTable(*answers.versions));
  }
  if (answers.versions->left_out() > 0) {
    section->notes.push_back(fmt::format("{} before those are left out.",
                                         CountOf(answers.versions->left_out(), "version")));
  }
  section->notes.push_back(
      "A version is new when the daemon takes it for the first time. The books do not tell when an "
      "earlier version came back.");
}

// --- By the last report
// ---------------------------------------------------------------------------

std::string ValueText(const Json& figure) {
  if (!figure.is_object() || !figure.contains("text")) return "not there";
  const Json& text = figure.at("text");
  return text.is_string() ? text.get<std::string>() : "not there";
}

// The figure of the same name in the report before.
std::string Before(const Json& previous, const std::string& key) {
  const auto basis = previous.find("basis");
  if (basis == previous.end() || !basis->is_object() || !basis->contains(key)) return "not there";
  return ValueText(basis->at(key));
}

Table VersionsTable(const Answers& answers) {
  Table table{.id = "versions", .title = "What the last report rested on"};
  table.columns = {{"what", "What"}, {"before", "Last report"}, {"now", "Now"}};
  table.empty = "The daemon told none.";
  for (const Figure& figure : BasisFigures(answers)) {
    table.rows.push_back({TextCell(figure.key), TextCell(Before(*answers.previous, figure.key)),
                          TextCell(figure.cell.text)});
  }
  return table;
}

}  // namespace

void AddVersions(const Answers& answers, Section* section) {
  AddRecorded(answers, section);
  if (!answers.previous) return;
  section->says.push_back(
      fmt::format("The last report was made {}.", Before(*answers.previous, "asked")));
  section->tables.push_back(VersionsTable(answers));
}

}  // namespace fleetmeter::ctl::report
