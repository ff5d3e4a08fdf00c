// What /api/v1/query of a Prometheus server answers, and what it is asked. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/mappings/map_devices.h"

namespace fleetmeter::collector {

struct PromqlAnswer {
  std::vector<MappedRow> rows;  // of the name that the server gives, which may be none
  std::vector<std::string> warnings;
  bool partial = false;  // by the word of a server that asks others (isPartial)
  int64_t bad_rows = 0;  // without a number, such as histograms
};

// InvalidArgument: no answer of this API, not an instant vector, or an error, whose text is told.
absl::StatusOr<PromqlAnswer> ReadPromqlAnswer(std::string_view body);

// "query=up&timeout=5s" as a form has it.
std::string PromqlForm(const std::vector<std::pair<std::string, std::string>>& fields);

// `{__name__=~"a|b",job="x"}`: all series that a mapping names.
std::string SelectorOf(const MappedNames& names, std::string_view select);

// Marks the rows whose labels another query says to be older than that. Its values are seconds.
void MarkOlderThan(std::chrono::milliseconds age, const std::vector<MappedRow>& ages,
                   std::vector<MappedRow>& rows);

}  // namespace fleetmeter::collector
