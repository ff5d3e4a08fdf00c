#include "daemon/serve/query/capacity_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

#include "daemon/base/text.h"
#include "tests/unit/serve/query/capacity_forms.h"

namespace fleetmeter {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

v1::CapacityForm FullForm() {
  v1::CapacityForm form = BeyondForm("req-1");
  form.set_cores(96);
  form.set_workload_type("decode");
  form.set_model("opus");
  form.set_run("run-7");
  form.set_nature("company_goal");
  form.set_goal("Serve everybody");
  form.set_note("\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d <b>");
  return form;
}

// The fields that say nothing.
std::vector<std::string> EmptyFields(const google::protobuf::Message& message) {
  std::vector<std::string> empty;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const auto* field = message.GetDescriptor()->field(i);
    if (!message.GetReflection()->HasField(message, field)) empty.push_back(field->name());
  }
  return empty;
}

TEST(CapacityMessages, EveryFieldOfAFormIsCarriedBothWays) {
  const v1::CapacityForm form = FullForm();
  EXPECT_THAT(EmptyFields(form), IsEmpty());
  EXPECT_THAT(EmptyFields(form.roi()), IsEmpty());
  std::vector<Violation> wrong;
  const v1::CapacityForm back = FormMessage(FormOf(form, &wrong));
  EXPECT_THAT(wrong, IsEmpty());
  EXPECT_EQ(back.DebugString(), form.DebugString());
}

TEST(CapacityMessages, NamesThatAreNoneAreViolations) {
  v1::CapacityForm form = FullForm();
  form.set_nature("urgent");
  form.mutable_roi()->set_gain("");
  std::vector<Violation> wrong;
  FormOf(form, &wrong);
  ASSERT_THAT(wrong, SizeIs(2));
  EXPECT_EQ(wrong[0].path, "nature");
  EXPECT_EQ(wrong[0].message, "is \"urgent\"; expected critical, company_goal or growth_bet");
  EXPECT_EQ(wrong[1].path, "roi.gain");
  EXPECT_EQ(wrong[1].message, "is empty; expected revenue or efficiency");
}

TEST(CapacityMessages, ARequestSaysWhatBecameOfIt) {
  std::vector<Violation> wrong;
  capacity::CapacityBook book;
  AddTo(&book, FormOf(FullForm(), &wrong));
  capacity::CapacityEvent grant;
  grant.number = 2;
  grant.at_unix_nanos = kStart + 5;
  grant.action = capacity::Action::kGrant;
  grant.identity = "owner";
  grant.reason = "It pays.";
  grant.request_id = "req-1";
  grant.revision = 2;
  grant.worth = {.micro_h100e = 6'000'000, .catalog_version = 3};
  grant.granted_chips = 12;
  grant.start_unix_seconds = kNextHour;
  grant.end_unix_seconds = kNextHour + 3'600;
  grant.decision = 4;
  book.Apply(grant);
  const v1::CapacityRequest message = RequestMessage(*book.Find("req-1"), kNextHour - 1);
  EXPECT_EQ(message.state(), "granted_in_part");
  EXPECT_EQ(message.revision(), 2);
  EXPECT_THAT(EmptyFields(message.grant()), IsEmpty());
  EXPECT_EQ(message.grant().chips(), 12);
  EXPECT_EQ(message.grant().micro_h100e(), 6'000'000);
  EXPECT_EQ(message.grant().end_unix_seconds(), kNextHour + 3'600);
  EXPECT_EQ(RequestMessage(*book.Find("req-1"), kNextHour).state(), "active");
  EXPECT_EQ(RequestMessage(*book.Find("req-1"), kNextHour + 3'600).state(), "ended");

  const v1::CapacityEvent event = EventMessage(grant);
  EXPECT_EQ(event.action(), "grant");
  EXPECT_EQ(event.granted_chips(), 12);
  EXPECT_EQ(event.reason(), "It pays.");
  EXPECT_FALSE(event.has_form());
}

TEST(CapacityMessages, AShortErrorStaysAsItIs) {
  const absl::Status status = absl::InvalidArgumentError("pool: is none\nteam: is none");
  EXPECT_EQ(Shortened(status), status);
  EXPECT_TRUE(Shortened(absl::OkStatus()).ok());
}

TEST(CapacityMessages, ALongErrorIsCutBetweenLines) {
  std::string text;
  for (int i = 0; i < 1'000; ++i) text += "field: something is wrong with it\n";
  const absl::Status status = Shortened(absl::AbortedError(text));
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  const std::string message(status.message());
  EXPECT_LT(message.size(), 6'100U);
  EXPECT_GT(message.size(), 5'000U);
  EXPECT_THAT(message, EndsWith("wrong with it\n... and more"));
}

// What is not ASCII takes three bytes for each in metadata.
TEST(CapacityMessages, ALongErrorOfAnyScriptIsCutBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 5'000; ++i) text += "\xf0\x9f\xa4\x96";
  const std::string message(Shortened(absl::AbortedError(text)).message());
  EXPECT_FALSE(FindInvalidUtf8(message));
  EXPECT_LT(message.size() * 3, 6'200U);
  EXPECT_GT(message.size() * 3, 5'800U);
  EXPECT_THAT(message, StartsWith("\xf0\x9f\xa4\x96"));
}

}  // namespace
}  // namespace fleetmeter
