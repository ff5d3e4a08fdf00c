#include "daemon/serve/http/static_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temp_folder.h"

namespace fleetmeter {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string HeaderOf(const HttpResponse& response, const std::string& name) {
  for (const auto& [known, value] : response.headers) {
    if (known == name) return value;
  }
  return "";
}

class StaticFilesTest : public ::testing::Test {
 protected:
  StaticFilesTest() {
    folder_.Write("index.html", "<!doctype html>");
    folder_.Write("assets/app.js", std::string(5'000, 'x'));
    folder_.Write("secret.yaml", "a: b");
    folder_.Write(".hidden.txt", "hidden");
    folder_.Write(".git/config.txt", "hidden");
    std::filesystem::create_symlink("/etc/hostname", folder_.PathOf("link.txt"));
  }
  StaticFiles Read() const {
    auto files = StaticFiles::Read(folder_.path());
    EXPECT_TRUE(files.ok()) << files.status();
    return *std::move(files);
  }

  const TempFolder folder_;
};

TEST_F(StaticFilesTest, HasTheFilesOfTheFolderAndNothingElse) {
  const StaticFiles files = Read();
  for (const char* path : {"/", "/index.html", "/assets/app.js"}) EXPECT_TRUE(files.Has(path));
  for (const char* path :
       {"", "/assets", "/assets/", "/secret.yaml", "/.hidden.txt", "/link.txt", "/.git/config.txt",
        "/../etc/passwd", "/assets/../index.html", "/%2e%2e/etc/passwd", "//index.html"}) {
    EXPECT_FALSE(files.Has(path)) << path;
  }
}

TEST_F(StaticFilesTest, AnswersWithTypePolicyAndTag) {
  const StaticFiles files = Read();
  const HttpResponse page = files.Answer("/", {});
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(page.body, "<!doctype html>");
  EXPECT_EQ(page.cache_control, "no-cache");
  EXPECT_THAT(HeaderOf(page, "Content-Security-Policy"), HasSubstr("default-src 'self';"));
  EXPECT_THAT(HeaderOf(page, "Content-Security-Policy"), Not(HasSubstr("unsafe")));
  HttpRequest again;
  again.headers = {{"if-none-match", "\"other\", " + HeaderOf(page, "ETag")}};
  const HttpResponse same = files.Answer("/", again);
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  again.headers = {{"if-none-match", "\"other\""}};
  EXPECT_EQ(files.Answer("/", again).status, 200);
}

TEST_F(StaticFilesTest, CompressesForWhoTakesIt) {
  const StaticFiles files = Read();
  HttpRequest request;
  EXPECT_EQ(files.Answer("/assets/app.js", request).body.size(), 5'000U);
  request.headers = {{"accept-encoding", "br, gzip"}};
  const HttpResponse script = files.Answer("/assets/app.js", request);
  EXPECT_EQ(HeaderOf(script, "Content-Encoding"), "gzip");
  EXPECT_LT(script.body.size(), 100U);
  EXPECT_EQ(script.content_type, "text/javascript; charset=utf-8");
}

TEST(StaticFiles, AFolderWithoutAPageIsAnError) {
  const TempFolder folder;
  EXPECT_THAT(StaticFiles::Read(folder.path()).status().message(), HasSubstr("has no index.html"));
  EXPECT_TRUE(absl::IsNotFound(StaticFiles::Read(folder.PathOf("none")).status()));
}

}  // namespace
}  // namespace fleetmeter
