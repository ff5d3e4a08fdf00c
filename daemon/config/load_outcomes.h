// Reads what outcomes are measured by: the benchmark suite and the price book. As strict as
// load_config.h: all errors of a file together, each with file, line and key.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "daemon/domain/outcomes/benchmark_suite.h"
#include "daemon/domain/outcomes/price_book.h"

namespace fleetmeter {

// NotFound if the file cannot be read, otherwise InvalidArgument.
absl::StatusOr<outcomes::BenchmarkSuite> LoadBenchmarkSuite(const std::string& path);
absl::StatusOr<outcomes::PriceBook> LoadPriceBook(const std::string& path);

}  // namespace fleetmeter
