#include "collectors/served/served_delivery.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include "daemon/base/units.h"
#include "tests/support/temp_folder.h"

namespace fleetmeter::collector {
namespace {

constexpr std::chrono::milliseconds kLongEnough{30'000};
constexpr int64_t kFirstLookAt = 1'700'000'000 * kNanosPerSecond;

// Books that know each stream's sequence, as the daemon does.
class FakeBooks {
 public:
  ServedAnswer Take(const v1::ReportRequest& request) {
    const MutexLock lock(mutex_);
    ServedAnswer answer;
    if (failures_ > 0) {
      --failures_;
      answer.status = absl::UnavailableError("nobody listens");
      return answer;
    }
    uint64_t& last = last_[request.stream_id()];
    const v1::OutcomeReport& report = request.outcomes(0);
    if (report.sequence() == last + 1 && defer_ > 0) {
      ++last;
      --defer_;
      EXPECT_TRUE(request.can_defer());
      v1::Disposition& said = *answer.ack.add_dispositions();
      said.set_sequence(report.sequence());
      said.set_code(v1::Disposition::DEFERRED);
      said.set_reason("unknown_pool");
      said.set_subject("pool 'x'");
      counted_.NotifyAll();
    } else if (report.sequence() == last + 1) {
      ++last;
      requests_ += report.inference().rows(0).requests();
      ++reports_;
      counted_.NotifyAll();
    } else {
      v1::Disposition& said = *answer.ack.add_dispositions();
      said.set_sequence(report.sequence());
      said.set_code(report.sequence() <= last ? v1::Disposition::DUPLICATE
                                              : v1::Disposition::OUT_OF_SEQUENCE);
    }
    answer.ack.set_acknowledged_through(last);
    if (lose_answers_ > 0) {
      --lose_answers_;
      answer = ServedAnswer{.status = absl::UnavailableError("cut off"), .ack = {}};
    }
    return answer;
  }

  void Fail(int times) {
    const MutexLock lock(mutex_);
    failures_ = times;
  }
  void Defer(int times) {
    const MutexLock lock(mutex_);
    defer_ = times;
  }
  // False: they have not come in time.
  bool AwaitDeferred() {
    const auto deadline = std::chrono::steady_clock::now() + kLongEnough;
    const MutexLock lock(mutex_);
    while (defer_ > 0) {
      if (!counted_.WaitUntil(mutex_, deadline)) return false;
    }
    return true;
  }
  void LoseAnswers(int times) {
    const MutexLock lock(mutex_);
    lose_answers_ = times;
  }
  void Forget() {
    const MutexLock lock(mutex_);
    last_.clear();
  }
  int64_t requests() {
    const MutexLock lock(mutex_);
    return requests_;
  }
  // False: they have not come in time.
  bool AwaitRequests(int64_t requests) {
    const auto deadline = std::chrono::steady_clock::now() + kLongEnough;
    const MutexLock lock(mutex_);
    while (requests_ < requests) {
      if (!counted_.WaitUntil(mutex_, deadline)) return false;
    }
    return true;
  }
  int reports() {
    const MutexLock lock(mutex_);
    return reports_;
  }

 private:
  Mutex mutex_;
  CondVar counted_;
  std::map<std::string, uint64_t> last_ ABSL_GUARDED_BY(mutex_);
  int64_t requests_ ABSL_GUARDED_BY(mutex_) = 0;
  int reports_ ABSL_GUARDED_BY(mutex_) = 0;
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;
  int lose_answers_ ABSL_GUARDED_BY(mutex_) = 0;
  int defer_ ABSL_GUARDED_BY(mutex_) = 0;
};

ServedReading VllmAt(int64_t seconds, int64_t requests) {
  ServedReading reading;
  reading.reported_as = "node-1/vllm";
  reading.unix_nanos = kFirstLookAt + seconds * kNanosPerSecond;
  ServedThing& thing = reading.things.emplace_back();
  thing.model = "model-a";
  thing.customer_tier = "all";
  ServedCounter& counter = reading.counters.emplace_back();
  counter.series = "requests";
  counter.value = requests;
  return reading;
}

class ServedDeliveryTest : public testing::Test {
 protected:
  std::unique_ptr<ServedDelivery> Begin() {
    ServedDeliveryOptions options;
    options.folder = folder_.path() + "/served";
    options.first_backoff = std::chrono::milliseconds(1);
    options.longest_backoff = std::chrono::milliseconds(5);
    auto delivery = std::make_unique<ServedDelivery>(
        options, [this](const v1::ReportRequest& request) { return books_.Take(request); });
    EXPECT_TRUE(delivery->Open("vllm").ok());
    delivery->Start();
    return delivery;
  }

  const TempFolder folder_;
  FakeBooks books_;
};

TEST_F(ServedDeliveryTest, CountsEveryRequestOnceOverRestarts) {
  for (int64_t run = 0; run < 3; ++run) {
    auto delivery = Begin();
    delivery->Take("vllm", VllmAt(20 * run, 10 * run));
    delivery->Take("vllm", VllmAt(20 * run + 10, 10 * run + 5));
    EXPECT_TRUE(delivery->Stop(kLongEnough).ok());
  }
  EXPECT_EQ(books_.requests(), 25);  // 5, and 10 more by each later run
}

TEST_F(ServedDeliveryTest, AnAnswerThatIsLostCountsNothingTwice) {
  books_.LoseAnswers(3);
  auto delivery = Begin();
  delivery->Take("vllm", VllmAt(0, 0));
  delivery->Take("vllm", VllmAt(10, 5));
  EXPECT_TRUE(delivery->Stop(kLongEnough).ok());
  EXPECT_EQ(books_.requests(), 5);
  EXPECT_EQ(delivery->rejected(), 0U);
}

TEST_F(ServedDeliveryTest, WhatTheDaemonDefersIsOfferedUntilItIsCounted) {
  books_.Defer(3);
  auto delivery = Begin();
  delivery->Take("vllm", VllmAt(0, 0));
  delivery->Take("vllm", VllmAt(10, 5));
  EXPECT_TRUE(books_.AwaitDeferred());
  EXPECT_TRUE(delivery->Stop(kLongEnough).ok());
  EXPECT_EQ(books_.requests(), 5);
  EXPECT_EQ(delivery->rejected(), 0U);
}

TEST_F(ServedDeliveryTest, WhatIsDeferredOutlivesTheProcess) {
  books_.Defer(1'000'000);
  {
    auto delivery = Begin();
    delivery->Take("vllm", VllmAt(0, 0));
    delivery->Take("vllm", VllmAt(10, 5));
    EXPECT_TRUE(delivery->Stop(std::chrono::milliseconds(0)).ok());  // the file keeps it
  }
  books_.Defer(0);
  auto delivery = Begin();
  delivery->Take("vllm", VllmAt(30, 8));
  EXPECT_TRUE(delivery->Stop(kLongEnough).ok());
  EXPECT_EQ(books_.requests(), 8);
}

TEST_F(ServedDeliveryTest, WhatTheDaemonDidNotTakeIsDeliveredByTheNextProcess) {
  books_.Fail(1'000'000);
  {
    auto delivery = Begin();
    delivery->Take("vllm", VllmAt(0, 0));
    delivery->Take("vllm", VllmAt(10, 5));
    EXPECT_TRUE(delivery->Stop(std::chrono::milliseconds(0)).ok());  // the file keeps it
  }
  books_.Fail(0);
  auto delivery = Begin();
  delivery->Take("vllm", VllmAt(30, 8));
  EXPECT_TRUE(delivery->Stop(kLongEnough).ok());
  EXPECT_EQ(books_.requests(), 8);
}

TEST_F(ServedDeliveryTest, BooksThatBeganAnewGetANewStream) {
  auto delivery = Begin();
  delivery->Take("vllm", VllmAt(0, 0));
  delivery->Take("vllm", VllmAt(10, 5));
  EXPECT_TRUE(delivery->Stop(kLongEnough).ok());
  books_.Forget();
  delivery.reset();
  auto next = Begin();
  next->Take("vllm", VllmAt(20, 9));
  EXPECT_TRUE(next->Stop(kLongEnough).ok());
  EXPECT_EQ(next->rejected(), 0U);
  EXPECT_GE(books_.requests(), 9);
}

// A source that a reload of the configuration has added.
TEST_F(ServedDeliveryTest, ASourceIsOpenedWhenItFirstSaysSomething) {
  const auto delivery = Begin();
  delivery->Take("sglang", VllmAt(0, 10));
  delivery->Take("sglang", VllmAt(60, 17));
  EXPECT_TRUE(delivery->Stop(kLongEnough).ok());
  EXPECT_EQ(books_.requests(), 7);
}

TEST_F(ServedDeliveryTest, ASourceThatCannotBeOpenedReportsNothing) {
  const auto other = Begin();
  other->Take("sglang", VllmAt(0, 10));
  ServedDeliveryOptions options;
  options.folder = folder_.path() + "/served";
  ServedDelivery second(options,
                        [this](const v1::ReportRequest& request) { return books_.Take(request); });
  second.Start();
  second.Take("sglang", VllmAt(0, 10));
  second.Take("sglang", VllmAt(60, 17));
  EXPECT_TRUE(second.Stop(kLongEnough).ok());
  EXPECT_EQ(books_.requests(), 0);
}

// A source that a reload has taken out of the configuration.
TEST_F(ServedDeliveryTest, ASourceThatIsRemovedDeliversItsLastWindowAtOnce) {
  const auto delivery = Begin();
  ServedReading first = VllmAt(0, 10);
  first.report_every = std::chrono::hours(1);
  ServedReading second = VllmAt(10, 17);
  second.report_every = first.report_every;
  delivery->Take("vllm", first);
  delivery->Take("vllm", second);
  EXPECT_EQ(books_.reports(), 0) << "the window is open";
  delivery->Keep({});
  EXPECT_TRUE(books_.AwaitRequests(7));
  EXPECT_TRUE(delivery->Stop(kLongEnough).ok());
  EXPECT_EQ(books_.reports(), 1);
}

// Another source may have counted the same requests meanwhile.
TEST_F(ServedDeliveryTest, ASourceThatIsRemovedAndComesBackBeginsWithAFirstLook) {
  const auto delivery = Begin();
  delivery->Take("vllm", VllmAt(0, 10));
  delivery->Take("vllm", VllmAt(10, 17));
  EXPECT_TRUE(books_.AwaitRequests(7));
  // The answer of the last report may be under way still: the source goes when it is there.
  while (!delivery->stats().empty()) delivery->Keep({});
  delivery->Keep({"vllm"});
  delivery->Take("vllm", VllmAt(1'000, 500));
  delivery->Take("vllm", VllmAt(1'010, 502));
  EXPECT_TRUE(delivery->Stop(kLongEnough).ok());
  EXPECT_EQ(books_.requests(), 9);
}

TEST_F(ServedDeliveryTest, SaysHowItsDeliveryFares) {
  books_.Fail(1'000'000);
  const auto delivery = Begin();
  delivery->Take("vllm", VllmAt(0, 10));
  delivery->Take("vllm", VllmAt(10, 17));
  delivery->Take("vllm", VllmAt(20, 3));
  const std::vector<ServedStats> before = delivery->stats();
  ASSERT_EQ(before.size(), 1U);
  EXPECT_EQ(before[0].source, "vllm");
  EXPECT_EQ(before[0].waiting, 1U);
  EXPECT_EQ(before[0].waiting_since_unix_nanos, kFirstLookAt + 10 * kNanosPerSecond);
  EXPECT_EQ(before[0].acknowledged, 0U);
  EXPECT_EQ(before[0].last_acknowledged_unix_nanos, 0);
  EXPECT_EQ(before[0].resets, 1U);
  books_.Fail(0);
  EXPECT_TRUE(delivery->Stop(kLongEnough).ok());
  const std::vector<ServedStats> after = delivery->stats();
  EXPECT_EQ(after[0].waiting, 0U);
  EXPECT_EQ(after[0].waiting_since_unix_nanos, 0);
  EXPECT_EQ(after[0].acknowledged, 2U);
  EXPECT_EQ(after[0].rejected, 0U);
  EXPECT_GT(after[0].last_acknowledged_unix_nanos, 0);
}

TEST_F(ServedDeliveryTest, OneProcessHasTheState) {
  auto delivery = Begin();
  ServedDeliveryOptions options;
  options.folder = folder_.path() + "/served";
  ServedDelivery second(options, [](const v1::ReportRequest&) { return ServedAnswer(); });
  EXPECT_EQ(second.Open("vllm").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(delivery->Stop(kLongEnough).ok());
}

TEST_F(ServedDeliveryTest, AStateThatIsDamagedIsPutAsideAndNothingIsCountedTwice) {
  {
    auto delivery = Begin();
    delivery->Take("vllm", VllmAt(0, 0));
    delivery->Take("vllm", VllmAt(10, 5));
    EXPECT_TRUE(delivery->Stop(kLongEnough).ok());
  }
  const std::string state = folder_.path() + "/served/vllm/state.json";
  std::ofstream(state, std::ios::trunc) << "{\"version\": 1";
  auto delivery = Begin();
  delivery->Take("vllm", VllmAt(20, 9));
  EXPECT_TRUE(delivery->Stop(kLongEnough).ok());
  EXPECT_EQ(books_.requests(), 5);
  EXPECT_TRUE(std::filesystem::exists(state + ".damaged"));
}

}  // namespace
}  // namespace fleetmeter::collector
