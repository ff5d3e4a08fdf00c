#include "collectors/live/neuron/neuron_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/live/neuron/neuron_feed.h"
#include "collectors/live/neuron/neuron_layout.h"

namespace fleetmeter::collector {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

NeuronReport ParsedNeuron(std::string_view text) {
  const auto report = ParseNeuronJson(text);
  EXPECT_TRUE(report.ok()) << report.status() << " " << text;
  return report.ok() ? *report : NeuronReport();
}

// With one runtime whose "report" is `report`.
NeuronReport ParsedRuntime(const std::string& report, const std::string& error = "") {
  return ParsedNeuron(R"({"neuron_runtime_data":[{"pid":7,"neuron_runtime_tag":"t","error":")" +
                      error + R"(","report":)" + report + "}]}");
}

NeuronLayout LaidOut(const NeuronReport& report, const NeuronLayoutSettings& settings = {}) {
  std::vector<std::string> remarks;
  const auto layout = LayOutNeuron(report, settings, remarks);
  EXPECT_TRUE(layout.ok()) << layout.status();
  return layout.ok() ? *layout : NeuronLayout();
}

// As inf2 and trn2 show it, over several lines, as the tool prints it.
TEST(ParseNeuronLs, SaysWhichChipsAreThereAndWhoHasOpenedThem) {
  const auto report = LastNeuronObject(R"([
    {"instance_type": "trn2.48xlarge", "neuron_device": 0, "nc_count": 4,
     "logical_neuroncore_config": 2, "memory_size": 103079215104, "neuroncore_ids": [0, 1, 2, 3],
     "neuron_processes": []},
    {"neuron_device": 1, "nc_count": 4, "neuroncore_ids": [4, 5, 6, 7],
     "neuron_processes": [{"pid": 9, "command": "python train.py", "neuron_runtime_version": "2"},
                          {"pid": 3, "command": "/opt/aws/neuron/bin/neuron-monitor -c x"}]}
])");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->devices, 2);
  EXPECT_EQ(report->cores_per_device, 4);
  ASSERT_THAT(report->runtimes, SizeIs(1));
  EXPECT_EQ(report->runtimes[0].tag, "9");
  ASSERT_THAT(*report->runtimes[0].cores, SizeIs(4));
  EXPECT_EQ(report->runtimes[0].cores->at(0).core, 4);
  EXPECT_EQ(report->runtimes[0].cores->at(0).utilization, std::nullopt);
  EXPECT_EQ(LaidOut(*report).model, "trainium2");
}

TEST(ParseNeuronLs, RefusesWhatIsNoListOfChips) {
  for (const char* text : {"[]", "[1]", "{}", "[{\"pid\": 1}]", "[{\"neuron_device\": -1}]", "["}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseNeuronLs(text).status())) << text;
  }
}

TEST(LastNeuronObject, MayBeOneObjectOverSeveralLines) {
  const auto report = LastNeuronObject("{\n\"neuron_runtime_data\": [],\n\"a\": {}\n}\n");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->tells_runtimes);
}

TEST(ParseNeuronJson, TakesEveryFormOfNoRuntime) {
  EXPECT_TRUE(ParsedNeuron(R"({"neuron_runtime_data":[]})").tells_runtimes);
  EXPECT_TRUE(ParsedNeuron(R"({"neuron_runtime_data":null})").tells_runtimes);
  EXPECT_FALSE(ParsedNeuron(R"({"neuron_runtime_data":"x"})").tells_runtimes);
  EXPECT_FALSE(ParsedNeuron(R"({"neuron_hardware_info":{}})").tells_runtimes);
}

TEST(ParseNeuronJson, TakesTheLogicalCoreAndNotItsPhysicalOnesToo) {
  const NeuronReport report = ParsedRuntime(
      R"({"neuroncore_counters":{"error":"","neuroncores_in_use":{
          "0":{"neuroncore_utilization":42.01,"v3d":{"nc_v3.0":{"neuroncore_utilization":21.01},
               "nc_v3.1":{"neuroncore_utilization":63.01}}},
          "1":{"v3d":{"nc_v3.2":{"neuroncore_utilization":10},
               "nc_v3.3":{"neuroncore_utilization":30}}}}}})");
  ASSERT_THAT(report.runtimes, SizeIs(1));
  ASSERT_THAT(*report.runtimes[0].cores, SizeIs(2));
  EXPECT_NEAR(*report.runtimes[0].cores->at(0).utilization, 0.4201, 1e-9);
  EXPECT_NEAR(*report.runtimes[0].cores->at(1).utilization, 0.20, 1e-9);
}

