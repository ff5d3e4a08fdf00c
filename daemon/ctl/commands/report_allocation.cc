// report allocation: the page for the allocation meeting, from what a daemon answers.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "daemon/base/clock.h"
#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/parse_moment.h"
#include "daemon/ctl/report/allocation_report.h"
#include "daemon/ctl/report/fetch_answers.h"
#include "daemon/ctl/report/render.h"
#include "daemon/ctl/terminal.h"
#include "daemon/ctl/write_file.h"

namespace fleetmeter::ctl {
namespace {

constexpr int64_t kShortestReport = kHour;
constexpr int64_t kLongestReport = 366 * kDay;

constexpr char kAllocationExamples[] =
    "Examples:\n"
    "  fleetmeterctl report allocation --to meeting.html\n"
    "  fleetmeterctl report allocation --since 14d --output md\n"
    "  fleetmeterctl report allocation --output json --to meeting.json\n"
    "  fleetmeterctl report allocation --previous meeting.json --to next.html";

class ReportAllocation : public Command {
 public:
  explicit ReportAllocation(const Connection& connection)
      : Command({"report", "allocation"},
                "Make the report for the allocation meeting: undecided requests in their order, "
                "with what each would take from others; the plan against what is used; underused "
                "allocations; outcomes; and what came of earlier decisions. A part that the caller "
                "may not see says so in its place"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override;
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  bool CallsAdmin() const override { return true; }
  int Run() override { return ExitCode(Make()); }

 private:
  absl::Status ReadSince(const std::string& text);
  absl::Status ReadFormat(const std::string& text);
  absl::StatusOr<std::optional<Json>> Previous() const;
  absl::Status Make() const;
  std::string Rendered(const report::Document& document) const;

  const Connection& connection_;
  int64_t since_nanos_ = 14 * kDay;    // before now, unless a time is given
  std::optional<int64_t> from_nanos_;  // since 1970
  std::string format_ = "html";
  std::string previous_;  // a file; empty: none
  std::string to_;        // a file; empty: standard output
  bool force_ = false;
};

void ReportAllocation::AddFlags(Flags& flags) {
  flags.SetFooter(kAllocationExamples);
  flags
      .Add(
          "--since", [this](const std::string& text) { return ReadSince(text); },
          "When the last report was made: so long ago, such as 14d, or a date or RFC 3339 time. "
          "It is rounded down to a full hour")
      .ValueName("TIME")
      .Default("14d");
  flags
      .Add("--previous", &previous_,
           "The last report in JSON: the report then tells what that one rested on, besides what "
           "the books tell of new versions")
      .ValueName("FILE");
  flags
      .Add(
          "--output,-o", [this](const std::string& text) { return ReadFormat(text); },
          "The format: html is one page that needs no other file and no network; csv has a record "
          "for each number; with json errors are JSON, too")
      .ValueName("FORMAT")
      .OneOf({"html", "md", "csv", "json"})
      .Default("html");
  flags.Add("--to", &to_, "The file to write. Without it, the report goes to standard output")
      .ValueName("FILE");
  flags.AddSwitch("--force", &force_, "Replace the file if it is there");
}

absl::Status ReportAllocation::ReadSince(const std::string& text) {
  if (const auto moment = ParseMoment(text); moment.ok()) {
    from_nanos_ = *moment;
    return absl::OkStatus();
  }
  const auto nanos = ParseDuration(text);
  if (!nanos || *nanos < kShortestReport || *nanos > kLongestReport) {
    return absl::InvalidArgumentError(fmt::format(
        "{} is neither a time nor a duration from 1h to 366d; expected such as 14d or 2026-01-01",
        Quoted(text)));
  }
  since_nanos_ = *nanos;
  return absl::OkStatus();
}

absl::Status ReportAllocation::ReadFormat(const std::string& text) {
  format_ = text;
  output_ = text == "json" ? OutputFormat::kJson : OutputFormat::kTable;
  return absl::OkStatus();
}

// The JSON of an earlier report.
absl::StatusOr<std::optional<Json>> ReportAllocation::Previous() const {
  if (previous_.empty()) return std::nullopt;
  std::ifstream file(previous_, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const bool is_report = json.is_object() && json.value("report", Json()) == "allocation";
  if (!file || !is_report) {
    return absl::InvalidArgumentError(fmt::format(
        "--previous: {} is no report of `fleetmeterctl report allocation --output json`",
        Quoted(previous_)));
  }
  return json;
}

std::string ReportAllocation::Rendered(const report::Document& document) const {
  if (format_ == "md") return report::DocumentMarkdown(document);
  if (format_ == "csv") return report::DocumentCsv(document);
  return format_ == "json" ? report::DocumentJson(document) : report::DocumentHtml(document);
}

absl::Status ReportAllocation::Make() const {
  const int64_t now = SystemClock().UnixNanos();
  const int64_t from = from_nanos_.value_or(now - since_nanos_);
  if (from >= now) return absl::InvalidArgumentError("--since: lies in the future");
  report::Question question{.from_unix_seconds = from / kHour * kSecondsPerHour,
                            .until_unix_seconds = (now / kHour + 1) * kSecondsPerHour,
                            .asked_unix_seconds = now / kNanosPerSecond};
  auto previous = Previous();
  if (!previous.ok()) return previous.status();
  auto answers = report::FetchAnswers(connection_, question);
  if (!answers.ok()) return answers.status();
  answers->previous = *std::move(previous);
  const std::string text = Rendered(report::MakeAllocationReport(*answers));
  return to_.empty() ? Print(text) : WriteFileWhole(to_, text, force_);
}

}  // namespace

std::unique_ptr<Command> MakeReportAllocation(const Connection& connection) {
  return std::make_unique<ReportAllocation>(connection);
}

}  // namespace fleetmeter::ctl
