#include "daemon/ctl/capacity/form_file.h"

#include "daemon/ctl/capacity/form_fields.h"
#include "gmock/gmock.h"

namespace fleetmeter::ctl {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr char kWhole[] = R"(
id: rl-rollouts-december
pool: research
team: rl
chip: b200
chips: 16
cores: 256
start: 2026-12-01T09:00Z
for: 14d
workload: rl-rollouts
workload_type: rl
model: flagship
run: rl-9
nature: company_goal
goal: Flagship 5
roi:
  gain: revenue
  expected: 1.5M
  low: -20K
  high: 2.5M
  confidence: 90%
  by: 2027-03-31
beyond_allocation: true
trade_off: Two sweeps wait.
note: |
  Eine Zeile.
  それから、もう一行。
)";

TEST(FormFileTest, ReadsAllOfTheForm) {
  const auto form = ReadForm("form.yaml", kWhole);
  ASSERT_TRUE(form.ok()) << form.status();
  v1::CapacityForm want;
  want.set_request_id("rl-rollouts-december");
  want.set_pool("research");
  want.set_team("rl");
  want.set_chip("b200");
  want.set_chips(16);
  want.set_cores(256);
  want.set_start_unix_seconds(1'796'115'600);
  want.set_hours(336);
  want.set_workload("rl-rollouts");
  want.set_workload_type("rl");
  want.set_model("flagship");
  want.set_run("rl-9");
  want.set_nature("company_goal");
  want.set_goal("Flagship 5");
  want.mutable_roi()->set_gain("revenue");
  want.mutable_roi()->set_expected_micro_usd(1'500'000'000'000);
  want.mutable_roi()->set_low_micro_usd(-20'000'000'000);
  want.mutable_roi()->set_high_micro_usd(2'500'000'000'000);
  want.mutable_roi()->set_confidence_basis_points(9'000);
  want.mutable_roi()->set_expected_by_unix_seconds(1'806'451'200);
  want.set_beyond_allocation(true);
  want.set_trade_off("Two sweeps wait.");
  want.set_note("Eine Zeile.\nそれから、もう一行。\n");
  EXPECT_EQ(form->DebugString(), want.DebugString());
}

TEST(FormFileTest, LeavesMissingFieldsToTheDaemon) {
  const auto form = ReadForm("form.yaml", "pool: research\n");
  ASSERT_TRUE(form.ok()) << form.status();
  EXPECT_EQ(form->chips(), 0);
  EXPECT_FALSE(form->has_roi());
  EXPECT_FALSE(form->has_cores());
}

TEST(FormFileTest, TellsEveryMistakeByItsLine) {
  const auto form = ReadForm("form.yaml",
                             "pool: research\n"
                             "chps: 16\n"
                             "chips: many\n"
                             "start: 2026-12-01T09:30Z\n"
                             "for: 90m\n"
                             "nature: urgent\n"
                             "roi: {gain: joy, expected: lots, confidense: 90%}\n"
                             "pool: research\n");
  ASSERT_EQ(form.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(
      std::string(form.status().message()),
      AllOf(HasSubstr("form.yaml:2: chps: unknown key (did you mean chips?)"),
            HasSubstr("form.yaml:3: chips: is \"many\"; expected a whole number"),
            HasSubstr("form.yaml:4: start: is \"2026-12-01T09:30Z\"; expected a full hour"),
            HasSubstr("form.yaml:5: for: is \"90m\"; expected a duration in full hours"),
            HasSubstr("form.yaml:6: nature: is \"urgent\"; expected critical"),
            HasSubstr("form.yaml:7: roi.gain: is \"joy\"; expected revenue or efficiency"),
            HasSubstr("form.yaml:7: roi.expected: is \"lots\"; expected US dollars"),
            HasSubstr("form.yaml:7: roi.confidense: unknown key (did you mean confidence?)"),
            HasSubstr("form.yaml:8: pool: is given twice")));
}

TEST(FormFileTest, RefusesTextThatIsNotUtf8) {
  const auto form = ReadForm("form.yaml", "note: \"\\xff\"\n");
  // YAML makes the character U+00FF of it, which is text.
  ASSERT_TRUE(form.ok()) << form.status();
  EXPECT_FALSE(ReadForm("form.yaml", "note: \xff\n").ok());
}

TEST(FormFileTest, SaysWhyAFileCannotBeRead) {
  EXPECT_EQ(ReadFormFile("/nowhere/form.yaml").status().code(), absl::StatusCode::kNotFound);
}

TEST(FormFieldsTest, FlagsAreNamedAsKeysAre) {
  EXPECT_EQ(FlagOf("workload_type"), "--workload-type");
  EXPECT_EQ(FlagOf("roi.low"), "--roi-low");
  EXPECT_EQ(FlagOfMessageField("start_unix_seconds"), "--start");
  EXPECT_EQ(FlagOfMessageField("roi.expected_by_unix_seconds"), "--roi-by");
  EXPECT_EQ(FlagOfMessageField("beyond_allocation"), "--beyond-allocation");
  EXPECT_EQ(FlagOfMessageField("something else"), "something else");
}

// Each field of the message can be said by a flag, so that a new one is not forgotten.
TEST(FormFieldsTest, EveryFieldOfTheFormHasAFlag) {
  const auto has_flag = [](const std::string& name) {
    return FlagOfMessageField(name).starts_with("--");
  };
  const auto& form = *v1::CapacityForm::descriptor();
  for (int i = 0; i < form.field_count(); ++i) {
    const std::string name = form.field(i)->name();
    if (name != "roi") {
      EXPECT_TRUE(has_flag(name)) << name;
    }
  }
  const auto& roi = *v1::Roi::descriptor();
  for (int i = 0; i < roi.field_count(); ++i) {
    EXPECT_TRUE(has_flag("roi." + roi.field(i)->name())) << roi.field(i)->name();
  }
}

}  // namespace
}  // namespace fleetmeter::ctl