TEST(ParseNeuronJson, LeavesACoreWithNaNUnmeasuredAndReadsTheOthers) {
  const NeuronReport report = ParsedRuntime(
      R"({"neuroncore_counters":{"error":"","neuroncores_in_use":{
          "0":{"neuroncore_utilization":NaN},"1":{"neuroncore_utilization":25},
          "2":{"neuroncore_utilization":-Infinity}}}})");
  ASSERT_THAT(report.runtimes, SizeIs(1));
  const auto& cores = *report.runtimes[0].cores;
  ASSERT_THAT(cores, SizeIs(3));
  EXPECT_EQ(cores[0].utilization, std::nullopt);
  EXPECT_NEAR(*cores[1].utilization, 0.25, 1e-9);
  EXPECT_EQ(cores[2].utilization, std::nullopt);
  EXPECT_EQ(report.bad_values, 2);
}

TEST(ParseNeuronJson, LeavesASectionWithAnErrorUnmeasured) {
  // Cores that are listed are held.
  const NeuronReport listed = ParsedRuntime(
      R"({"neuroncore_counters":{"error":"broken","neuroncores_in_use":{
          "3":{"neuroncore_utilization":42}}}})");
  ASSERT_THAT(*listed.runtimes[0].cores, SizeIs(1));
  EXPECT_EQ(listed.runtimes[0].cores->at(0).utilization, std::nullopt);
  EXPECT_THAT(listed.remarks.at(0), HasSubstr("neuroncore_counters is not measured: \"broken\""));
  // None listed: they are hidden.
  EXPECT_FALSE(ParsedRuntime(R"({"neuroncore_counters":{"error":"broken",
                                 "neuroncores_in_use":{}}})")
                   .runtimes[0]
                   .cores);
  EXPECT_FALSE(ParsedRuntime("{}").runtimes[0].cores);
  EXPECT_FALSE(ParsedRuntime("null", "gone").runtimes[0].cores);
  // Memory says which cores a runtime has where the counters do not.
  const NeuronReport by_memory = ParsedRuntime(
      R"({"memory_used":{"neuron_runtime_used_bytes":{"usage_breakdown":
          {"neuroncore_memory_usage":{"5":{"tensors":10,"constants":5}}}},"error":""}})");
  ASSERT_THAT(*by_memory.runtimes[0].cores, SizeIs(1));
  EXPECT_EQ(by_memory.runtimes[0].cores->at(0).core, 5);
  EXPECT_EQ(by_memory.runtimes[0].cores->at(0).memory_bytes, 15);
  EXPECT_EQ(by_memory.runtimes[0].cores->at(0).utilization, std::nullopt);
}

TEST(ParseNeuronJson, SumsUncorrectedErrorsByDevice) {
  const NeuronReport report = ParsedNeuron(
      R"({"neuron_runtime_data":[],"system_data":{"neuron_hw_counters":{"error":"",
          "neuron_devices":[{"neuron_device_index":1,"mem_ecc_corrected":9,
          "mem_ecc_uncorrected":2,"sram_ecc_uncorrected":3},{"neuron_device_index":2},
          {"neuron_device_index":-1,"mem_ecc_uncorrected":1}]}}})");
  EXPECT_EQ(report.uncorrected_errors, (std::map<int64_t, int64_t>{{1, 5}}));
  EXPECT_EQ(report.bad_values, 1);
}

TEST(ParseNeuronJson, RefusesWhatIsNoObjectOfTheMonitor) {
  for (const char* text : {"", "{", "[]", "7", "{}", R"({"a":1})", "\xff\xfe", "{\"a\":1e999}",
                           R"({"neuron_runtime_data":[)"}) {
    const auto report = ParseNeuronJson(text);
    EXPECT_EQ(report.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(report.status().message()), HasSubstr("expected")) << text;
  }
  EXPECT_FALSE(ParseNeuronJson(std::string(1'000'000, '[')).ok());
}

