#include "daemon/security/audit_log.h"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/manual_clock.h"

namespace fleetmeter {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class AuditLogTest : public testing::Test {
 protected:
  AuditLogTest() { logger_->set_pattern("%v"); }

  std::vector<std::string> Lines() {
    std::vector<std::string> lines;
    std::istringstream in(out_.str());
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    out_.str("");
    return lines;
  }
  void Refuse(const std::string& peer) {
    log_.Refused(peer, {{"event", "denied"}, {"peer", peer}});
  }

  std::ostringstream out_;
  std::shared_ptr<spdlog::logger> logger_ = std::make_shared<spdlog::logger>(
      "audit", std::make_shared<spdlog::sinks::ostream_sink_mt>(out_));
  ManualClock clock_{0, 0};
  AuditLog log_{logger_, clock_};
};

TEST_F(AuditLogTest, WritesOneLineAnEventWhateverIsInIt) {
  log_.Refused("x", {{"event", "denied"},
                     {"reason", "pool"},
                     {"pool", "a\nb\" c=\\d\x1b[2J\xff"},
                     {"detail", ""}});
  EXPECT_THAT(Lines(),
              ElementsAre(R"(audit event=denied reason=pool pool="a\x0ab\" c=\\d\x1b[2J\xff")"));
}

TEST_F(AuditLogTest, AReasonOfAPersonForgesNoField) {
  log_.Done({{"event", "books_forget"}, {"reason", "sold identity=\"spiffe://x\""}});
  EXPECT_THAT(Lines(),
              ElementsAre(R"(audit event=books_forget reason="sold identity=\"spiffe://x\"")"));
}

TEST_F(AuditLogTest, APeerThatIsRefusedAgainAndAgainGetsFewLines) {
  for (int i = 0; i < 100; ++i) Refuse("a");
  EXPECT_EQ(Lines().size(), static_cast<size_t>(AuditLog::kBurst));
  Refuse("b");
  EXPECT_THAT(Lines(), ElementsAre(R"(audit event=denied peer="b")"));
  clock_.monotonic_nanos += AuditLog::kRefillNanos;
  Refuse("a");
  Refuse("a");
  EXPECT_THAT(Lines(), ElementsAre(R"(audit event=denied peer="a" left_out=90)"));
  clock_.monotonic_nanos += 1'000 * AuditLog::kRefillNanos;
  for (int i = 0; i < 100; ++i) Refuse("a");
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), static_cast<size_t>(AuditLog::kBurst));
  EXPECT_THAT(lines.front(), HasSubstr("left_out=1"));
}

TEST_F(AuditLogTest, TheEndTellsWhatWasLeftOut) {
  for (int i = 0; i < 15; ++i) Refuse("a");
  Refuse("b");
  Lines();
  log_.Flush();
  EXPECT_THAT(Lines(), ElementsAre(R"(audit event=left_out peer="a" left_out=5)"));
  log_.Flush();
  EXPECT_THAT(Lines(), ElementsAre());
}

TEST_F(AuditLogTest, StrangersWithoutEndShareOneAllowance) {
  const auto peers = static_cast<int>(AuditLog::kMaxPeers);
  for (int i = 0; i < peers; ++i) Refuse("peer " + std::to_string(i));
  EXPECT_EQ(Lines().size(), AuditLog::kMaxPeers);
  for (int i = 0; i < 100; ++i) Refuse("late " + std::to_string(i));
  EXPECT_EQ(Lines().size(), static_cast<size_t>(AuditLog::kBurst));
  // When the others have been quiet for long enough, there is room again.
  clock_.monotonic_nanos += 2 * AuditLog::kBurst * AuditLog::kRefillNanos;
  Refuse("a");
  EXPECT_THAT(Lines(), ElementsAre(R"(audit event=denied peer="a")"));
}

TEST_F(AuditLogTest, WhatIsDoneIsNeverLeftOut) {
  for (int i = 0; i < 100; ++i) log_.Done({{"event", "reload_asked"}});
  EXPECT_EQ(Lines().size(), 100U);
}

}  // namespace
}  // namespace fleetmeter
