#include "daemon/ctl/capacity/next_plan.h"

#include <fstream>
#include <iterator>

#include "daemon/config/load_config.h"
#include "daemon/ctl/capacity/edit_plan.h"
#include "gmock/gmock.h"
#include "tests/unit/ctl/command_line_testing.h"

namespace fleetmeter::ctl {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr int64_t kHourSeconds = 3'600;
constexpr int64_t kNow = 1'796'083'200;  // 2026-12-01
constexpr int64_t kNanosOfSecond = 1'000'000'000;

// 100 H100e. The comments and the forms of allocations are as people write them.
constexpr char kPlan[] = R"(# Ours.
plan: small
version: 4   # grows
scenario: "all: of it"
effective_from: 2026-01-01T00:00:00Z
supply: [{chip: h100, chips: 100}]
tiers: {p0: 10%, p1: 0%, p2: 80%, buffer: 10%}
categories: {inference: 30%, training: 0%, research: 50%, safety: 10%}
pools:
  - name: serving
    category: inference
    tier: p2
    owner: "Serving, allocation: {h100e: 3}"
    contact: "#serving"
    teams: [api]
    allocation: {share: 20%}  # of all
  - {name: rl, category: research, tier: p2, owner: It's, contact: x, teams: [rl],
     allocation: {h100e: 20}}
  - name: sweeps
    category: research
    tier: p2
    owner: Sweeps
    contact: x
    teams: [sweeps]
    allocation:
      # half of the rest
      chips: 20
      chip: h100
    policy: {lendable: 50%}
)";

class NextPlanTest : public testing::Test {
 protected:
  static const Catalog& catalog() {
    static const auto loaded = LoadCatalog(Shipped("deploy/catalog/default.yaml"));
    return *loaded;
  }

  // A grant of `h100e` H100 in hours from kNow.
  void Grant(const std::string& id, const std::string& pool, int64_t h100e, int64_t from_hour,
             int64_t to_hour, bool beyond = true) {
    v1::CapacityRequest request;
    request.mutable_form()->set_request_id(id);
    request.mutable_form()->set_pool(pool);
    request.mutable_form()->set_team("rl");
    request.mutable_form()->set_chip("h100");
    request.mutable_form()->set_chips(h100e);
    request.mutable_form()->set_beyond_allocation(beyond);
    v1::CapacityGrant& grant = *request.mutable_grant();
    grant.set_chips(h100e);
    grant.set_micro_h100e(h100e * 1'000'000);
    grant.set_start_unix_seconds(kNow + from_hour * kHourSeconds);
    grant.set_end_unix_seconds(kNow + to_hour * kHourSeconds);
    grant.set_decision(2);
    grant.set_identity("spiffe://example.org/committee");
    grant.set_reason("because\n# of \x1b[2J it");
    requests_.push_back(request);
  }

  absl::StatusOr<NextPlan> Make(const std::string& text, int64_t effective_hour = 0) {
    return MakeNextPlan(
        {.path = "plan.yaml",
         .text = text,
         .requests = requests_,
         .version = std::nullopt,
         .effective_from_unix_nanos = (kNow + effective_hour * kHourSeconds) * kNanosOfSecond},
        catalog());
  }

  static double AllocationOf(const NextPlan& next, const std::string& pool) {
    return next.plan.FindPool(pool)->allocated_h100e;
  }

  std::vector<v1::CapacityRequest> requests_;
};

TEST_F(NextPlanTest, RaisesPoolsByTheMostThatGrantsBeyondAddUpTo) {
  Grant("first", "rl", 3, 0, 10);
  Grant("follows", "rl", 4, 10, 20);  // begins when the first has ended
  Grant("overlaps", "rl", 2, 15, 30);
  Grant("within", "sweeps", 9, 0, 30, false);
  const auto next = Make(kPlan);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(AllocationOf(*next, "rl"), 26);
  EXPECT_EQ(AllocationOf(*next, "sweeps"), 20);
  EXPECT_EQ(AllocationOf(*next, "serving"), 20);
  EXPECT_EQ(next->plan.version, 5u);
  EXPECT_EQ(next->plan.name, "small");
  EXPECT_EQ(next->plan.effective_from_unix_nanos, kNow * kNanosOfSecond);
  ASSERT_EQ(next->raises.size(), 1u);
  EXPECT_EQ(next->raises[0].before_micro_h100e, 20'000'000);
  EXPECT_EQ(next->raises[0].after_micro_h100e, 26'000'000);
  EXPECT_THAT(next->raises[0].request_ids, ElementsAre("first", "follows", "overlaps"));
}

