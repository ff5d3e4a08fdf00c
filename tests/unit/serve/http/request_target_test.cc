#include "daemon/serve/http/request_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fleetmeter {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(RequestTarget, IsTakenApartAndDecoded) {
  const auto target = ParseRequestTarget("/api/v1/a+b%20c?pool=a%2Fb+c&x=&y&=z&&pool=%C3%A9");
  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_EQ(target->path, "/api/v1/a+b c");
  EXPECT_THAT(target->fields, ElementsAre(Pair("pool", "a/b c"), Pair("x", ""), Pair("y", ""),
                                          Pair("", "z"), Pair("pool", "é")));
  EXPECT_THAT(ParseRequestTarget("/")->fields, IsEmpty());
  EXPECT_THAT(ParseRequestTarget("/?")->fields, IsEmpty());
}

TEST(RequestTarget, OnlyTheFirstEqualsSignParts) {
  EXPECT_THAT(ParseRequestTarget("/?set=training.growth=3")->fields,
              ElementsAre(Pair("set", "training.growth=3")));
}

TEST(RequestTarget, WhatIsNoTextIsRefused) {
  for (const char* target : {"/%", "/%4", "/%zz", "/?a=%f", "/%00", "/?a=%0A", "/%ff", "/?%c3=1"}) {
    EXPECT_FALSE(ParseRequestTarget(target).ok()) << target;
  }
}

TEST(RequestTarget, HasALimitOfFields) {
  std::string target = "/?";
  for (int i = 0; i < 1'000; ++i) target += "a&";
  EXPECT_TRUE(ParseRequestTarget(target).ok());
  EXPECT_THAT(ParseRequestTarget(target + "a").status().message(), HasSubstr("more than 1000"));
}

}  // namespace
}  // namespace fleetmeter
