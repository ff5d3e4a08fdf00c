// Odd values and bad pages, as the type `dcgm` takes them.
#include "tests/unit/collectors/live/dcgm_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::SizeIs;

TEST_F(DcgmSource, TakesEveryBlankForNoValue) {
  for (const char* blank :
       {"9223372036854775792", "9223372036854775794", "9.223372036854776e+18", "2147483632",
        "2147483634", "140737488355328", "140737488355330.000000"}) {
    const DeviceReading chip = Only(Active(blank) + Gpu0("DCGM_FI_DEV_GPU_UTIL", "20"));
    EXPECT_EQ(chip.parts[0].activity, 200'000) << blank;
    EXPECT_EQ(chip.parts[0].signal, "gpu_util") << blank;
    EXPECT_EQ(last_.counts.readings.unmeasured, 0) << blank;
    EXPECT_EQ(Only(Active(blank)).parts[0].activity, std::nullopt) << blank;
  }
}

TEST_F(DcgmSource, DoesNotMeasureAGpuWhoseValueCannotBe) {
  for (const char* value : {"NaN", "+Inf", "-Inf", "1.5", "-0.2", "1e300"}) {
    const HostReading host =
        Host(Active(value) + Gpu0("DCGM_FI_DEV_GPU_UTIL", "20") +
             "DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu=\"1\",UUID=\"GPU-1\",Hostname=\"node-1\"} 0.5\n");
    ASSERT_THAT(host.devices, SizeIs(2)) << value;
    EXPECT_EQ(host.devices[0].parts[0].activity, std::nullopt) << value;
    EXPECT_EQ(host.devices[1].parts[0].activity, 500'000) << value;
    EXPECT_EQ(last_.counts.readings.unmeasured, 1) << value;
  }
  for (const char* value : {"101", "-1", "NaN", "Inf"}) {
    EXPECT_EQ(Only(Gpu0("DCGM_FI_DEV_GPU_UTIL", value)).parts[0].activity, std::nullopt) << value;
  }
  EXPECT_EQ(Only(Instance(1, "1g.18gb", "1.6")).parts[0].activity, std::nullopt);
  EXPECT_EQ(Only(Instance(1, "1g.18gb", "-0.3")).parts[0].activity, std::nullopt);
}

TEST_F(DcgmSource, MakesOneChipOfTwoGpusOfOneUuid) {
  const auto page = [](const std::string& second) {
    return Active("0.5", R"(pod="a")") +
           "DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu=\"1\",UUID=\"GPU-0\",Hostname=\"node-1\",pod=\"b\"}"
           " " +
           second + "\n";
  };
  const DeviceReading differ = Only(page("0.7"));
  EXPECT_EQ(differ.parts[0].activity, std::nullopt);
  EXPECT_THAT(differ.parts[0].holders, SizeIs(2));
  EXPECT_EQ(last_.counts.duplicate_devices, 1);
  EXPECT_THAT(last_.remarks, Contains(HasSubstr("GPU-0 is the UUID of several GPUs")));
  EXPECT_EQ(Only(page("0.5")).parts[0].activity, 500'000);
}

TEST_F(DcgmSource, DoesNotMeasureAGpuOfWhichOneSeriesHasTwoValues) {
  const HostReading host =
      Host(Active("0.5") + Active("0.9") +
           "DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu=\"1\",UUID=\"GPU-1\",Hostname=\"node-1\"} 0.5\n");
  ASSERT_THAT(host.devices, SizeIs(2));
  EXPECT_EQ(host.devices[0].parts[0].activity, std::nullopt);
  EXPECT_EQ(host.devices[1].parts[0].activity, 500'000);
  EXPECT_EQ(last_.counts.readings.unmeasured, 1);
  EXPECT_EQ(Only(Active("0.5") + Active("0.5")).parts[0].activity, 500'000);
}

TEST_F(DcgmSource, CountsAGpuOfTwoHostsOnce) {
  const DeviceReading chip =
      Only(Active("0.5") +
           "DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu=\"0\",UUID=\"GPU-0\",Hostname=\"node-2\"} 0.7\n");
  EXPECT_EQ(last_.hosts[0].host, "node-1");
  EXPECT_EQ(chip.parts[0].activity, std::nullopt);
  EXPECT_EQ(last_.counts.duplicate_devices, 1);
}

TEST_F(DcgmSource, DoesNotCountALineWithoutUuidAsAnotherGpu) {
  const DeviceReading chip =
      Only(Active("0.5") + "DCGM_FI_DEV_GPU_UTIL{gpu=\"1\",Hostname=\"node-1\"} 3\n");
  EXPECT_EQ(chip.uuid, "GPU-0");
  EXPECT_EQ(last_.counts.bad_lines, 1);
  EXPECT_THAT(last_.remarks, Contains(HasSubstr("have no UUID")));
}

TEST_F(DcgmSource, ReadsPagesWithoutAnyUuidByIndex) {
  const HostReading host =
      Host("DCGM_FI_DEV_GPU_UTIL{gpu=\"0\"} 3\nDCGM_FI_DEV_GPU_UTIL{gpu=\"1\"} 4\n");
  ASSERT_THAT(host.devices, SizeIs(2));
  EXPECT_EQ(host.devices[1].index, 1U);
  EXPECT_EQ(host.devices[1].parts[0].activity, 40'000);
}

TEST_F(DcgmSource, GoesOnBehindLinesThatItCannotRead) {
  const DeviceReading chip =
      Only("DCGM_FI_DEV_GPU_UTIL{gpu=\"0\n...\n\x01\xff\x02\n" +
           Active("0.1", R"(GPU_I_PROFILE="1g.18gb")") +
           "DCGM_FI_DEV_GPU_UTIL{gpu=\"9\",UUID=\"GPU 9\"} 1\n" + Active("0.5"));
  EXPECT_EQ(chip.parts[0].activity, 500'000);
  EXPECT_EQ(last_.counts.bad_lines, 5);
  EXPECT_THAT(last_.remarks, Contains(HasSubstr("line 1:")));
  EXPECT_THAT(last_.remarks, Contains(HasSubstr("GPU_I_ID")));
  EXPECT_THAT(last_.remarks, Contains(HasSubstr("printable")));
}

TEST_F(DcgmSource, SkipsLinesThatAreAboutNoGpu) {
  const HostReading host = Host(
      "DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL{nvlink=\"1\",gpu=\"7\",UUID=\"GPU-7\"} 1\n"
      "DCGM_FI_DEV_CPU_UTIL_TOTAL{cpu=\"0\",gpu=\"6\"} 1\n"
      "process_start_time_seconds 1\n"
      "other_exporter{gpu=\"5\"} 1\n" +
      Active("0.5"));
  EXPECT_THAT(host.devices, SizeIs(1));
  EXPECT_EQ(last_.counts.bad_lines, 0);
}

TEST_F(DcgmSource, RefusesAPageThatIsCutOff) {
  EXPECT_EQ(CodeOf(Active("0.5") + "DCGM_FI_DEV_GPU_UTIL{gpu=\"0\",UU"),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(Active("0.5") + "# TYPE DCGM_FI_DEV_GP"), absl::StatusCode::kDataLoss);
  server_.Set("/metrics",
              {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + Active("0.5")});
  EXPECT_EQ(source_->Observe({}).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(DcgmSource, DoesNotReadAValueThatMayGoOn) {
  std::string page = Gpu0("DCGM_FI_DEV_GPU_UTIL", "20") + Active("0.9");
  page.pop_back();
  const DeviceReading chip = Only(page);
  EXPECT_EQ(chip.parts[0].activity, 200'000);
  EXPECT_EQ(last_.counts.bad_lines, 1);
}

TEST_F(DcgmSource, RefusesOpenMetricsWithoutItsEnd) {
  const std::string type = "Content-Type: application/openmetrics-text; version=1.0.0\r\n";
  EXPECT_EQ(CodeOf(Active("0.5"), type), absl::StatusCode::kDataLoss);
  for (const char* end : {"# EOF\n", "# EOF"}) {
    const auto whole = Look(Active("0.5") + end, "", type);
    ASSERT_TRUE(whole.ok()) << whole.status();
    EXPECT_EQ(whole->hosts.at(0).devices.at(0).parts[0].activity, 500'000);
    EXPECT_EQ(whole->counts.bad_lines, 0);
  }
}

TEST_F(DcgmSource, RefusesPagesWithoutAGpu) {
  EXPECT_EQ(CodeOf(""), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CodeOf("# HELP up x\n"), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CodeOf("up 1\n"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf("<html>\n"), absl::StatusCode::kInvalidArgument);
}

TEST_F(DcgmSource, RefusesPagesOfAnotherType) {
  for (const char* type : {"text/html", "application/json", "image/png",
                           "application/vnd.google.protobuf; proto=io.prometheus.client"}) {
    EXPECT_EQ(CodeOf(Active("0.5"), "Content-Type: " + std::string(type) + "\r\n"),
              absl::StatusCode::kInvalidArgument)
        << type;
  }
  // As file servers say, or nothing at all.
  for (const char* headers : {"Content-Type: application/octet-stream\r\n", ""}) {
    EXPECT_TRUE(Look(Active("0.5"), "", headers).ok()) << headers;
  }
}

TEST_F(DcgmSource, HandsOnWhatTheServerRefuses) {
  ASSERT_TRUE(Look(Active("0.5")).ok());
  server_.Set("/metrics", Canned("", "", "503 Service Unavailable"));
  EXPECT_EQ(source_->Observe({}).status().code(), absl::StatusCode::kUnavailable);
  server_.Set("/metrics", Canned("", "", "401 Unauthorized"));
  EXPECT_EQ(source_->Observe({}).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(Look(Active("0.5")).ok()) << "an error is for one look";
}

TEST_F(DcgmSource, StopsAtItsLimitOfBytes) {
  std::string page;
  while (page.size() < 4'096) page += Active("0.5");
  EXPECT_EQ(Look(page, "max_body: 2KiB\n").status().code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace fleetmeter::collector
