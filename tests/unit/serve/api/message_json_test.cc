#include "daemon/serve/api/message_json.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "fleetmeter/v1/admin.pb.h"
#include "fleetmeter/v1/outcomes.pb.h"
#include "fleetmeter/v1/plan.pb.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

// As protobuf's own library writes it.
std::string LibraryJson(const Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string text;
  EXPECT_TRUE(google::protobuf::util::MessageToJsonString(message, &text, options).ok());
  return text;
}

// Gives every field a value of its own, lists two of them.
class Filler {
 public:
  void Fill(Message* message, int depth = 0) {
    const auto& type = *message->GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      for (int times = field.is_repeated() ? 2 : 1; times > 0; --times) Set(message, field, depth);
    }
  }

 private:
  void Set(Message* message, const FieldDescriptor& field, int depth) {
    const auto& reflection = *message->GetReflection();
    const bool list = field.is_repeated();
    const int64_t n = ++number_;
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (depth > 6) return;
        return Fill(list ? reflection.AddMessage(message, &field)
                         : reflection.MutableMessage(message, &field),
                    depth + 1);
      case FieldDescriptor::CPPTYPE_STRING: {
        const std::string text = "t\"\\\n\x01<é\u2028\u202e>" + std::to_string(n);
        list ? reflection.AddString(message, &field, text)
             : reflection.SetString(message, &field, text);
        return;
      }
      case FieldDescriptor::CPPTYPE_DOUBLE:
        list ? reflection.AddDouble(message, &field, static_cast<double>(n) / 7)
             : reflection.SetDouble(message, &field, static_cast<double>(n) / 7);
        return;
      case FieldDescriptor::CPPTYPE_INT64:
        return reflection.SetInt64(message, &field, -n);
      case FieldDescriptor::CPPTYPE_UINT64:
        return reflection.SetUInt64(message, &field, std::numeric_limits<uint64_t>::max() - n);
      case FieldDescriptor::CPPTYPE_INT32:
        return reflection.SetInt32(message, &field, static_cast<int32_t>(-n));
      case FieldDescriptor::CPPTYPE_UINT32:
        return reflection.SetUInt32(message, &field, static_cast<uint32_t>(n));
      case FieldDescriptor::CPPTYPE_BOOL:
        return reflection.SetBool(message, &field, true);
      default:
        FAIL() << field.full_name() << " is of a type that nobody has tried";
    }
  }

  int64_t number_ = 0;
};

std::vector<std::unique_ptr<Message>> EveryMessage() {
  std::vector<std::unique_ptr<Message>> all;
  for (const auto* file :
       {v1::Pool::descriptor()->file(), v1::SimulateRequest::descriptor()->file(),
        v1::MarginReport::descriptor()->file(), v1::Source::descriptor()->file()}) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      const auto* prototype = google::protobuf::MessageFactory::generated_factory()->GetPrototype(
          file->message_type(i));
      all.emplace_back(prototype->New());
    }
  }
  return all;
}

TEST(MessageJson, IsWhatTheLibraryWritesOfEveryMessageEmptyAndFull) {
  const auto messages = EveryMessage();
  ASSERT_GT(messages.size(), 60U);
  for (const auto& message : messages) {
    for (const bool full : {false, true}) {
      if (full) Filler().Fill(message.get());
      const std::string ours = MessageJson(*message);
      ASSERT_TRUE(json::accept(ours)) << ours;
      EXPECT_EQ(json::parse(ours), json::parse(LibraryJson(*message)))
          << message->GetDescriptor()->full_name();
      EXPECT_EQ(ours.find('\n'), std::string::npos) << "an event is one line";
    }
  }
}

TEST(MessageJson, CanBeReadBack) {
  for (const auto& message : EveryMessage()) {
    Filler().Fill(message.get());
    const std::unique_ptr<Message> read(message->New());
    const absl::Status status = ReadMessageJson(MessageJson(*message), read.get());
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(json::parse(MessageJson(*read)), json::parse(MessageJson(*message)));
  }
}

TEST(MessageJson, WhatIsNotKnownIsAbsentAndWhatIsNothingIsThere) {
  v1::Pool pool;
  pool.set_pool("serving");
  const json empty = json::parse(MessageJson(pool));
  EXPECT_EQ(empty["allocatedH100e"], 0);
  EXPECT_EQ(empty["chips"], json::array());
  EXPECT_FALSE(empty.contains("headroomH100e"));
  EXPECT_FALSE(empty.contains("demand"));
  pool.set_headroom_h100e(0);
  EXPECT_EQ(json::parse(MessageJson(pool))["headroomH100e"], 0);
}

