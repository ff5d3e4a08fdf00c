// What was asked for and decided about capacity: kept, found again after a restart, and checked.
#include <algorithm>
#include <filesystem>

#include "daemon/ledger/read/read_capacity_events.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "daemon/ledger/sqlite/ledger_schema.h"
#include "daemon/ledger/tools/backup.h"
#include "daemon/ledger/tools/verify.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

using capacity::Action;
using capacity::CapacityEvent;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string TextOf(const std::vector<CapacityEvent>& events) {
  std::string text;
  for (const CapacityEvent& event : events) text += fleetmeter::TextOf(event);
  return text;
}

class CapacityEventsTest : public testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  void Reopen() {
    ledger_.reset();
    books_ = {};
    ledger_ = OpenLedger(LedgerOptions(path_), &books_);
    ASSERT_NE(ledger_, nullptr);
  }
  absl::Status Commit(const std::vector<CapacityEvent>& events) {
    LedgerTransaction transaction;
    transaction.now_unix_nanos = kLedgerStart;
    transaction.capacity = events;
    return ledger_->Commit(transaction);
  }
  // At least so many random events.
  void Fill(size_t count) {
    while (maker_.events().size() < count) {
      const std::vector<CapacityEvent> events = maker_.Next(kLedgerStart);
      const absl::Status status = Commit(events);
      ASSERT_TRUE(status.ok()) << status;
      maker_.Committed(events);
    }
  }
  // The next one, to be spoiled.
  CapacityEvent NextEvent() {
    for (;;) {
      const std::vector<CapacityEvent> events = maker_.Next(kLedgerStart);
      if (!events.empty()) return events.front();
    }
  }
  std::vector<std::string> Findings() {
    const auto report = VerifyLedger(path_);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? report->findings : std::vector<std::string>{};
  }
  // What a start says about the file as it is now.
  absl::Status Start() {
    auto ledger = SqliteLedger::Open(LedgerOptions(path_));
    return ledger.ok() ? (*ledger)->Restore().status() : ledger.status();
  }

  TempFolder folder_;
  std::string path_ = folder_.PathOf("books");
  std::unique_ptr<SqliteLedger> ledger_;
  RestoredBooks books_;
  CapacityMaker maker_{11};
};

TEST_F(CapacityEventsTest, AreThereAfterARestart) {
  EXPECT_THAT(books_.capacity, IsEmpty());
  Fill(400);
  Reopen();
  EXPECT_TRUE(books_.capacity == maker_.events());
  EXPECT_THAT(Findings(), IsEmpty());
  EXPECT_EQ(VerifyLedger(path_)->capacity_events, static_cast<int64_t>(maker_.events().size()));
  // And go on from there.
  Fill(maker_.events().size() + 1);
  Reopen();
  EXPECT_EQ(TextOf(books_.capacity), TextOf(maker_.events()));
}

TEST_F(CapacityEventsTest, HoldEveryAction) {
  Fill(400);
  for (const Action action : capacity::kActions) {
    EXPECT_THAT(maker_.events(), Contains(testing::Field(&CapacityEvent::action, action)));
    EXPECT_GT(ReadInteger(path_, "SELECT count(*) FROM capacity_events WHERE action = '" +
                                     std::string(Name(action)) + "'"),
              0);
  }
}

TEST_F(CapacityEventsTest, AreReadByOtherProgramsToo) {
  Fill(50);
  const auto database = OpenLedgerToRead(path_);
  ASSERT_TRUE(database.ok()) << database.status();
  const auto events = ReadCapacityEvents(**database);
  ASSERT_TRUE(events.ok()) << events.status();
  EXPECT_TRUE(*events == maker_.events());
}

TEST_F(CapacityEventsTest, AreRefusedWhenTheyDoNotFollow) {
  Fill(20);
  CapacityEvent event = NextEvent();
  ++event.number;
  EXPECT_EQ(Commit({event}).code(), absl::StatusCode::kInvalidArgument);
  event.number -= 2;
  EXPECT_EQ(Commit({event}).code(), absl::StatusCode::kInvalidArgument);
  // Again, with the next number.
  event = *std::find_if(maker_.events().begin(), maker_.events().end(),
                        [](const CapacityEvent& e) { return e.action == Action::kSubmit; });
  event.number = maker_.events().back().number + 1;
  EXPECT_EQ(Commit({event}).code(), absl::StatusCode::kInvalidArgument);
  event = NextEvent();
  CapacityEvent second = event;
  EXPECT_EQ(Commit({event, second}).code(), absl::StatusCode::kInvalidArgument);
  // Nothing of them is there, and the ledger goes on.
  Fill(21);
  Reopen();
  EXPECT_EQ(TextOf(books_.capacity), TextOf(maker_.events()));
}

