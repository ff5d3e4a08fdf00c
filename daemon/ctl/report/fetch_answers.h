// Asks a daemon for everything that an allocation report is made of.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "daemon/ctl/connection.h"
#include "daemon/ctl/report/allocation_answers.h"

namespace fleetmeter::ctl::report {

struct Question {
  int64_t from_unix_seconds = 0;   // a full hour
  int64_t until_unix_seconds = 0;  // the present hour's end
  int64_t asked_unix_seconds = 0;
  // Parts that are not wanted are not asked for.
  bool history = true;
  bool requests = true;  // undecided ones, grants, budgets and lending; decisions always are
  bool outcomes = true;
  bool administration = true;
};

// Answers that the daemon refuses stay as errors in their place, in words for a reader of the
// report. Unavailable: there is no daemon, or it went away.
absl::StatusOr<Answers> FetchAnswers(const Connection& connection, const Question& question);

}  // namespace fleetmeter::ctl::report
