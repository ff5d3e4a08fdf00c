#include "daemon/domain/capacity/check_form.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/domain/capacity/capacity_maker.h"

namespace fleetmeter::capacity::check_form_testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<Violation> Check(const CapacityForm& form, bool knows_supply = false) {
  const ReferenceData reference = MakeReference();
  return CheckForm(form, {.plan = reference.plans.front(),
                          .catalog = reference.catalog,
                          .now_unix_seconds = kPresent,
                          .knows_supply = knows_supply});
}

auto Names(const std::string& field, const std::string& text) {
  return AllOf(Field(&Violation::path, field), Field(&Violation::message, HasSubstr(text)));
}

CapacityForm BeyondAllocation() { return Beyond(MakeForm("req-1")); }

TEST(CheckForm, TakesWhatIsInOrder) {
  EXPECT_THAT(Check(MakeForm("req-1")), IsEmpty());
  EXPECT_THAT(Check(BeyondAllocation()), IsEmpty());
  CapacityForm form = MakeForm("a.B_c-9");
  form.nature = Nature::kCompanyGoal;
  form.goal = "Ziel: 安全 и доверие";
  form.note = "Zwei\nZeilen,\tund\r\nnoch eine: \u0627\u0644\u0639\u0631\u0628\u064a\u0629";
  form.cores = 64;
  EXPECT_THAT(Check(form), IsEmpty());
}

TEST(CheckForm, NamesTheNearestOfWhatIsUnknown) {
  CapacityForm form = MakeForm("req-1");
  form.pool = "servin";
  form.chip = "trainum2";
  EXPECT_THAT(Check(form), ElementsAre(Names("pool", "the nearest is 'serving'"),
                                       Names("chip", "the nearest is 'trainium2'")));
  form = MakeForm("req-1");
  form.team = "evals";
  EXPECT_THAT(Check(form), ElementsAre(Names("team", "is not a team of pool 'serving'")));
  EXPECT_THAT(Check(form), ElementsAre(Names("team", "expected one of: ")));
}

TEST(CheckForm, RefusesIdsThatFilesAndAddressesCouldNotHold) {
  for (const std::string id : {"", "a/b", "-a", "with space", "ä"}) {
    EXPECT_THAT(Check(MakeForm(id)), ElementsAre(Names("request_id", "expected letters"))) << id;
  }
  EXPECT_THAT(Check(MakeForm(std::string(64, 'a'))), IsEmpty());
  EXPECT_THAT(Check(MakeForm(std::string(65, 'a'))),
              ElementsAre(Names("request_id", "at most 64")));
}

TEST(CheckForm, BoundsChipsAndCores) {
  CapacityForm form = MakeForm("req-1");
  for (const int64_t chips : {int64_t{0}, int64_t{-1}, INT64_MIN, INT64_MAX, kMostChips + 1}) {
    form.chips = chips;
    EXPECT_THAT(Check(form), ElementsAre(Names("chips", "expected 1 to 100000000"))) << chips;
  }
  form.chips = 1;
  for (const int64_t cores : {int64_t{0}, int64_t{-5}, INT64_MAX}) {
    form.cores = cores;
    EXPECT_THAT(Check(form), ElementsAre(Names("cores", "expected 1 to"))) << cores;
  }
}

TEST(CheckForm, RefusesMoreThanTheSupplyWithBothSums) {
  CapacityForm form = MakeForm("req-1");
  form.chip = "trainium2";
  form.chips = 1'500;
  EXPECT_THAT(Check(form), IsEmpty()) << "it is just the supply";
  form.workload_type = "decode";
  EXPECT_THAT(Check(form), IsEmpty()) << "the supply is not counted by workload type either";
  form.chips = 1'503;
  EXPECT_THAT(Check(form, true), ElementsAre(AllOf(Names("chips", "1,002 H100e"),
                                                   Names("chips", "at most 1,000 H100e"),
                                                   Names("chips", "plan 'small' version 3"))));
  // To whoever may not know how much there is, it is more than there is.
  EXPECT_THAT(Check(form), ElementsAre(AllOf(Names("chips",
                                                   "1,002 H100e; expected no more than the whole "
                                                   "supply of plan 'small' version 3"),
                                             Not(Names("chips", "1,000")))));
}

