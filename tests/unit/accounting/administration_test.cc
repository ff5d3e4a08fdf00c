// What people decide about the books, through the writer: it is committed first, then it holds; it
// holds once; and what is wrong with it is said.
#include <algorithm>

#include "daemon/accounting/source_names.h"
#include "tests/unit/accounting/writer_fixture.h"

namespace fleetmeter {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int64_t kForgetAfter = 7'200 * kNanosPerSecond;

class AdministrationTest : public WriterTest {
 protected:
  AdminAnswer Ask(AdminOrder order) {
    order.identity = "spiffe://example.org/ops/ada";
    order.reason = "returned to the vendor";
    auto promise = std::make_shared<std::promise<AdminAnswer>>();
    Submission submission;
    submission.order = std::move(order);
    submission.order_done = [promise](const AdminAnswer& answer) { promise->set_value(answer); };
    EXPECT_EQ(writer_->TrySubmit(submission), Writer::Submitted::kYes);
    return promise->get_future().get();
  }
  AdminAnswer Forget(const std::string& source) {
    AdminOrder order;
    order.action = AdminAction::kForget;
    order.source = source;
    return Ask(order);
  }
  AdminAnswer Rename(const std::string& source, const std::string& new_source) {
    AdminOrder order;
    order.action = AdminAction::kRename;
    order.source = source;
    order.new_source = new_source;
    return Ask(order);
  }

  // A window of ten chips of pool alpha.
  SubmitResult Send(const std::string& source, int64_t index, int64_t chips = 10) {
    const std::string stream = source + "-stream";
    return Submit({Numbered(++sequences_[stream],
                            Report(source, index, {Assigned("half", chips, "alpha", 1)}))},
                  stream)
        .get();
  }
  // The index of a window that ends now.
  int64_t Now() { return (clock_.UnixNanos() - kStart) / kWindow - 1; }
  void Silence() {
    clock_.Pass(kForgetAfter + kWindow);
    // The writer lets time pass after what it is given, and before what comes next.
    Submit({}, "nobody").get();
    Submit({}, "nobody").get();
  }

  std::optional<SourceFacts> Facts(const std::string& source) {
    for (const Writer::NamedSource& named : writer_->Sources()) {
      if (named.facts.source == source) return named.facts;
    }
    return std::nullopt;
  }

  std::map<std::string, uint64_t> sequences_;
};

TEST_F(AdministrationTest, AForgottenHostLeavesTheNumbers) {
  StartWriter();
  clock_.Pass(10 * kWindow);
  ASSERT_THAT(Send("gpu-17", Now()).dispositions, IsEmpty());
  Silence();
  const AdminAnswer answer = Forget("gpu-17");
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_FALSE(answer.nothing_to_do);
  EXPECT_EQ(answer.entry.number, 1);
  EXPECT_EQ(answer.entry.micro_chips, 10 * kMicroChipsPerChip);
  EXPECT_TRUE(answer.entry.whole_source);
  EXPECT_EQ(Facts("gpu-17")->state, SourceState::kForgotten);
  EXPECT_EQ(Facts("gpu-17")->micro_chips, 0);

  const LedgerTransaction committed = ledger_.last();
  ASSERT_THAT(committed.entries, SizeIs(1));
  EXPECT_EQ(committed.entries[0].identity, "spiffe://example.org/ops/ada");
  EXPECT_EQ(committed.entries[0].reason, "returned to the vendor");
  EXPECT_EQ(committed.entries[0].source, "gpu-17");
}

TEST_F(AdministrationTest, ForgettingAgainChangesNothing) {
  StartWriter();
  clock_.Pass(10 * kWindow);
  Send("gpu-17", Now());
  Silence();
  ASSERT_TRUE(Forget("gpu-17").status.ok());
  const AdminAnswer again = Forget("gpu-17");
  ASSERT_TRUE(again.status.ok()) << again.status;
  EXPECT_TRUE(again.nothing_to_do);
  EXPECT_EQ(again.entry.number, 1);
  EXPECT_THAT(writer_->Entries(), SizeIs(1));
}

TEST_F(AdministrationTest, AHostThatComesBackIsBackAndCanBeForgottenAgain) {
  StartWriter();
  clock_.Pass(10 * kWindow);
  Send("gpu-17", Now());
  Silence();
  ASSERT_TRUE(Forget("gpu-17").status.ok());
  ASSERT_THAT(Send("gpu-17", Now()).dispositions, IsEmpty());
  EXPECT_EQ(Facts("gpu-17")->state, SourceState::kLive);
  Silence();
  EXPECT_EQ(Facts("gpu-17")->state, SourceState::kUnaccounted);
  EXPECT_EQ(Forget("gpu-17").entry.number, 2);
}

TEST_F(AdministrationTest, ALiveHostIsNotForgotten) {
  StartWriter();
  clock_.Pass(10 * kWindow);
  Send("gpu-17", Now());
  const AdminAnswer answer = Forget("gpu-17");
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(answer.status.message()), HasSubstr("\"gpu-17\" is live"));
  EXPECT_EQ(Facts("gpu-17")->micro_chips, 10 * kMicroChipsPerChip);
  EXPECT_THAT(writer_->Entries(), IsEmpty());
}

