// What becomes of reports that the daemon rejects.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "daemon/ctl/import/import_batch.h"
#include "daemon/ctl/import/import_sender.h"
#include "daemon/ctl/print/refused_file.h"

namespace fleetmeter::ctl {

// They go to the file of refused rows, and the first of them is told at the end. One thread.
class ImportRejections {
 public:
  // All of it outlives the object. `file`: that is imported.
  ImportRejections(const std::string& file, const imports::ImportBatch& plan, RefusedFile& refused)
      : file_(file), plan_(plan), refused_(refused) {}

  // What overlaps is held back until it is known whether the books say the same.
  absl::Status Add(const RejectedReport& rejected);
  // Of what was held back, all but `settled`, by indices in the plan.
  absl::Status Release(const std::set<size_t>& settled);
  // To standard error, if there are any.
  void Tell() const;

 private:
  absl::Status Keep(size_t index, const std::string& why);
  // "2-5, 9", as far as it fits into a message.
  std::string Lines() const;
  // What to do about them.
  std::string Advice() const;

  const std::string& file_;
  const imports::ImportBatch& plan_;
  RefusedFile& refused_;
  std::set<int64_t> lines_;
  std::set<int64_t> overlapping_;  // of lines_: the books have their time already
  std::string first_;
  std::map<size_t, std::string> held_;  // why, by index in the plan
};

}  // namespace fleetmeter::ctl
