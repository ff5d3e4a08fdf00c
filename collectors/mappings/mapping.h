// Which series of an exporter say what about chips: a mapping file as plain values. README.md
// describes the keys; read_mapping.h reads them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/attribution/attributes.h"
#include "collectors/device/device_reading.h"

namespace fleetmeter::collector {

// One sample of a series that a mapping names.
struct MappedRow {
  std::string name;  // as the mapping names it: without a prefix
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;  // may be NaN or infinite
  std::optional<int64_t> timestamp_millis;
  bool stale = false;  // known to be old: it tells of the chip and of nothing else
  std::string place;   // for messages: "line 12"

  // By the name in any case. Nothing: it is absent, empty, or says that there is no value ("N/A").
  std::optional<std::string_view> Label(std::string_view label) const;
  // The first of `labels` that there is.
  std::optional<std::string_view> AnyLabel(const std::vector<std::string>& labels) const;
  // `gpu_usage{gpu_id="0"}`, short and printable.
  std::string Describe() const;
};

// Rows of any of these names whose labels are as `where` says.
struct MappedSeries {
  std::vector<std::string> names;
  // A label and its patterns (attribution/glob.h). One of them has to match, and an absent label is
  // an empty text.
  std::vector<std::pair<std::string, std::vector<std::string>>> where;

  bool Takes(const MappedRow& row) const;
};

// A series that measures.
struct MappedSignal {
  MappedSeries series;
  std::string signal;  // its name on the wire
  double full = 1;     // what it says of a chip that is fully busy
  // Rows of one chip that differ in these labels measure parts of it that are alike, such as tiles:
  // the chip's value is their mean.
  std::vector<std::string> mean_over;
};

// Something that a value says of a chip or of the exporter.
struct MappedCondition {
  MappedSeries series;
  std::optional<double> above;
  std::optional<double> below;
  std::optional<double> equals;
  Fitness fitness = Fitness::kBroken;
  std::string reason;

  bool Holds(double value) const;  // not for NaN
};

struct MappedDevices {
  MappedSeries series;
  // Labels that tell the chips of a host apart; the first that a row has decides.
  std::vector<std::string> identity;
  std::vector<std::string> uuid;
  std::vector<std::string> index;  // the number at the end of the label
  MappedSeries index_series;       // or the value of this series
  std::vector<std::string> model;
  std::vector<std::string> host;
  // Rows that have one of these labels speak of a part of the chip. Only the part of this name
  // measures, for the whole chip; if there is no such name, no part does.
  std::vector<std::string> partition;
  std::string measured_partition;
  // Patterns of models of which nobody can tell by the page whether an identity is a chip or a part
  // of one.
  std::vector<std::string> maybe_parts;
  bool anonymous = false;  // other sources have other names for the chips
  bool all = true;         // the exporter always lists all chips of the host
};

// What a mapping may call the attributes of a holder; "label.NAME" comes by itself.
inline constexpr auto kHolderAttributes =
    std::to_array<std::string_view>({"pod", "namespace", "container", "job", "user", "account",
                                     "partition", "queue", "workload", "process"});

// What rules may ask of holders that a mapping found.
Vocabulary MappedHolderVocabulary();

struct Mapping {
  std::string name;                   // of its file, for messages
  std::string title;                  // for people
  std::string url;                    // where the exporter usually is; empty: nowhere in particular
  std::vector<std::string> prefixes;  // that may stand in front of names of series
  MappedDevices devices;
  std::vector<MappedSignal> activity;    // the first that a chip has
  std::vector<MappedSignal> productive;  // likewise
  std::vector<MappedCondition> health;
  std::vector<MappedCondition> failure;  // of the exporter itself
  // An attribute of holders, and the labels that it comes from.
  std::vector<std::pair<std::string, std::vector<std::string>>> holder;
  std::vector<std::string> holder_series;  // more series that name holders

  // All names of series, without prefixes, each once and sorted.
  std::vector<std::string> SeriesNames() const;
};

}  // namespace fleetmeter::collector