TEST_F(NextPlanTest, LeavesWhatPeopleWrote) {
  Grant("more", "serving", 5, 0, 10);
  const auto next = Make(kPlan);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_THAT(next->yaml,
              AllOf(HasSubstr("# Ours.\nplan: small\nversion: 5   # grows\n"),
                    HasSubstr("effective_from: 2026-12-01T00:00:00+00:00\n"),
                    HasSubstr("    owner: \"Serving, allocation: {h100e: 3}\"\n"),
                    HasSubstr("    allocation: {h100e: 25}  # of all\n"),
                    HasSubstr("    allocation:\n      # half of the rest\n      chips: 20\n")));
}

TEST_F(NextPlanTest, NamesTheDecisionsInComments) {
  Grant("more", "serving", 5, 0, 10);
  const auto next = Make(kPlan);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_THAT(next->yaml, StartsWith("# ---- Grants beyond allocations."));
  EXPECT_THAT(next->yaml,
              AllOf(HasSubstr("# grants: serving: {share: 20%} and 5 beyond it are 25 H100e\n"),
                    HasSubstr("#   Decision 2 of 1970-01-01 by spiffe://example.org/committee "
                              "grants 5 h100 (5.0 H100e) to team rl from 2026-12-01 00:00Z for "
                              "10 h, until 2026-12-01 10:00Z (request more): because\\x0a# of "
                              "\\x1b[2J it\n")));
}

TEST_F(NextPlanTest, ChangesAllocationsInEveryForm) {
  Grant("a", "rl", 1, 0, 10);
  Grant("b", "sweeps", 2, 0, 10);
  Grant("c", "serving", 3, 0, 10);
  const auto next = Make(kPlan);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(AllocationOf(*next, "rl"), 21);
  EXPECT_EQ(AllocationOf(*next, "sweeps"), 22);
  EXPECT_EQ(AllocationOf(*next, "serving"), 23);
}

// The plan after the plan: nothing is added twice, and what has ended is given back.
TEST_F(NextPlanTest, GivesBackWhatHasEndedAndAddsNothingTwice) {
  Grant("short", "serving", 3, 0, 10);
  Grant("long", "serving", 2, 0, 30);
  Grant("block", "sweeps", 2, 0, 10);
  const auto first = Make(kPlan);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(AllocationOf(*first, "serving"), 25);

  const auto same = Make(first->yaml, 1);
  EXPECT_EQ(same.status().code(), absl::StatusCode::kFailedPrecondition) << same.status();
  EXPECT_THAT(std::string(same.status().message()),
              HasSubstr("it has what the grants beyond allocations need"));

  const auto later = Make(first->yaml, 10);
  ASSERT_TRUE(later.ok()) << later.status();
  EXPECT_EQ(AllocationOf(*later, "serving"), 22);
  EXPECT_EQ(AllocationOf(*later, "sweeps"), 20);
  EXPECT_EQ(later->plan.version, 6u);
  EXPECT_THAT(later->yaml, HasSubstr("# grants: serving: {share: 20%} and 2 beyond it are 22 "));
  EXPECT_THAT(later->yaml, HasSubstr("allocation: {chips: 20, chip: h100}\n"));

  const auto after_all = Make(later->yaml, 30);
  ASSERT_TRUE(after_all.ok()) << after_all.status();
  EXPECT_EQ(AllocationOf(*after_all, "serving"), 20);
  EXPECT_THAT(after_all->yaml, StartsWith("# Ours."));
  EXPECT_THAT(after_all->yaml, HasSubstr("    allocation: {share: 20%}  # of all\n"));
  ASSERT_EQ(after_all->raises.size(), 1u);
  EXPECT_THAT(after_all->raises[0].request_ids, testing::IsEmpty());
}

TEST_F(NextPlanTest, AddsNothingTwiceToAFileWithOtherLineEnds) {
  Grant("more", "rl", 5, 0, 10);
  const auto first = Make(kPlan);
  ASSERT_TRUE(first.ok()) << first.status();
  std::string text;
  for (const char c : first->yaml) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  Grant("again", "rl", 2, 0, 10);
  const auto second = Make(text, 1);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(AllocationOf(*second, "rl"), 27);
}

