// Every input of the corpus, among them each that once showed a fault, through its parser.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "tests/fuzz/targets.h"

namespace fleetmeter::fuzz {
namespace {

std::filesystem::path Corpus() {
  return std::filesystem::path(std::getenv("FLEETMETER_SOURCE_DIR")) / "tests/fuzz/corpus";
}

class CorpusTest : public testing::TestWithParam<Target> {};

TEST_P(CorpusTest, EveryInputIsTakenOrRefused) {
  int inputs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(Corpus() / GetParam().name)) {
    SCOPED_TRACE(entry.path().string());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    GetParam().run(bytes);
    // Cut off anywhere, as after a crash.
    const size_t step = bytes.size() / 64 + 1;
    for (size_t size = 0; size < bytes.size(); size += step) GetParam().run(bytes.substr(0, size));
    ++inputs;
  }
  EXPECT_GT(inputs, 0);
}

INSTANTIATE_TEST_SUITE_P(Parsers, CorpusTest, testing::ValuesIn(Targets().begin(), Targets().end()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Corpus, HasAFolderForEachTargetAndNoOther) {
  std::set<std::string> folders;
  for (const auto& entry : std::filesystem::directory_iterator(Corpus())) {
    folders.insert(entry.path().filename());
  }
  std::set<std::string> targets;
  for (const Target& target : Targets()) targets.insert(target.name);
  EXPECT_EQ(folders, targets);
}

}  // namespace
}  // namespace fleetmeter::fuzz