TEST_F(AdministrationTest, OfALiveHostChipsThatItNoLongerListsAreForgotten) {
  StartWriter();
  clock_.Pass(10 * kWindow);
  Send("gpu-17", Now(), 10);
  clock_.Pass(kWindow);
  Send("gpu-17", Now(), 6);
  EXPECT_EQ(Facts("gpu-17")->unlisted_micro_chips, 4 * kMicroChipsPerChip);
  const AdminAnswer answer = Forget("gpu-17");
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.entry.micro_chips, 4 * kMicroChipsPerChip);
  EXPECT_FALSE(answer.entry.whole_source);
  EXPECT_EQ(Facts("gpu-17")->state, SourceState::kLive);
  EXPECT_EQ(Facts("gpu-17")->micro_chips, 6 * kMicroChipsPerChip);
  EXPECT_EQ(Facts("gpu-17")->unlisted_micro_chips, 0);
}

TEST_F(AdministrationTest, AnUnknownNameIsToldTheNearest) {
  StartWriter();
  clock_.Pass(10 * kWindow);
  Send("gpu-17", Now());
  const AdminAnswer answer = Forget("gpu-71");
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(answer.status.message()), HasSubstr("the nearest are: gpu-17"));
}

TEST_F(AdministrationTest, WhatTheLedgerRefusesDoesNotHold) {
  StartWriter();
  clock_.Pass(10 * kWindow);
  Send("gpu-17", Now());
  Silence();
  ledger_.Fail(absl::ResourceExhaustedError("disk full"));
  EXPECT_EQ(Forget("gpu-17").status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Facts("gpu-17")->micro_chips, 10 * kMicroChipsPerChip);
  EXPECT_THAT(writer_->Entries(), IsEmpty());
  ledger_.Fail(absl::OkStatus());
  EXPECT_EQ(Forget("gpu-17").entry.number, 1);
}

TEST_F(AdministrationTest, ARenamedHostIsCountedOnce) {
  StartWriter();
  clock_.Pass(10 * kWindow);
  Send("gpu-17", Now());
  const int64_t counted = Now();
  Silence();
  ASSERT_THAT(Send("gpu-17.east", Now()).dispositions, IsEmpty());
  const AdminAnswer answer = Rename("gpu-17", "gpu-17.east");
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.entry.micro_chips, 10 * kMicroChipsPerChip);
  EXPECT_EQ(Facts("gpu-17"), std::nullopt);
  EXPECT_EQ(Facts("gpu-17.east")->micro_chips, 10 * kMicroChipsPerChip);
  EXPECT_EQ(Facts("gpu-17.east")->unlisted_micro_chips, 0);

  // The same time is not counted again, by whatever name it comes.
  for (const std::string name : {"gpu-17", "gpu-17.east"}) {
    const SubmitResult result = Send(name, counted);
    ASSERT_THAT(result.dispositions, SizeIs(1)) << name;
    EXPECT_EQ(result.dispositions[0].rejection.reason, RejectReason::kWindowOverlap) << name;
  }
  // Late reports under the old name, of time that was not counted, count for the host.
  const SubmitResult late = Send("gpu-17", counted + 1);
  EXPECT_THAT(late.dispositions, IsEmpty());
  EXPECT_EQ(Facts("gpu-17"), std::nullopt);
}

