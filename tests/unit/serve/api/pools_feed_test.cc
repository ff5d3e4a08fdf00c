#include "daemon/serve/api/pools_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>

#include "daemon/ledger/memory_ledger.h"
#include "daemon/serve/metrics/daemon_metrics.h"

namespace fleetmeter {
namespace {

using nlohmann::json;

// Goes on by a millisecond whenever it is asked, so that making a page takes that long.
class TickingClock final : public Clock {
 public:
  int64_t UnixNanos() const override { return 1'767'225'600 * kNanosPerSecond; }
  int64_t MonotonicNanos() const override { return now_ += kMillisecond; }

  static constexpr int64_t kMillisecond = 1'000'000;

 private:
  mutable std::atomic<int64_t> now_ = 0;
};

WriterSettings OnePool() {
  Plan plan;
  plan.name = "plan";
  plan.version = 1;
  Pool& pool = plan.pools.emplace_back();
  pool.name = "alpha";
  pool.allocated_h100e = 10;
  ReferenceData reference;
  reference.plans = {plan};
  WriterSettings settings;
  settings.reference = std::make_shared<const ReferenceData>(std::move(reference));
  return settings;
}

class PoolsFeedTest : public ::testing::Test {
 protected:
  // Something happens: what was made before is no longer the present.
  void Change() { writer_.Replace(OnePool()); }

  const SystemClock system_clock_;
  TickingClock clock_;
  DaemonMetrics metrics_;
  MemoryLedger ledger_;
  Writer writer_{
      {.queue_reports = 1, .commit_reports = 1}, OnePool(), system_clock_, ledger_, metrics_};
  AuditLog audit_{AuditLog::DefaultLogger(), system_clock_};
  AccessControl access_{AccessPolicy::OpenToAll(), audit_, metrics_.access(), system_clock_};
  LedgerQuestions questions_{nullptr, writer_, metrics_, system_clock_};
  QueryService query_{writer_, questions_, access_, metrics_, 1, FairShare::Sharing::kAll};
};

TEST_F(PoolsFeedTest, APageIsMadeOnceBetweenTwoChanges) {
  PoolsFeed feed(query_, /*brief=*/false, clock_);
  const auto page = feed.Take();
  EXPECT_EQ(feed.Take(), page);
  Change();
  EXPECT_NE(feed.Take(), page) << "whoever asks is told the present";
}

TEST_F(PoolsFeedTest, StreamsHaveOldPagesForTenTimesAsLongAsOneTakes) {
  PoolsFeed feed(query_, /*brief=*/false, clock_);
  const auto page = feed.TakeAtLeisure();
  int looks = 0;
  for (Change(); feed.TakeAtLeisure() == page; Change()) ++looks;
  // Each look is a millisecond, as making the page was.
  EXPECT_EQ(looks, 9);
  Change();
  const auto present = feed.Take();
  EXPECT_EQ(feed.TakeAtLeisure(), present) << "what was made for others is there for streams too";
}

TEST_F(PoolsFeedTest, ABriefPageHasTheSameFiguresWithoutLists) {
  PoolsFeed whole(query_, /*brief=*/false, clock_);
  PoolsFeed brief(query_, /*brief=*/true, clock_);
  json all = json::parse(whole.Take()->json())["pools"][0];
  json few = json::parse(brief.Take()->json())["pools"][0];
  for (const char* left_out : {"chips", "teams", "assignedChipNanosTotal", "teamNames"}) {
    all.erase(left_out);
    few.erase(left_out);
  }
  EXPECT_EQ(all, few);
  EXPECT_EQ(few["pool"], "alpha");
}

}  // namespace
}  // namespace fleetmeter
