#include "daemon/security/header_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temp_folder.h"

namespace fleetmeter {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

class HeaderFileTest : public testing::Test {
 protected:
  absl::StatusOr<Headers> Read(const std::string& text, unsigned mode = 0600) {
    const std::string path = folder_.Write("headers", text);
    std::filesystem::permissions(path, std::filesystem::perms(mode));
    return ReadHeaderFile(path);
  }

  const TempFolder folder_;
};

TEST_F(HeaderFileTest, ALineIsAHeader) {
  const auto headers =
      Read("# of the receiver\n\nAuthorization: Bearer a:b#c\r\n  x_tenant.id :  two words  \n");
  ASSERT_TRUE(headers.ok()) << headers.status();
  EXPECT_THAT(*headers,
              ElementsAre(Pair("authorization", "Bearer a:b#c"), Pair("x_tenant.id", "two words")));
}

TEST_F(HeaderFileTest, FaultsNameTheLineAndNeverAValue) {
  for (const char* line : {"secret", "x y: secret", ": secret", "grpc-timeout: secret",
                           "data-bin: secret", "name: sec\x01ret",
                           "name: s\xC3\xA4"
                           "cret"}) {
    EXPECT_THAT(std::string(Read(std::string("a: b\n") + line + "\n").status().message()),
                AllOf(HasSubstr("headers: line 2 "), HasSubstr("expected"), Not(HasSubstr("cret"))))
        << line;
  }
  EXPECT_FALSE(Read("name:\n").ok());
}

TEST_F(HeaderFileTest, OthersMayNotReadASecret) {
  EXPECT_TRUE(Read("a: b\n", 0640).ok());
  for (const unsigned mode : {0644U, 0660U, 0602U}) {
    EXPECT_THAT(std::string(Read("a: b\n", mode).status().message()), HasSubstr("has mode"));
  }
  EXPECT_TRUE(absl::IsNotFound(ReadHeaderFile(folder_.PathOf("none")).status()));
}

}  // namespace
}  // namespace fleetmeter
