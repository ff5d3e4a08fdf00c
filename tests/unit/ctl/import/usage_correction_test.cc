// A file of usage as questions to the daemon, and what becomes of the answers.
#include "daemon/ctl/import/usage_correction.h"

#include "daemon/base/units.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter::ctl {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int64_t kFileStart = 1'767'225'600 * kNanosPerSecond;  // 2026-01-01

void AddWindow(const std::string& source, int64_t hour, imports::ImportBatch* file) {
  imports::ImportReport& planned = file->reports.emplace_back();
  planned.lines = imports::LineSet(static_cast<int64_t>(file->reports.size()) + 1);
  UsageReport& report = planned.report.emplace<UsageReport>();
  report.source = source;
  report.window_start_unix_nanos = kFileStart + hour * kHour;
  report.window_length_nanos = report.duration_nanos = kHour;
}

imports::ImportBatch Days(int days) {
  imports::ImportBatch file;
  for (int hour = 0; hour < 24 * days; ++hour) AddWindow("east", hour, &file);
  return file;
}

TEST(UsageQuestions, AreOfOneSourceEach) {
  imports::ImportBatch file;
  AddWindow("west", 1, &file);
  AddWindow("east", 0, &file);
  AddWindow("west", 0, &file);
  const auto questions = UsageQuestionsOf(file, {}, "");
  ASSERT_THAT(questions, SizeIs(2));
  EXPECT_EQ(questions[0].request.source(), "east");
  EXPECT_THAT(questions[0].reports, ElementsAre(1));
  EXPECT_THAT(questions[1].reports, ElementsAre(2, 0));
  EXPECT_TRUE(questions[1].request.preview());
  EXPECT_FALSE(questions[1].request.has_covers());
}

TEST(UsageQuestions, AreDividedAtTheBeginningOfADay) {
  CorrectionRules rules;
  rules.covers = TimeSpan{kFileStart - kDay, kFileStart + 9 * kDay};
  const auto questions = UsageQuestionsOf(Days(4), rules, "", /*most_bytes=*/1'000);
  ASSERT_GT(questions.size(), 1U);
  int64_t from = rules.covers->start_unix_nanos;
  size_t reports = 0;
  for (const UsageQuestion& question : questions) {
    EXPECT_EQ(question.request.reports(0).window_start_unix_nanos() % kDay, 0);
    // What they cover adjoins, and is all.
    EXPECT_EQ(question.request.covers().start_unix_nanos(), from);
    from = question.request.covers().end_unix_nanos();
    reports += question.reports.size();
  }
  EXPECT_EQ(from, rules.covers->end_unix_nanos);
  EXPECT_EQ(reports, 96U);
}

TEST(UsageQuestions, AFileWithoutRowsMayCoverATime) {
  CorrectionRules rules;
  EXPECT_THAT(UsageQuestionsOf({}, rules, "east"), IsEmpty());
  rules.covers = TimeSpan{kFileStart, kFileStart + kDay};
  const auto questions = UsageQuestionsOf({}, rules, "east");
  ASSERT_THAT(questions, SizeIs(1));
  EXPECT_EQ(questions[0].request.source(), "east");
  EXPECT_THAT(UsageQuestionsOf({}, rules, ""), IsEmpty());
}

TEST(UsageAnswers, AreAgreedToAndBookedWhereTheyDiffer) {
  imports::ImportBatch file;
  AddWindow("east", 0, &file);
  AddWindow("west", 0, &file);
  AddWindow("west", 1, &file);
  auto questions = UsageQuestionsOf(file, {}, "");
  const AskUsage preview = [](const v1::CorrectUsageRequest& request) {
    v1::CorrectUsageResponse answer;
    const bool west = request.source() == "west";
    answer.set_nothing_to_do(!west);
    answer.set_digest(west ? 77 : 0);
    answer.set_windows(west ? 1 : 0);
    for (int i = 0; i < request.reports_size(); ++i) {
      answer.add_standings(!west    ? v1::CorrectUsageResponse::UNCHANGED
                           : i == 0 ? v1::CorrectUsageResponse::CHANGED
                                    : v1::CorrectUsageResponse::NEW);
    }
    return answer;
  };
  const auto answers = AskAll(preview, &questions, file.reports.size());
  ASSERT_TRUE(answers.ok()) << answers.status();
  EXPECT_THAT(answers->standings,
              ElementsAre(Standing::kUnchanged, Standing::kChanged, Standing::kNew));
  EXPECT_THAT(answers->changed, ElementsAre(1));
  std::vector<v1::CorrectUsageRequest> booked;
  const AskUsage book = [&](const v1::CorrectUsageRequest& request) {
    booked.push_back(request);
    v1::CorrectUsageResponse answer;
    answer.set_entry_number(5);
    return answer;
  };
  std::vector<int64_t> entries;
  ASSERT_TRUE(BookAgreed(book, questions, *answers, "recount", &entries).ok());
  EXPECT_THAT(entries, ElementsAre(5));
  ASSERT_THAT(booked, SizeIs(1));
  EXPECT_EQ(booked[0].source(), "west");
  EXPECT_EQ(booked[0].reason(), "recount");
  EXPECT_EQ(booked[0].agreed_digest(), 77U);
  EXPECT_FALSE(booked[0].preview());
}

TEST(UsageAnswers, OfOtherWindowsAreAnError) {
  imports::ImportBatch file = Days(1);
  auto questions = UsageQuestionsOf(file, {}, "");
  const AskUsage wrong = [](const v1::CorrectUsageRequest&) { return v1::CorrectUsageResponse(); };
  EXPECT_EQ(AskAll(wrong, &questions, file.reports.size()).status().code(),
            absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace fleetmeter::ctl
