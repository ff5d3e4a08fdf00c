// What came of an import, as it is printed. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/ctl/import/import_batch.h"
#include "daemon/ctl/import/import_sender.h"
#include "daemon/ctl/import/totals.h"
#include "daemon/ctl/print/output_format.h"

namespace fleetmeter::ctl {

enum class ImportKind { kUsage, kInference, kTraining, kBenchmarks };

// "usage", "inference", "training", "benchmarks".
std::string NameOf(ImportKind kind);

struct ReportsAndRows {
  int64_t reports = 0;
  int64_t rows = 0;  // of the file
};

struct ImportSummary {
  std::string file;
  ImportKind kind = ImportKind::kUsage;
  std::string source;
  std::string stream_id;  // in hexadecimal
  bool dry_run = false;
  // Of a dry run: why the daemon could not be asked; empty: it was. And the names that it does not
  // know, each in a sentence.
  std::string not_asked;
  std::vector<std::string> unknown_names;
  // Likewise: why the file may not say what it is meant to.
  std::vector<imports::AmountDoubt> doubts;
  int64_t rows = 0;  // in the file
  int64_t refused_rows = 0;
  int64_t passed_over_rows = 0;
  int64_t reports = 0;
  imports::Totals totals;
  // By fate, of all reports.
  ReportsAndRows counted;
  ReportsAndRows before;
  ReportsAndRows overlapping;
  ReportsAndRows unchanged;
  ReportsAndRows rejected;
  ReportsAndRows unheard;
  ReportsAndRows unsent;
  // Of a correction: the file's reports by what they are to the books, in the order of Standing.
  std::optional<std::array<ReportsAndRows, 4>> comparison;

  // Whether all of the file is in the books, or, of a dry run, may be.
  bool complete() const {
    return refused_rows == 0 && unknown_names.empty() && doubts.empty() &&
           overlapping.reports == 0 && rejected.reports == 0 && unheard.reports == 0 &&
           (dry_run || unsent.reports == 0);
  }
};

// "2 rows in 1 report".
std::string RowsText(const ReportsAndRows& sum);

// `fates`: of a dry run empty.
ImportSummary Summarize(const imports::ImportBatch& plan, const std::vector<Fate>& fates);

std::string FormatImport(const ImportSummary& summary, OutputFormat format);

}  // namespace fleetmeter::ctl