TEST_F(AdministrationTest, ChipsThatTheNewNameDoesNotListAreUnaccountedFor) {
  StartWriter();
  clock_.Pass(10 * kWindow);
  Send("gpu-17", Now(), 10);
  Silence();
  Send("gpu-17.east", Now(), 6);
  ASSERT_TRUE(Rename("gpu-17", "gpu-17.east").status.ok());
  EXPECT_EQ(Facts("gpu-17.east")->micro_chips, 6 * kMicroChipsPerChip);
  EXPECT_EQ(Facts("gpu-17.east")->unlisted_micro_chips, 4 * kMicroChipsPerChip);
}

TEST_F(AdministrationTest, RenamingAgainChangesNothingAndChainsHold) {
  StartWriter();
  clock_.Pass(10 * kWindow);
  Send("a", Now());
  Silence();
  Send("b", Now());
  ASSERT_TRUE(Rename("a", "b").status.ok());
  EXPECT_TRUE(Rename("a", "b").nothing_to_do);
  EXPECT_EQ(Rename("b", "a").status.code(), absl::StatusCode::kFailedPrecondition);
  Silence();
  Send("c", Now());
  ASSERT_TRUE(Rename("b", "c").status.ok());
  EXPECT_TRUE(Rename("a", "c").nothing_to_do);
  const auto sources = writer_->Sources();
  const auto c = std::find_if(sources.begin(), sources.end(),
                              [](const auto& named) { return named.facts.source == "c"; });
  ASSERT_NE(c, sources.end());
  EXPECT_THAT(c->other_names, ElementsAre("a", "b"));
  EXPECT_THAT(writer_->Entries(), SizeIs(2));
}

TEST_F(AdministrationTest, ALiveOldNameAndAnUnknownNewOneAreRefused) {
  StartWriter();
  clock_.Pass(10 * kWindow);
  Send("gpu-17", Now());
  Send("gpu-18", Now());
  EXPECT_THAT(std::string(Rename("gpu-17", "gpu-18").status.message()), HasSubstr("is live"));
  Silence();
  const AdminAnswer answer = Rename("gpu-17", "gpu-81");
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(answer.status.message()), HasSubstr("\"gpu-81\" is not a source"));
  EXPECT_EQ(Rename("gpu-17", "gpu-17").status.code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(AdministrationTest, ARestartRemembersNamesAndEntries) {
  ledger_.restored.entries = {{.number = 1,
                               .entered_unix_nanos = kStart,
                               .action = AdminAction::kRename,
                               .identity = "local",
                               .reason = "r",
                               .source = "a",
                               .new_source = "b",
                               .micro_chips = 0,
                               .whole_source = false,
                               .from_day = 0,
                               .to_day = 0,
                               .old_price_book_version = 0,
                               .price_book_version = 0,
                               .priced_requests = 0,
                               .revenue_micro_usd = 0,
                               .repriced = {}}};
  ledger_.restored.aliases = {{"a", "b"}};
  StartWriter();
  clock_.Pass(10 * kWindow);
  Send("a", Now());
  EXPECT_EQ(Facts("a"), std::nullopt);
  ASSERT_TRUE(Facts("b"));
  EXPECT_THAT(writer_->Entries(), SizeIs(1));
}

TEST(SourceNames, ARenamedNameFollowsTheNextRename) {
  SourceNames names;
  names.Rename("a", "b");
  names.Rename("b", "c");
  EXPECT_EQ(names.Of("a"), "c");
  EXPECT_EQ(names.Of("b"), "c");
  EXPECT_EQ(names.Of("c"), "c");
  EXPECT_EQ(names.Of("d"), "d");
  EXPECT_THAT(names.OtherNamesOf("c"), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace fleetmeter
