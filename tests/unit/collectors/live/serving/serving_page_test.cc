#include "collectors/live/serving/serving_page.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include "collectors/served/served_counts.h"
#include "tests/support/shared_folder.h"

namespace fleetmeter::collector {
namespace {

std::string TextOfFile(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string ServingSourceTree() {
  const char* folder = std::getenv("FLEETMETER_SOURCE_DIR");
  return folder == nullptr ? "." : folder;
}

std::string ServingSample(const std::string& name) {
  return TextOfFile(ServingSourceTree() + "/tests/data/serving/" + name);
}

ServingMapping ServingMappingNamed(const std::string& name) {
  const std::string path = ServingSourceTree() + "/collectors/mappings/serving/" + name + ".yaml";
  auto file = YamlFile::Parse("test", "mapping: " + path + "\n");
  std::optional<ServingMapping> mapping;
  {
    YamlMap root((*file)->root());
    mapping = ReadServingMapping(root.Optional("mapping"));
  }
  EXPECT_TRUE((*file)->ok()) << (*file)->status();
  return mapping.value_or(ServingMapping());
}

// What the counters of a page stand at, by "model/tier".
std::map<std::string, ServedAmounts> CountedOn(const std::string& mapping, const std::string& page,
                                               const ServingDefaults& defaults = {}) {
  auto observation = ReadServingPage(ServingMappingNamed(mapping), defaults, page);
  EXPECT_TRUE(observation.ok()) << observation.status();
  std::map<std::string, ServedAmounts> counted;
  if (!observation.ok()) return counted;
  for (const auto& [segment, amounts] : TotalsOf(*observation->served)) {
    counted[segment.model + "/" + segment.customer_tier] = amounts;
  }
  return counted;
}

TEST(ServingPageTest, EnginesOfVllmAddUpAndNothingIsRepeated) {
  auto counted = CountedOn("vllm", ServingSample("vllm.prom"));
  ASSERT_EQ(counted.size(), 1U);
  const ServedAmounts& amounts = counted["model-a/all"];
  EXPECT_EQ(amounts.requests, 10);
  EXPECT_EQ(amounts.input_tokens, 150);
  EXPECT_EQ(amounts.cached_input_tokens, 40);
  EXPECT_EQ(amounts.output_tokens, 25);
}

TEST(ServingPageTest, CountersKnowWhenTheyBegan) {
  auto observation = ReadServingPage(ServingMappingNamed("vllm"), {}, ServingSample("vllm.prom"));
  ASSERT_TRUE(observation.ok());
  EXPECT_EQ(observation->served->process_began, 1.7e9);
  int known = 0;
  for (const ServedCounter& counter : observation->served->counters) {
    if (counter.began == 1.7e9) ++known;
  }
  EXPECT_EQ(known, 2);
}

TEST(ServingPageTest, TritonCountsRequestsOfAllVersionsAndNoTokens) {
  auto counted = CountedOn("triton", ServingSample("triton.prom"));
  ASSERT_EQ(counted.size(), 2U);
  EXPECT_EQ(counted["densenet/all"].requests, 7);
  EXPECT_FALSE(counted["densenet/all"].input_tokens);
  EXPECT_FALSE(counted["densenet/all"].output_tokens);
  EXPECT_EQ(counted["simple/all"].requests, 0);
}

TEST(ServingPageTest, TgiIsOfTheModelThatTheConfigurationNames) {
  auto counted = CountedOn("tgi", ServingSample("tgi.prom"), {.model = "llama"});
  ASSERT_EQ(counted.size(), 1U);
  EXPECT_EQ(counted["llama/all"].requests, 4);
  EXPECT_EQ(counted["llama/all"].input_tokens, 80);
  EXPECT_EQ(counted["llama/all"].output_tokens, 120);
}

TEST(ServingPageTest, SglangAddsStreamsAndCaches) {
  auto counted = CountedOn("sglang", ServingSample("sglang.prom"));
  ASSERT_EQ(counted.size(), 1U);
  EXPECT_EQ(counted["glm/all"].requests, 7);
  EXPECT_EQ(counted["glm/all"].cached_input_tokens, 25);
}

// The row without a priority has the total, and each rank repeats the first.
TEST(ServingPageTest, SglangCountsPrioritiesAndRanksOnce) {
  auto priorities = CountedOn("sglang",
                              "sglang:num_requests_total{model_name=\"q\",priority=\"\"} 10\n"
                              "sglang:num_requests_total{model_name=\"q\",priority=\"high\"} 4\n"
                              "sglang:num_requests_total{model_name=\"q\",priority=\"low\"} 6\n");
  EXPECT_EQ(priorities["q/all"].requests, 10);
  auto ranks = CountedOn("sglang",
                         "sglang:num_requests_total{model_name=\"q\",tp_rank=\"0\"} 10\n"
                         "sglang:num_requests_total{model_name=\"q\",tp_rank=\"1\"} 10\n");
  EXPECT_EQ(ranks["q/all"].requests, 10);
}

TEST(ServingPageTest, ARowWithoutAModelIsTold) {
  auto observation = ReadServingPage(ServingMappingNamed("tgi"), {}, ServingSample("tgi.prom"));
  ASSERT_TRUE(observation.ok());
  EXPECT_FALSE(observation->remarks.empty());
  EXPECT_TRUE(observation->served->things.at(0).model.empty());
}

TEST(ServingPageTest, ValuesThatAreNoCountsAreLeftOut) {
  auto counted = CountedOn("triton",
                           "nv_inference_request_success{model=\"a\"} NaN\n"
                           "nv_inference_request_success{model=\"b\"} -1\n"
                           "nv_inference_request_success{model=\"c\"} +Inf\n"
                           "nv_inference_request_success{model=\"d\"} 3\n");
  ASSERT_EQ(counted.size(), 1U);
  EXPECT_EQ(counted["d/all"].requests, 3);
}

TEST(ServingPageTest, ARowThatIsThereTwiceCountsOnce) {
  auto counted = CountedOn("triton",
                           "nv_inference_request_success{model=\"a\",version=\"1\"} 3\n"
                           "nv_inference_request_success{version=\"1\",model=\"a\"} 3\n");
  EXPECT_EQ(counted["a/all"].requests, 3);
}

TEST(ServingPageTest, ANumberThatIsCutOffDoesNotCount) {
  auto counted = CountedOn("triton",
                           "nv_inference_request_success{model=\"a\"} 3\n"
                           "nv_inference_request_success{model=\"b\"} 12");
  ASSERT_EQ(counted.size(), 1U);
  EXPECT_EQ(counted["a/all"].requests, 3);
}

TEST(ServingPageTest, APageOfAnotherServerIsAnError) {
  EXPECT_EQ(ReadServingPage(ServingMappingNamed("vllm"), {}, ServingSample("triton.prom"))
                .status()
                .code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadServingPage(ServingMappingNamed("vllm"), {}, "<html>\n").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ServingPageTest, ReadsTheSharedSamples) {
  const auto two = InSharedFolder("data/fixtures/serving/vllm_two_engines_by_source.prom");
  if (!two) GTEST_SKIP() << "there is no folder shared beside the repository";
  auto vllm = CountedOn("vllm", TextOfFile(*two));
  EXPECT_EQ(vllm["model-a/all"].input_tokens, 150);
  EXPECT_EQ(vllm["model-a/all"].output_tokens, 25);
  EXPECT_FALSE(vllm["model-a/all"].requests);
  auto ray = CountedOn(
      "vllm", TextOfFile(*InSharedFolder("data/fixtures/serving/ray_vllm_70b_fp8_cut.prom")));
  const auto& amounts = ray["neuralmagic/Meta-Llama-3.1-70B-Instruct-FP8/all"];
  EXPECT_EQ(amounts.input_tokens, 58);
  EXPECT_EQ(amounts.output_tokens, 300);
  auto triton = CountedOn(
      "triton", TextOfFile(*InSharedFolder("data/fixtures/serving/triton_8_models_cut.prom")));
  EXPECT_EQ(triton.size(), 8U);
  EXPECT_EQ(triton["densenet_onnx/all"].requests, 3);
}

}  // namespace
}  // namespace fleetmeter::collector
