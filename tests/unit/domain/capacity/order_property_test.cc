// Random orders, one after the other: what holds of all of them.
#include <array>
#include <random>

#include "daemon/base/units.h"
#include "daemon/domain/capacity/capacity_order.h"
#include "gtest/gtest.h"
#include "tests/unit/domain/capacity/capacity_maker.h"

namespace fleetmeter::capacity::order_property_testing {
namespace {

class RandomOrders {
 public:
  explicit RandomOrders(uint64_t seed) : random_(seed) {}

  int64_t Draw(int64_t below) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(below));
  }

  CapacityOrder Next(const BookMaker& maker) {
    CapacityOrder order;
    order.identity = Draw(2) == 0 ? "bob" : "carol";
    order.reason = Draw(12) == 0 ? "" : "reason " + std::to_string(Draw(3));
    switch (Draw(7)) {
      case 0:
      case 1:
        order.what = Submission(maker);
        break;
      case 2:
        order.what = WithdrawOrder{Id()};
        break;
      case 3:
        order.what = RankOrder{"serving", kNatures[static_cast<size_t>(Draw(3))], Workloads()};
        break;
      case 4:
        order.what = ReleaseOrder{Id(), At(Draw(30))};
        break;
      default:
        order.what = DecideOrder{Decisions(maker)};
    }
    return order;
  }

 private:
  std::string Id() { return "r" + std::to_string(Draw(8)); }

  SubmitOrder Submission(const BookMaker& maker) {
    CapacityForm form = MakeForm(Id());
    form.chips = 60 + Draw(120);
    form.start_unix_seconds = At(Draw(12) - 3);
    form.hours = 4 + Draw(8);
    form.workload = "w" + std::to_string(Draw(3));
    form.nature = Draw(2) == 0 ? Nature::kCritical : Nature::kGrowthBet;
    if (Draw(3) == 0) form = Beyond(form);
    const CapacityRequest* known = maker.book().Find(form.request_id);
    if (known == nullptr || Draw(4) == 0) return {form, {}};
    return {form, known->revision - Draw(2)};
  }

  std::vector<std::string> Workloads() {
    std::vector<std::string> workloads = {"w0", "w1"};
    if (Draw(2) == 0) std::swap(workloads[0], workloads[1]);
    return workloads;
  }

  std::vector<Decision> Decisions(const BookMaker& maker) {
    std::vector<Decision> decisions;
    for (const auto& [id, request] : maker.book().requests()) {
      if (Draw(3) != 0) continue;
      Decision decision = Granting(id, Draw(4) == 0 ? 0 : 1 + Draw(request->form.chips));
      if (Draw(3) == 0) decision.revision = request->revision - Draw(2);
      if (decision.chips > 0 && Draw(3) == 0) decision.hours = 1 + Draw(6);
      decisions.push_back(decision);
    }
    return decisions;
  }

  std::mt19937_64 random_;
};

// What the events of an answer have in common.
void ExpectInOrder(const CapacityAnswer& answer, const CapacityBook& before, int64_t now) {
  int64_t number = before.last_number();
  for (const CapacityEvent& event : answer.events) {
    ASSERT_EQ(event.number, ++number);
    ASSERT_EQ(event.at_unix_nanos, now * kNanosPerSecond);
    const CapacityRequest* request = before.Find(event.request_id);
    const bool is_rank = event.action == Action::kRank;
    ASSERT_EQ(event.revision, is_rank ? 0 : request == nullptr ? 1 : request->revision + 1);
    if (event.action == Action::kGrant) {
      ASSERT_LE(event.granted_chips, request->form.chips);
      ASSERT_GT(event.end_unix_seconds, now);
    }
    const bool decides = event.action == Action::kGrant || event.action == Action::kDecline;
    ASSERT_EQ(event.decision, decides ? before.last_decision() + 1 : 0);
  }
}

TEST(Orders, GivenTwiceAreGivenOnceAndKeepThePlan) {
  std::array<int, kActions.size()> seen = {};
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    RandomOrders orders(seed);
    BookMaker maker;
    for (int64_t step = 0; step < 40; ++step) {
      const int64_t now = kPresent + step * 300;
      const CapacityOrder order = orders.Next(maker);
      const CapacityBook before = maker.book();
      const CapacityAnswer answer = maker.Order(order, now);
      ASSERT_EQ(answer.status.ok(), !answer.events.empty() || answer.nothing_to_do);
      ExpectInOrder(answer, before, now);
      if (testing::Test::HasFatalFailure()) FAIL() << "seed " << seed << " step " << step;
      for (const CapacityEvent& event : answer.events) ++seen[static_cast<size_t>(event.action)];
      ASSERT_TRUE(CheckCommitments(maker.book(), maker.reference(), now).ok()) << "seed " << seed;
      if (!answer.status.ok()) continue;
      const CapacityAnswer again = maker.Order(order, now);
      ASSERT_TRUE(again.status.ok()) << "seed " << seed << " step " << step << again.status;
      ASSERT_TRUE(again.nothing_to_do) << "seed " << seed << " step " << step;
    }
  }
  for (const Action action : kActions) {
    EXPECT_GT(seen[static_cast<size_t>(action)], 30) << Name(action);
  }
}

}  // namespace
}  // namespace fleetmeter::capacity::order_property_testing