TEST(MessageJson, NumbersThatAreNoneAreText) {
  v1::Pool pool;
  pool.set_allocated_h100e(std::numeric_limits<double>::quiet_NaN());
  pool.set_busy_h100e(std::numeric_limits<double>::infinity());
  pool.set_idle_h100e(-std::numeric_limits<double>::infinity());
  const json written = json::parse(MessageJson(pool));
  EXPECT_EQ(written["allocatedH100e"], "NaN");
  EXPECT_EQ(written["busyH100e"], "Infinity");
  EXPECT_EQ(written["idleH100e"], "-Infinity");
}

TEST(JsonText, IsHarmlessInEveryPlace) {
  EXPECT_EQ(JsonText("a<b>&\"\\\n\x7f\u2028\u202e\u2066é"),
            R"("a\u003cb\u003e\u0026\"\\\u000a\u007f\u2028\u202e\u2066é")");
  EXPECT_EQ(json::parse(JsonText("x\xff\xfey")), "x??y");
}

TEST(MessageFields, SetWhatTheyName) {
  v1::SimulateRequest request;
  const absl::Status status = ReadMessageFields({{"from_live", "true"},
                                                 {"set", "a=1"},
                                                 {"set", "b=2"},
                                                 {"utilization_ratio", "0.5"},
                                                 {"share_ratios.research", "0.7"},
                                                 {"share_ratios.training", "0.1"},
                                                 {"mode", "grow-revenue"}},
                                                &request);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(request.from_live());
  EXPECT_EQ(request.set_size(), 2);
  EXPECT_EQ(request.utilization_ratio(), 0.5);
  EXPECT_EQ(request.share_ratios().at("research"), 0.7);
  EXPECT_EQ(request.share_ratios().size(), 2U);
  EXPECT_FALSE(request.has_revenue_usd());
}

TEST(MessageFields, WrongOnesAreNamed) {
  const auto refusal = [](const std::string& name, const std::string& value, Message&& message) {
    return std::string(ReadMessageFields({{name, value}}, &message).message());
  };
  EXPECT_THAT(refusal("pol", "x", v1::HeadroomRequest()),
              AllOf(HasSubstr("\"pol\" is no field"), HasSubstr("pool, interval_millis")));
  EXPECT_THAT(refusal("x", "", v1::GetSupplyRequest()), HasSubstr("this question has none"));
  for (const char* number : {"", "x", "1x", "-1", "4294967296", " 1", "1.5"}) {
    EXPECT_THAT(refusal("interval_millis", number, v1::HeadroomRequest()),
                HasSubstr("expected a whole number in range"))
        << number;
  }
  for (const char* number : {"", "nan", "inf", "1e999", "0x1"}) {
    EXPECT_THAT(refusal("utilization_ratio", number, v1::SimulateRequest()),
                HasSubstr("expected a number"))
        << number;
  }
  EXPECT_THAT(refusal("from_live", "yes", v1::SimulateRequest()), HasSubstr("true or false"));
  EXPECT_THAT(refusal("rows", "x", v1::GetPricesRequest()), HasSubstr("as JSON by POST"));
  EXPECT_THAT(refusal("rows.model", "x", v1::GetPricesRequest()), HasSubstr("has no parts"));
}

TEST(MessageFields, OnlyAListIsGivenTwice) {
  const auto refusal = [](const std::string& name, const char* first, const char* second) {
    v1::SimulateRequest request;
    return std::string(ReadMessageFields({{name, first}, {name, second}}, &request).message());
  };
  EXPECT_EQ(refusal("hold", "training", "training"), "");
  EXPECT_EQ(refusal("curve", "linear", "linear"), "\"curve\" is given twice; expected one value");
  EXPECT_EQ(refusal("share_ratios.research", "0.7", "0.6"),
            "\"share_ratios.research\" is given twice; expected one value");
}

TEST(MessageBodies, AreStrict) {
  v1::SimulateRequest request;
  EXPECT_TRUE(ReadMessageJson(R"({"shareRatios": {"research": 0.7}})", &request).ok());
  for (const char* body : {"", "[]", "{", R"({"shares": 1})", R"({"fromLive": "x"})"}) {
    EXPECT_FALSE(ReadMessageJson(body, &request).ok()) << body;
  }
}

}  // namespace
}  // namespace fleetmeter
