// What a person decided about the books: an entry says who, when and why, and is kept for ever.
// Plain values that ledger and accounting share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/numeric/int128.h"
#include "daemon/ledger/history_usage.h"
#include "daemon/ledger/outcome_books.h"

namespace fleetmeter {

enum class AdminAction : uint8_t { kForget, kRename, kReprice, kCorrectUsage, kMove };

// "forget", "rename", "reprice", "correct_usage", "move".
constexpr std::string_view Name(AdminAction action) {
  switch (action) {
    case AdminAction::kForget:
      return "forget";
    case AdminAction::kRename:
      return "rename";
    case AdminAction::kReprice:
      return "reprice";
    case AdminAction::kCorrectUsage:
      return "correct_usage";
    case AdminAction::kMove:
      return "move";
  }
  return "";
}

// What one source served to one segment on one day, as the books hold it. One row of inference_days
// with names.
struct InferenceDay {
  int64_t day_start = 0;  // seconds since 1970
  std::string source;
  BookedInference row;
  bool corrects = false;       // it is part of a correction
  int64_t reprice_number = 0;  // of the entry whose reprice booked it; 0: none did
};

// A signed difference that a reprice books. The price book version of `row` is the one in force.
struct RepricedDay {
  int64_t day_start = 0;
  std::string source;
  BookedInference row;
};

// Fields that an action has nothing to say about are empty or 0.
struct AdminEntry {
  int64_t number = 0;  // 1, 2, 3, ...
  int64_t entered_unix_nanos = 0;
  AdminAction action = AdminAction::kForget;
  std::string identity;        // who
  std::string reason;          // why
  std::string source;          // all but reprice: what it is about, by the name it had
  std::string new_source;      // rename
  std::string new_owner = {};  // move: the identity that it belongs to from then on
  int64_t micro_chips = 0;     // forget, rename: that nobody heard, and that left the numbers
  // forget: the whole source is gone; else only chips that it does not list any more.
  bool whole_source = false;

  // reprice, correct_usage: the days, half-open, in seconds since 1970.
  int64_t from_day = 0;
  int64_t to_day = 0;

  // reprice: the sums of what it books.
  int64_t old_price_book_version = 0;  // the newest that had priced any of it; 0: none had
  int64_t price_book_version = 0;
  int64_t priced_requests = 0;    // that were unpriced
  int64_t revenue_micro_usd = 0;  // the difference

  // correct_usage: windows that say something else now, and the net difference.
  int64_t windows = 0;
  absl::int128 chip_nanos = 0;
  absl::int128 busy_chip_nanos = 0;

  // What a reprice or a correction of usage books. Not read again with the entry.
  std::vector<RepricedDay> repriced = {};
  RestatedUsage restated = {};
};

// The id of the correction by which an entry books what it repriced of a source.
std::string RepriceCorrectionId(int64_t number);

// Another name of a source.
struct SourceAlias {
  std::string name;
  std::string source;
};

}  // namespace fleetmeter