TEST(CheckForm, BoundsTheDuration) {
  CapacityForm form = MakeForm("req-1");
  for (const int64_t hours : {int64_t{0}, int64_t{-1}, int64_t{100} * 366 * 24, INT64_MAX}) {
    form.hours = hours;
    EXPECT_THAT(Check(form), ElementsAre(Names("hours", "three years"))) << hours;
  }
  form.hours = kMostHours;
  EXPECT_THAT(Check(form), IsEmpty());
}

TEST(CheckForm, TakesAStartThatIsAFullHourAndNotFarAway) {
  CapacityForm form = MakeForm("req-1");
  form.start_unix_seconds = At(10) + 60;
  EXPECT_THAT(Check(form), ElementsAre(Names("start_unix_seconds", "a full hour")));
  for (const int64_t start :
       {At(-kMostHoursAgo - 1), At(kMostHours + 1), int64_t{0}, INT64_MIN, INT64_MAX}) {
    form.start_unix_seconds = start;
    EXPECT_THAT(Check(form), ElementsAre(Names("start_unix_seconds", "two weeks ago"))) << start;
  }
}

// Whoever gives no start was told of 1970.
TEST(CheckForm, AStartThatIsNotGivenIsMissing) {
  CapacityForm form = MakeForm("req-1");
  form.start_unix_seconds = 0;
  EXPECT_THAT(Check(form), ElementsAre(Names("start_unix_seconds", "is missing; expected")));
}

TEST(CheckForm, TakesWorkThatHasBegunButNoneThatIsOver) {
  CapacityForm form = MakeForm("req-1");
  form.start_unix_seconds = At(-4);
  form.hours = 5;
  EXPECT_THAT(Check(form), IsEmpty()) << "it ends within the present hour";
  form.hours = 4;
  EXPECT_THAT(Check(form), ElementsAre(Names("hours", "it was over at 2027-01-15 08:00:00Z")));
}

TEST(CheckForm, NeedsTheWorkload) {
  CapacityForm form = MakeForm("req-1");
  form.workload = " \t";
  EXPECT_THAT(Check(form), testing::Contains(Names("workload", "is empty")));
  form.workload = std::string(129, 'w');
  EXPECT_THAT(Check(form), ElementsAre(Names("workload", "129 bytes long; expected at most 128")));
}

TEST(CheckForm, NeedsTheGoalOfAGoalAndOfNothingElse) {
  CapacityForm form = MakeForm("req-1");
  form.nature = Nature::kCompanyGoal;
  EXPECT_THAT(Check(form), ElementsAre(Names("goal", "is empty")));
  form.goal = "faster evaluations";
  EXPECT_THAT(Check(form), IsEmpty());
  form.nature = Nature::kCritical;
  EXPECT_THAT(Check(form), ElementsAre(Names("goal", "the nature is critical")));
}

TEST(CheckForm, SaysWhatIsMissingBeyondTheAllocation) {
  CapacityForm form = MakeForm("req-1");
  form.beyond_allocation = true;
  EXPECT_THAT(Check(form), ElementsAre(Names("roi", "is missing"), Names("trade_off", "is empty")));
}

TEST(CheckForm, NeedsADateOfTheGain) {
  CapacityForm form = BeyondAllocation();
  form.roi->expected_by_unix_seconds = 0;
  EXPECT_THAT(Check(form), ElementsAre(Names("roi.expected_by_unix_seconds", "is missing")));
  form.roi->expected_by_unix_seconds = At(0);
  EXPECT_THAT(Check(form),
              ElementsAre(Names("roi.expected_by_unix_seconds", "the start of a day")));
  form.roi->expected_by_unix_seconds = MakeRoi().expected_by_unix_seconds - 2 * 86'400;
  EXPECT_THAT(Check(form),
              ElementsAre(Names("roi.expected_by_unix_seconds", "from the request's start")));
  form.roi->expected_by_unix_seconds = MakeRoi().expected_by_unix_seconds + 4'000 * 86'400;
  EXPECT_THAT(Check(form), ElementsAre(Names("roi.expected_by_unix_seconds", "ten years")));
}