TEST_F(NextPlanTest, NamesTheGrantsThatItHas) {
  Grant("more", "rl", 3, 0, 10);
  Grant("12", "serving", 3, 5, 10);
  Grant("within", "sweeps", 9, 0, 30, false);
  Grant("ended", "rl", 3, -9, 0);
  const auto next = Make(kPlan);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_THAT(next->yaml, HasSubstr("version: 5   # grows\ngrants: [\"12\", \"more\"]\n"));
  EXPECT_THAT(next->grants, ElementsAre("12", "more"));
  EXPECT_THAT(next->plan.grants.value(), ElementsAre("12", "more"));
  const auto after = Make(next->yaml, 10);
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_THAT(after->yaml, HasSubstr("version: 6   # grows\ngrants: []\n"));
  EXPECT_TRUE(after->plan.grants.value().empty());
}

// The one that follows needs no more, and would count on top if the plan did not name it.
TEST_F(NextPlanTest, NamesAGrantThatNeedsNoMore) {
  Grant("first", "rl", 3, 0, 10);
  const auto first = Make(kPlan);
  ASSERT_TRUE(first.ok()) << first.status();
  Grant("follows", "rl", 3, 10, 20);
  const auto second = Make(first->yaml, 1);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_TRUE(second->raises.empty());
  EXPECT_THAT(second->grants, ElementsAre("first", "follows"));
}

TEST_F(NextPlanTest, LeavesWhatPeopleRaisedAndNamedByHand) {
  Grant("by-hand", "rl", 5, 0, 10);
  std::string text(kPlan);
  text.replace(text.find("{h100e: 20}"), 11, "{h100e: 25}");
  text.insert(text.find("pools:"), "grants: [by-hand]\n");
  EXPECT_EQ(Make(text).status().code(), absl::StatusCode::kFailedPrecondition);
  Grant("more", "serving", 2, 0, 10);
  const auto next = Make(text);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(AllocationOf(*next, "rl"), 25);
  EXPECT_EQ(AllocationOf(*next, "serving"), 22);
  EXPECT_THAT(next->grants, ElementsAre("by-hand", "more"));
}

TEST_F(NextPlanTest, RefusesNamesOfNoGrant) {
  Grant("more", "rl", 5, 0, 10);
  Grant("within", "rl", 1, 0, 10, false);
  for (const char* name : {"mroe", "within"}) {
    std::string text(kPlan);
    text.insert(text.find("pools:"), std::string("grants: [") + name + "]\n");
    EXPECT_THAT(std::string(Make(text).status().message()),
                HasSubstr(std::string("grants: ") + name + " is no request that was granted"));
  }
}

// Each was granted when there was room: research has 10 more at each time, and one plan has one
// allocation for all times.
TEST_F(NextPlanTest, LeavesGrantsOfLaterToThePlanAfterIt) {
  Grant("now", "rl", 10, 0, 10);
  Grant("then", "sweeps", 10, 10, 20);
  const auto next = Make(kPlan);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(AllocationOf(*next, "rl"), 30);
  EXPECT_EQ(AllocationOf(*next, "sweeps"), 20);
  EXPECT_THAT(next->grants, ElementsAre("now"));
  EXPECT_THAT(next->warnings,
              ElementsAre(AllOf(HasSubstr("does not have then"), HasSubstr("2026-12-01 10:00"))));
  const auto after = Make(next->yaml, 10);
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(AllocationOf(*after, "rl"), 20);
  EXPECT_EQ(AllocationOf(*after, "sweeps"), 30);
  EXPECT_THAT(after->grants, ElementsAre("then"));
}

TEST_F(NextPlanTest, SaysWhichSumIsExceeded) {
  Grant("much", "rl", 11, 0, 10);  // research has 50, and 40 of them are allocated
  const auto next = Make(kPlan);
  ASSERT_EQ(next.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(next.status().message()),
              AllOf(HasSubstr("plan.yaml as the next plan"), HasSubstr("research"),
                    HasSubstr("The decisions raise rl to 31.0 H100e, 11.0 of them for grants")));
}

TEST_F(NextPlanTest, RefusesAnAllocationThatSomebodyChanged) {
  Grant("more", "rl", 5, 0, 10);
  const auto first = Make(kPlan);
  ASSERT_TRUE(first.ok()) << first.status();
  std::string text = first->yaml;
  text.replace(text.find("{h100e: 25}"), 11, "{h100e: 24}");
  const auto next = Make(text, 1);
  EXPECT_EQ(next.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(next.status().message()),
              HasSubstr("pool rl is allocated 24.0 H100e, and its line about grants says 25.0"));
}

