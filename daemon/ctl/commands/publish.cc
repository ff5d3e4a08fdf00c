// publish: a static site for all teams, from what a daemon answers.
#include <fmt/format.h>

#include <map>

#include "daemon/base/clock.h"
#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/ctl/report/fetch_answers.h"
#include "daemon/ctl/report/published_site.h"
#include "daemon/ctl/report/replace_site.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

constexpr int64_t kPublishedDays = 366;

constexpr char kPublishExamples[] =
    "Examples:\n"
    "  fleetmeterctl publish --to /srv/www/capacity\n"
    "  fleetmeterctl publish --to committee --audience committee";

class Publish : public Command {
 public:
  explicit Publish(const Connection& connection)
      : Command(
            {"publish"},
            "Write a small site for all teams: by which method capacity is allocated, the plan "
            "and its strategic initiative, the rules and the headroom of each pool, how to ask, "
            "and what was decided in the last year and why. Its pages need no server and no "
            "network"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override;
  absl::Status CheckFlags() const override;
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override { return ExitCode(Write()); }

 private:
  absl::Status Write() const;
  absl::StatusOr<report::Answers> Ask() const;

  const Connection& connection_;
  std::string to_;
  std::string audience_ = "all";
};

void Publish::AddFlags(Flags& flags) {
  flags.SetFooter(kPublishExamples);
  flags
      .Add("--to", &to_,
           "The folder of the site. It is made, or replaced as a whole; one that holds anything "
           "else is refused")
      .ValueName("DIR")
      .Required();
  flags
      .Add("--audience", &audience_,
           "For whom it is. all: no number of a team or of a single request, no ROI and no "
           "identity; the reasons of decisions stand there word by word. committee: those, too, as "
           "far as the caller may see them")
      .OneOf({"all", "committee"})
      .ValueName("WHO")
      .ShowDefault();
  AddTextOutput(flags, &output_);
}

// As of a variable of a script that is not set.
absl::Status Publish::CheckFlags() const {
  return to_.empty() ? absl::InvalidArgumentError("--to: is empty; expected a folder")
                     : absl::OkStatus();
}

absl::StatusOr<report::Answers> Publish::Ask() const {
  const int64_t now = SystemClock().UnixNanos();
  return report::FetchAnswers(
      connection_,
      {.from_unix_seconds = (now / kHour * kSecondsPerHour) - kPublishedDays * kSecondsPerDay,
       .until_unix_seconds = (now / kHour + 1) * kSecondsPerHour,
       .asked_unix_seconds = now / kNanosPerSecond,
       .history = false,
       .requests = false,
       .outcomes = false,
       .administration = false});
}

absl::Status Publish::Write() const {
  const auto answers = Ask();
  if (!answers.ok()) return answers.status();
  // A site without its plan tells nobody anything.
  if (!answers->plan.ok()) return answers->plan.status();
  const auto files = report::RenderSite(report::MakeSite(
      *answers, audience_ == "all" ? report::Audience::kAll : report::Audience::kCommittee));
  if (absl::Status status = report::ReplaceSite(to_, files); !status.ok()) return status;
  if (output_ == OutputFormat::kTable) {
    return Print(fmt::format("Wrote {} pages for {}. The first one is {}/index.html.\n",
                             files.size(), audience_ == "all" ? "everybody" : "the committee",
                             Printable(to_)));
  }
  Json names = Json::array();
  for (const auto& [name, text] : files) names.push_back(name);
  return Print(Dump(Json{{"folder", to_}, {"audience", audience_}, {"files", names}}));
}

}  // namespace

std::unique_ptr<Command> MakePublish(const Connection& connection) {
  return std::make_unique<Publish>(connection);
}

}  // namespace fleetmeter::ctl