TEST(ParseNeuronJson, GoesOnBehindValuesOfTheWrongType) {
  const NeuronReport report = ParsedNeuron(
      R"({"neuron_runtime_data":[7,{"pid":"x","report":[]},{"report":{"neuroncore_counters":
          {"neuroncores_in_use":{"x":{},"-1":{},"0":7,"1":{"neuroncore_utilization":"9"}}}}}],
          "instance_info":[],"system_data":7,"neuron_k8s_info":"",
          "neuron_hardware_info":{"neuron_device_count":-1,"neuroncore_per_device_count":2.5}})");
  EXPECT_EQ(report.devices, std::nullopt);
  EXPECT_EQ(report.cores_per_device, std::nullopt);
  ASSERT_THAT(report.runtimes, SizeIs(3));
  ASSERT_THAT(*report.runtimes[2].cores, SizeIs(2));
  EXPECT_EQ(report.runtimes[2].cores->at(0).utilization, std::nullopt);
  EXPECT_FALSE(report.tells_pods);
  EXPECT_GE(report.bad_values, 6);
}

TEST(LastNeuronObject, IsTheLastWholeOne) {
  const std::string first = R"({"neuron_runtime_data":[],"instance_info":{"instance_type":"a"}})";
  const std::string second = R"({"neuron_runtime_data":[],"instance_info":{"instance_type":"b"}})";
  EXPECT_EQ(LastNeuronObject(first + "\n" + second + "\n")->instance_type, "b");
  EXPECT_EQ(LastNeuronObject(first + "\n" + second)->instance_type, "b");
  const auto cut = LastNeuronObject(first + "\n" + second.substr(0, 30));
  EXPECT_EQ(cut->instance_type, "a");
  EXPECT_EQ(cut->bad_values, 1);
  EXPECT_EQ(LastNeuronObject("").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(LastNeuronObject("\n\n").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(LastNeuronObject("usage: x\n").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ParseNeuronPage, ReadsCoresOfRuntimesAndTheInstance) {
  const auto report = ParseNeuronPage(
      "instance_info{instance_type=\"trn1n.32xlarge\"} 1.0\n"
      "neuroncore_utilization_ratio{instance_type=\"trn1n.32xlarge\",neuroncore=\"0\","
      "runtime_tag=\"367\"} 0.1\n"
      "neuroncore_memory_usage_tensors{neuroncore=\"0\",runtime_tag=\"367\"} 6.0e+06\n"
      "neuroncore_memory_usage_constants{neuroncore=\"0\",runtime_tag=\"367\"} 1\n"
      "hardware_ecc_events_total{event_type=\"mem_ecc_corrected\",neuron_device_index=\"5\"} 9\n"
      "hardware_ecc_events_total{event_type=\"mem_ecc_uncorrected\",neuron_device_index=\"5\"} 2\n"
      "hardware_ecc_events_total{event_type=\"sram_ecc_uncorrected\",neuron_device_index=\"5\"} "
      "1\n");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->instance_type, "trn1n.32xlarge");
  ASSERT_THAT(report->runtimes, SizeIs(1));
  EXPECT_EQ(report->runtimes[0].tag, "367");
  ASSERT_THAT(*report->runtimes[0].cores, SizeIs(1));
  EXPECT_EQ(report->runtimes[0].cores->at(0).utilization, 0.1);
  EXPECT_EQ(report->runtimes[0].cores->at(0).memory_bytes, 6'000'001);
  EXPECT_EQ(report->uncorrected_errors, (std::map<int64_t, int64_t>{{5, 3}}));
  EXPECT_EQ(LaidOut(*report).devices, 16);
}

TEST(ParseNeuronPage, TakesAPageWithoutRuntimesForIdleAndOneOfOthersForNone) {
  const auto idle = ParseNeuronPage("instance_info{instance_type=\"inf1.xlarge\"} 1.0\n");
  ASSERT_TRUE(idle.ok());
  EXPECT_TRUE(idle->tells_runtimes);
  EXPECT_THAT(idle->runtimes, IsEmpty());
  EXPECT_EQ(ParseNeuronPage("up 1\n").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ParseNeuronPage("").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ParseNeuronPage, DoubtsACoreOfSeveralRuntimes) {
  const auto report = ParseNeuronPage(
      "neuroncore_utilization_ratio{neuroncore=\"0\",runtime_tag=\"old\"} 0.9\n"
      "neuroncore_utilization_ratio{neuroncore=\"0\",runtime_tag=\"new\"} 0.5\n"
      "neuroncore_utilization_ratio{neuroncore=\"1\",runtime_tag=\"new\"} 0.4\n");
  ASSERT_TRUE(report.ok());
  ASSERT_THAT(report->runtimes, SizeIs(2));
  EXPECT_EQ(report->runtimes[0].cores->at(0).utilization, std::nullopt);
  EXPECT_EQ(report->runtimes[0].cores->at(1).utilization, 0.4);
  EXPECT_THAT(report->remarks, SizeIs(1));
}

TEST(LayOutNeuron, KnowsInstanceTypes) {
  const struct {
    const char* instance;
    int64_t devices;
    int64_t cores;
    const char* model;
  } cases[] = {{"inf1.xlarge", 1, 4, "inferentia1"},   {"inf1.24xlarge", 16, 4, "inferentia1"},
               {"inf2.24xlarge", 6, 2, "inferentia2"}, {"inf2.48xlarge", 12, 2, "inferentia2"},
               {"trn1.2xlarge", 1, 2, "trainium1"},    {"trn1.32xlarge", 16, 2, "trainium1"},
               {"trn1n.32xlarge", 16, 2, "trainium1"}, {"trn2.48xlarge", 16, 4, "trainium2"},
               {"trn2u.48xlarge", 16, 4, "trainium2"}};
  for (const auto& known : cases) {
    NeuronReport report;
    report.instance_type = known.instance;
    const NeuronLayout layout = LaidOut(report);
    EXPECT_EQ(layout.devices, known.devices) << known.instance;
    EXPECT_EQ(layout.cores_per_device, known.cores) << known.instance;
    EXPECT_EQ(layout.model, known.model) << known.instance;
  }
}

TEST(LayOutNeuron, FollowsTheLogicalCores) {
  NeuronReport report;
  report.instance_type = "trn2.48xlarge";
  report.logical_config = 1;
  EXPECT_EQ(LaidOut(report).cores_per_device, 8);
  report.logical_config = 2;
  report.cores_per_device = 4;  // logical ones already
  EXPECT_EQ(LaidOut(report).cores_per_device, 4);
  NeuronLayoutSettings settings;
  settings.logical_config = 1;
  EXPECT_EQ(LaidOut(report, settings).cores_per_device, 8);
}

TEST(LayOutNeuron, TrustsTheMonitorAndRemarksOnTheTable) {
  NeuronReport report;
  report.instance_type = "trn1.32xlarge";
  report.devices = 15;
  report.cores_per_device = 2;
  std::vector<std::string> remarks;
  EXPECT_EQ(LayOutNeuron(report, {}, remarks)->devices, 15);
  EXPECT_THAT(remarks, testing::ElementsAre(HasSubstr("counts 15 chips; expected 16")));
}

TEST(LayOutNeuron, GuessesNothing) {
  NeuronReport report;
  std::vector<std::string> remarks;
  EXPECT_EQ(LayOutNeuron(report, {}, remarks).status().code(), absl::StatusCode::kInvalidArgument);
  report.instance_type = "trn9.48xlarge";
  EXPECT_EQ(LayOutNeuron(report, {}, remarks).status().code(), absl::StatusCode::kInvalidArgument);
  report.devices = 4;
  report.cores_per_device = 2;
  EXPECT_EQ(LayOutNeuron(report, {}, remarks)->devices, 4);
  report.devices = int64_t{1} << 60;
  EXPECT_EQ(LayOutNeuron(report, {}, remarks).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(NeuronMonitorConfig, AsksForWhatIsRead) {
  const std::string config = NeuronMonitorConfig(std::chrono::seconds(2));
  EXPECT_EQ(config, R"({"period":"2s","neuron_runtimes":[{"tag_filter":".*","metrics":)"
                    R"([{"type":"neuroncore_counters"},{"type":"memory_used"}]}],)"
                    R"("system_metrics":[{"type":"neuron_hw_counters"}]})");
}

}  // namespace
}  // namespace fleetmeter::collector
