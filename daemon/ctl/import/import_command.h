// What the commands of the group `import` share: they read a CSV file, make reports of it, and send
// those to a daemon's books.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/base/day_zone.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/import/correction_flags.h"
#include "daemon/ctl/import/correction_plan.h"
#include "daemon/ctl/import/import_batch.h"
#include "daemon/ctl/import/import_client.h"
#include "daemon/ctl/import/temporary_file.h"
#include "daemon/ctl/import/usage_correction.h"
#include "daemon/ctl/print/import_output.h"
#include "daemon/ctl/print/output_format.h"
#include "daemon/ctl/print/refused_file.h"

namespace fleetmeter::ctl {

class ImportCommand : public Command {
 public:
  void AddFlags(Flags& flags) final;
  absl::Status CheckFlags() const final;
  std::optional<std::string> CalledAddress() const final;
  int Run() final;

 protected:
  // `columns` is what the file has, for the help.
  ImportCommand(ImportKind kind, const std::string& help, std::string columns,
                const Connection& connection);

  // Flags of this kind alone.
  virtual void AddOwnFlags(Flags&) {}

  // What the reports follow from beside the file.
  struct Rules {
    std::string source;  // who reports what has no source of its own
    DayZone zone;        // whose days the books have
    // Told how far the work is that follows the reading, 0 to 1.
    std::function<void(double)> on_arranged;
  };
  virtual absl::StatusOr<imports::ImportBatch> MakeReports(CsvReader& csv,
                                                           const Rules& rules) const = 0;

  // Why the file may not say what it is meant to, as far as nobody has said that it does.
  virtual std::vector<imports::AmountDoubt> DoubtsAbout(const imports::ImportBatch&,
                                                        const ReportAnswer&) const {
    return {};
  }

  // Whether the rows of the file say who reports them; --source is refused then.
  virtual bool RowsHaveSources(const CsvReader&) const { return false; }

  // Whether the file corrects the books.
  bool corrects() const { return correction_.correct; }

 private:
  std::string Source() const;
  // Standard input as a file, since it may have to be read twice.
  absl::Status KeepInput();
  absl::StatusOr<CsvReader> OpenFile(const CsvForm& form) const;
  absl::StatusOr<imports::ImportBatch> Plan(const DayZone& zone) const;
  ReportAnswer AskDaemon(const imports::ImportBatch& plan) const;
  ReportAnswer AskUntilAnswered(const imports::ImportBatch& plan) const;
  absl::Status KeepRefused(const imports::ImportBatch& plan, RefusedFile& refused) const;
  int Send(const imports::ImportBatch& plan, RefusedFile& refused) const;
  ImportSummary SendPlain(const imports::ImportBatch& plan, RefusedFile& refused,
                          std::vector<size_t>* overlapping, absl::Status* status) const;
  // Corrects the books by what they differ from the file in, or adds it to them.
  int Correct(const imports::ImportBatch& file, RefusedFile& refused) const;
  // The same of usage, which the daemon compares.
  int CorrectUsage(const imports::ImportBatch& file, RefusedFile& refused) const;
  int BookUsage(const imports::ImportBatch& file, const std::vector<UsageQuestion>& questions,
                const UsageAnswers& answers, RefusedFile& refused) const;
  AskUsage UsageAsker() const;
  std::set<size_t> UnchangedUsage(const imports::ImportBatch& file,
                                  const std::vector<Fate>& fates) const;
  int Add(const imports::ImportBatch& file, RefusedFile& refused) const;
  int ShowAddition(const imports::ImportBatch& file, ImportSummary summary) const;
  absl::StatusOr<CorrectionRules> RulesOf(const imports::ImportBatch& file) const;
  absl::StatusOr<Books> AskBooks(const imports::ImportBatch& file,
                                 const CorrectionRules& rules) const;
  // Whether to book what was shown.
  bool Agreed(const std::string& question) const;
  int Tell(ImportSummary summary, const absl::Status& status) const;

  const ImportKind kind_;
  const std::string columns_;
  const Connection& connection_;
  std::string file_;
  std::optional<imports::TemporaryFile> input_;  // what "-" stands for
  CsvForm form_;
  std::string source_;   // empty: the file's name without folder and extensions
  std::string refused_;  // where rows go that are not in the books by it; empty: nowhere
  CorrectionFlags correction_;
  bool dry_run_ = false;
  bool quiet_ = false;
};

}  // namespace fleetmeter::ctl
