// Mapping files, pages read through them, and answers of a Prometheus server.
#include <string>

#include "collectors/live/promql/promql_answer.h"
#include "collectors/mappings/map_devices.h"
#include "collectors/mappings/read_mapping.h"
#include "tests/fuzz/targets.h"

namespace fleetmeter::fuzz {
namespace {

using collector::MappedChips;
using collector::MappedRow;
using collector::Mapping;

constexpr char kEveryForm[] =
    "version: 1\n"
    "prefixes: [my_]\n"
    "devices: {series: [power, info], where: {make: [x*]}, identity: [uuid, gpu],\n"
    "          uuid: uuid, index: gpu, index_series: index, model: model, host: host, partition: "
    "part,\n"
    "          measured_partition: \"0\"}\n"
    "activity: [{series: busy, signal: busy, full: 100, mean_over: tile}]\n"
    "productive: [{series: tensor, full: 1}]\n"
    "health:\n"
    "  - {series: health, below: 1, reason: r}\n"
    "  - {series: m, equals: 1, means: drained, reason: r}\n"
    "failure: [{series: failed, above: 0, reason: r}]\n"
    "holder: {series: process, pod: pod, namespace: namespace, process: name}\n";

void CheckChips(const Mapping& mapping, std::vector<MappedRow> rows) {
  collector::MapOptions options;
  options.host = "node-1";
  options.now_unix_millis = 1'800'000'000'000;
  const auto mapped = collector::MapDevices(mapping, std::move(rows), options);
  if (!mapped.ok()) {
    Require(mapped.status().message().find("expected") != absl::string_view::npos,
            "an error says what was expected");
    return;
  }
  for (const auto& host : mapped->observation.hosts) {
    Require(!host.host.empty() && !host.devices.empty(), "a host has a name and chips");
    for (const auto& device : host.devices) {
      const auto activity = device.parts.at(0).activity.value_or(0);
      Require(activity >= 0 && activity <= collector::kOne, "an activity is from 0 to 1");
      Require(activity == 0 || !device.parts[0].signal.empty(), "an activity has a signal");
    }
  }
}

}  // namespace

void RunMapping(std::string_view bytes) {
  const auto mapping = collector::ReadMappingText("my.yaml", bytes);
  if (!mapping.ok()) {
    Require(mapping.status().message().find("my.yaml") != absl::string_view::npos,
            "an error names the file");
    return;
  }
  Require(!mapping->devices.series.names.empty(), "a mapping names a series of chips");
  CheckChips(*mapping, {});
}

void RunMappedPage(std::string_view bytes) {
  static const auto mapping = collector::ReadMappingText("my.yaml", kEveryForm);
  Require(mapping.ok(), "the mapping of the fuzzer is right");
  collector::Observation observation;
  auto rows = collector::RowsOfPage(collector::MappedNames(*mapping, ""), bytes, observation);
  if (rows.ok()) CheckChips(*mapping, *std::move(rows));
}

void RunPromqlAnswer(std::string_view bytes) {
  auto answer = collector::ReadPromqlAnswer(bytes);
  if (!answer.ok()) {
    Require(answer.status().message().find("expected") != absl::string_view::npos,
            "an error says what was expected");
    return;
  }
  for (const MappedRow& row : answer->rows) {
    Require(row.timestamp_millis.has_value(), "a result has a time");
  }
}

}  // namespace fleetmeter::fuzz