TEST(CheckForm, RefusesAnIntervalThatIsNone) {
  CapacityForm form = BeyondAllocation();
  form.roi->low_micro_usd = 3'000'000 * kMicro;
  EXPECT_THAT(Check(form), ElementsAre(AllOf(Names("roi.low_micro_usd", "is 3,000,000.00 USD"),
                                             Names("roi.low_micro_usd", "2,000,000.00 USD"))));
  form.roi = MakeRoi();
  form.roi->high_micro_usd = 900'000 * kMicro;
  EXPECT_THAT(Check(form), ElementsAre(Names("roi.expected_micro_usd", "within its interval")));
  form.roi = MakeRoi();
  form.roi->expected_micro_usd = 0;
  form.roi->low_micro_usd = -kMicro;
  EXPECT_THAT(Check(form), ElementsAre(Names("roi.expected_micro_usd", "more than 0")));
  form.roi = MakeRoi();
  form.roi->high_micro_usd = INT64_MAX;
  EXPECT_THAT(Check(form), ElementsAre(Names("roi.high_micro_usd", "expected -")));
  for (const int64_t confidence : {0, -1, 10'001}) {
    form.roi = MakeRoi();
    form.roi->confidence_basis_points = confidence;
    EXPECT_THAT(Check(form), ElementsAre(Names("roi.confidence_basis_points", "1 to 10000")));
  }
}

TEST(CheckForm, BoundsTextAndTakesNoControlCharacters) {
  CapacityForm form = MakeForm("req-1");
  form.note = std::string(kMostTextBytes, 'x');
  EXPECT_THAT(Check(form), IsEmpty());
  form.note += 'x';
  EXPECT_THAT(Check(form), ElementsAre(Names("note", "4097 bytes long; expected at most 4096")));
  for (const char* text : {"a\rb", "bell \a", "\x1b[2J", "c1 \xc2\x9b"}) {
    form.note = text;
    EXPECT_THAT(Check(form), ElementsAre(Names("note", "a control character")));
  }
  form.note = "\xff";
  EXPECT_THAT(Check(form), ElementsAre(Names("note", "is not UTF-8 at byte 0")));
  form = MakeForm("req-1");
  form.model = "a\nb";
  EXPECT_THAT(Check(form), ElementsAre(Names("model", "a control character")));
}

TEST(CheckForm, SaysAllThatIsWrongAtOnce) {
  CapacityForm form;
  form.beyond_allocation = true;
  std::vector<std::string> fields;
  for (const Violation& violation : Check(form)) fields.push_back(violation.path);
  EXPECT_THAT(fields, ElementsAre("request_id", "pool", "chip", "chips", "hours",
                                  "start_unix_seconds", "workload", "roi", "trade_off"));
}

TEST(WorthOf, CountsByTheWorkloadType) {
  const Catalog catalog = MakeCatalog();
  EXPECT_EQ(WorthOf(catalog, "trainium2", 10, "", kPresent), (Worth{6'666'667, 7}));
  EXPECT_EQ(WorthOf(catalog, "trainium2", 5, "", kPresent), (Worth{3'333'333, 7}));
  EXPECT_EQ(WorthOf(catalog, "trainium2", 10, "decode", kPresent), (Worth{5'000'000, 7}));
  EXPECT_EQ(WorthOf(catalog, "trainium2", 10, "prefill", kPresent), (Worth{6'666'667, 7}));
  EXPECT_EQ(WorthOf(catalog, "unknown", 10, "", kPresent), (Worth{0, 7}));
}

TEST(WorthOf, CountsByTheConversionOfTheTime) {
  ChipKind kind;
  kind.name = "chip";
  kind.conversions.resize(2);
  kind.conversions[0].chips_per_h100e = {1, 1};
  kind.conversions[1].chips_per_h100e = {2, 1};
  kind.conversions[1].effective_from_unix_nanos = At(0) * 1'000'000'000;
  const Catalog catalog(1, {kind});
  EXPECT_EQ(WorthOf(catalog, "chip", 4, "", At(0) - 1).micro_h100e, 4 * kMicro);
  EXPECT_EQ(WorthOf(catalog, "chip", 4, "", At(0)).micro_h100e, 2 * kMicro);
  EXPECT_EQ(WorthOf(catalog, "chip", 4, "", INT64_MAX).micro_h100e, 2 * kMicro);
  EXPECT_EQ(WorthOf(catalog, "chip", 4, "", INT64_MIN).micro_h100e, 4 * kMicro);
}

TEST(MicroH100eHours, HasRoomForAll) {
  EXPECT_EQ(MicroH100eHours({2'500'000, 1}, 4), 10'000'000);
  EXPECT_EQ(MicroH100eHours({INT64_MAX, 1}, kMostHours), INT64_MAX);
}

}  // namespace
}  // namespace fleetmeter::capacity::check_form_testing