TEST_F(CapacityEventsTest, AreRefusedWhenARowCannotHoldThem) {
  const auto refused = [&](const auto& spoil) {
    CapacityEvent event;
    event.number = 1;
    event.action = Action::kSubmit;
    event.request_id = event.form.request_id = "r";
    event.revision = 1;
    event.form.chips = 4;
    spoil(event);
    return Commit({event}).code() == absl::StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused([](CapacityEvent& e) { e.form.chips = -1; }));
  EXPECT_TRUE(refused([](CapacityEvent& e) { e.form.hours = -1; }));
  EXPECT_TRUE(refused([](CapacityEvent& e) { e.form.cores = -1; }));
  EXPECT_TRUE(refused([](CapacityEvent& e) { e.worth.micro_h100e = -1; }));
  EXPECT_TRUE(refused([](CapacityEvent& e) { e.request_id = e.form.request_id = ""; }));
  EXPECT_TRUE(refused([](CapacityEvent& e) { e.form.request_id = "another"; }));
  EXPECT_TRUE(refused([](CapacityEvent& e) { e.granted_chips = 4; }));
  EXPECT_TRUE(refused([](CapacityEvent& e) { e.pool = "serving"; }));
  EXPECT_FALSE(refused([](CapacityEvent&) {}));
}

TEST_F(CapacityEventsTest, AMissingEventIsFound) {
  Fill(30);
  ledger_.reset();
  Tamper(path_,
         "DELETE FROM capacity_events WHERE number = 7; "
         "DELETE FROM capacity_event_workloads WHERE number = 7");
  EXPECT_THAT(Findings(), Contains(HasSubstr("event 8 of requests")).Times(1));
  EXPECT_EQ(Start().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(Start().message()),
              HasSubstr("does not follow the number of the one before it"));
}

TEST_F(CapacityEventsTest, AChangedRowIsFoundByItsChecksum) {
  Fill(30);
  ledger_.reset();
  const auto database = Database::Open(path_, {});
  ASSERT_TRUE((*database)
                  ->Execute("UPDATE capacity_events SET reason = reason || '!' WHERE number = 7")
                  .ok());
  EXPECT_THAT(Findings(), Contains(HasSubstr("capacity_events")));
  EXPECT_EQ(Start().code(), absl::StatusCode::kDataLoss);
}

TEST_F(CapacityEventsTest, WhatNoProgramWroteIsFound) {
  const auto found = [&](const std::string& sql, const std::string& text) {
    Fill(60);
    ledger_.reset();
    const std::string spoiled = folder_.PathOf("spoiled");
    std::filesystem::copy_file(path_, spoiled, std::filesystem::copy_options::overwrite_existing);
    Tamper(spoiled, sql);
    const auto report = VerifyLedger(spoiled);
    EXPECT_TRUE(report.ok()) << report.status();
    EXPECT_THAT(report->findings, Contains(HasSubstr(text))) << sql;
    Reopen();
  };
  found("UPDATE capacity_events SET action = 'demand' WHERE number = 3",
        "event 3 of requests for capacity is of the action \"demand\"");
  found("UPDATE capacity_events SET nature = 'urgent' WHERE action = 'submit'",
        "is of the nature \"urgent\"");
  found("UPDATE capacity_events SET gain = 'fame' WHERE gain IS NOT NULL",
        "is of the gain \"fame\"");
  found(
      "UPDATE capacity_events SET revision = revision + 5 WHERE number = "
      "(SELECT max(number) FROM capacity_events WHERE revision > 1)",
      "does not follow the request's revision");
  found("UPDATE capacity_events SET granted_chips = 100000 WHERE action = 'grant'",
        "grants more than was asked for");
  found("UPDATE capacity_events SET decision = 9 WHERE action = 'submit'",
        "says more than its action");
  found(
      "INSERT INTO capacity_event_workloads SELECT number, 0, 'x' FROM capacity_events "
      "WHERE action = 'submit' LIMIT 1",
      "which ranks none");
  found("DELETE FROM capacity_event_workloads WHERE position = 0",
        "leaves out a place of its order");
}

TEST_F(CapacityEventsTest, ABackupHasThem) {
  Fill(100);
  const std::string copy = folder_.PathOf("copy");
  const auto saved = BackUpLedger(path_, copy);
  ASSERT_TRUE(saved.ok()) << saved;
  RestoredBooks books;
  ASSERT_NE(OpenLedger(LedgerOptions(copy), &books), nullptr);
  EXPECT_EQ(TextOf(books.capacity), TextOf(maker_.events()));
}

// A file of version 9 has all but these tables and those of versions 11 and 12.
TEST_F(CapacityEventsTest, AreAddedToALedgerOfVersion9) {
  TransactionMaker maker(3);
  for (int i = 0; i < 5; ++i) {
    LedgerTransaction transaction = maker.Next();
    transaction.capacity.clear();
    ASSERT_TRUE(ledger_->Commit(transaction).ok());
    maker.Committed(transaction);
  }
  Reopen();
  const std::string before = fleetmeter::TextOf(books_);
  ledger_.reset();
  Tamper(path_,
         "DROP TABLE capacity_event_workloads; DROP TABLE capacity_events; "
         "DROP TABLE outcome_rule_contents; DROP TABLE silences; DROP TABLE pools_told; "
         "PRAGMA user_version = 9");
  Reopen();
  EXPECT_EQ(fleetmeter::TextOf(books_), before);
  EXPECT_EQ(ReadInteger(path_, "PRAGMA user_version"), LatestSchemaVersion());
  Fill(20);
  Reopen();
  EXPECT_EQ(TextOf(books_.capacity), TextOf(maker_.events()));
  EXPECT_THAT(Findings(), IsEmpty());
}

}  // namespace
}  // namespace fleetmeter