TEST_F(NextPlanTest, RefusesNotesThatCannotBeRead) {
  Grant("more", "rl", 5, 0, 10);
  const auto first = Make(kPlan);
  ASSERT_TRUE(first.ok()) << first.status();
  std::string text = first->yaml;
  text.replace(text.find(" beyond it are "), 15, " or so makes it ");
  EXPECT_THAT(std::string(Make(text, 1).status().message()),
              HasSubstr("plan.yaml:3: is no line about grants any more"));
  text = first->yaml.substr(0, first->yaml.find("# ---- End")) + "plan: x\n";
  EXPECT_FALSE(Make(text, 1).ok());
}

TEST_F(NextPlanTest, WantsALaterTimeAndAHigherVersion) {
  Grant("more", "rl", 5, 0, 10);
  NextPlanRequest request{.path = "plan.yaml",
                          .text = kPlan,
                          .requests = requests_,
                          .version = 4,
                          .effective_from_unix_nanos = kNow * kNanosOfSecond};
  EXPECT_THAT(std::string(MakeNextPlan(request, catalog()).status().message()),
              HasSubstr("--version: is 4; expected more than 4"));
  request.version = 9;
  EXPECT_TRUE(MakeNextPlan(request, catalog()).ok());
  request.effective_from_unix_nanos = 0;
  EXPECT_THAT(std::string(MakeNextPlan(request, catalog()).status().message()),
              HasSubstr("--effective-from: is not after 2026-01-01 00:00:00Z"));
}

TEST_F(NextPlanTest, SaysThatThereIsNothingToChange) {
  Grant("within", "rl", 5, 0, 10, false);
  Grant("ended", "rl", 5, -20, 0);
  const auto next = Make(kPlan);
  EXPECT_EQ(next.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(next.status().message()),
              HasSubstr("there is no grant beyond an allocation"));
}

TEST_F(NextPlanTest, WarnsOfPoolsThatThePlanDoesNotHave) {
  Grant("more", "rl", 5, 0, 10);
  Grant("lost", "gone", 5, 0, 10);
  const auto next = Make(kPlan);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_THAT(next->warnings,
              ElementsAre("pool gone has grants beyond its allocation and is no pool of the plan"));
}

// It said that there is no such grant.
TEST_F(NextPlanTest, SaysOfPoolsThatThePlanDoesNotHaveAlsoWhereNothingChanges) {
  Grant("lost", "gone", 5, 0, 10);
  const auto next = Make(kPlan);
  EXPECT_EQ(next.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(next.status().message()),
              HasSubstr("pool gone has grants beyond its allocation and is no pool of the plan"));
}

// What ships can be changed in place.
TEST_F(NextPlanTest, ChangesThePlansThatShip) {
  for (const std::string path : {"deploy/plans/example.yaml", "deploy/demo/plan.yaml"}) {
    std::ifstream file(Shipped(path));
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const auto plan = ReadPlan(path, text, catalog());
    ASSERT_TRUE(plan.ok()) << plan.status();
    requests_.clear();
    const Pool& pool = plan->pools.back();
    Grant("more", pool.name, 0, 0, 10);
    requests_.back().mutable_grant()->set_micro_h100e(500'000);  // what the sums leave
    const auto next = Make(text);
    if (path == "deploy/demo/plan.yaml") {
      ASSERT_TRUE(next.ok()) << next.status();
      EXPECT_EQ(AllocationOf(*next, pool.name), pool.allocated_h100e + 0.5);
    } else {  // research has all of its share
      EXPECT_THAT(std::string(next.status().message()), HasSubstr("The decisions raise research"));
    }
  }
}

TEST(PlanEditorTest, SaysWhatCannotBeChangedInPlace) {
  const auto flow = PlanEditor::Open("p.yaml", "{plan: a,\n version:\n 3}\n");
  ASSERT_TRUE(flow.ok()) << flow.status();
  auto editor = *flow;
  const absl::Status status = editor.SetValue("version", "4");
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("p.yaml:2: version: stands in a way that cannot be changed in place"));
  EXPECT_FALSE(editor.SetValue("effective_from", "x").ok());
  EXPECT_FALSE(editor.SetAllocation("none", "{h100e: 1}").ok());
  EXPECT_FALSE(PlanEditor::Open("p.yaml", "a: [").ok());
}

}  // namespace
}  // namespace fleetmeter::ctl
