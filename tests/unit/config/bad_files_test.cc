// Every file under data/bad has one fault, and says in its own comments what must be said about it:
//   # expect: part of the message
//   # line: N
// The name starts with the kind of file: catalog-, daemon- or plan-.
#include <algorithm>
#include <vector>

#include "daemon/config/load_config.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/config/config_files.h"

namespace fleetmeter {
namespace {

std::string BadDir() { return SourceDir() + "/tests/unit/config/data/bad"; }

std::vector<std::string> BadFiles() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(BadDir())) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The rest of the line that starts with `# KEY: `.
std::string Comment(const std::string& path, const std::string& key) {
  const std::string start = "# " + key + ": ";
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(start)) return line.substr(start.size());
  }
  return "";
}

absl::Status Load(const std::string& name, const std::string& path) {
  if (name.starts_with("daemon-")) return LoadDaemonConfig(path).status();
  if (name.starts_with("catalog-")) return LoadCatalog(path).status();
  const auto catalog = LoadCatalog(SourceDir() + "/deploy/catalog/default.yaml");
  return catalog.ok() ? LoadPlan(path, *catalog).status() : catalog.status();
}

TEST(BadFiles, AreEachRefusedOnTheirLineWithOneMessage) {
  const std::vector<std::string> names = BadFiles();
  EXPECT_GE(names.size(), 40u);
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const std::string path = BadDir() + "/" + name;
    const std::string expected = Comment(path, "expect");
    const std::string line = Comment(path, "line");
    ASSERT_FALSE(expected.empty() || line.empty()) << "the file does not say what to expect";
    const absl::Status status = Load(name, path);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    const std::string message(status.message());
    EXPECT_THAT(message, testing::StartsWith(fmt::format("{}:{}: ", path, line)));
    EXPECT_THAT(message, testing::HasSubstr(expected));
    EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 0) << message;
  }
}

}  // namespace
}  // namespace fleetmeter
