// The grain of the books and of the live numbers.
//
// A cell is one (state, pool, team, chip kind, signal, conversion). All amounts are integers, so
// adding and taking away leaves no residue: micro-chips live, chip-nanoseconds in the books.
#pragma once

#include <array>
#include <cstdint>

#include "daemon/domain/report/usage_report.h"
#include "daemon/ledger/books.h"

namespace fleetmeter {

struct CellKey {
  ChipState state = ChipState::kAssigned;
  uint32_t pool = 0;  // symbols; 0: none
  uint32_t team = 0;
  uint32_t chip = 0;
  uint32_t signal = 0;
  uint32_t conversion = 0;  // index of conversions

  friend bool operator==(const CellKey&, const CellKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const CellKey& k) {
    return H::combine(std::move(h), static_cast<int>(k.state), k.pool, k.team, k.chip, k.signal,
                      k.conversion);
  }
};

// What live sources hold right now, in micro-chips (the mean over their latest window).
struct LiveAmounts {
  int64_t chips = 0;
  int64_t busy = 0;
  int64_t productive = 0;
  int64_t productive_measured = 0;  // chips whose productive part is measured
  int64_t sampled = 0;              // chips with a reading of their own
  int64_t idle = 0;                 // of these, chips below the idle threshold
};

struct Cell {
  CellKey key;
  LiveAmounts live;
  int64_t unheard = 0;  // micro-chips of silent sources when last heard
  // Micro-chips that nobody reports any more, though nobody has said what became of them: of
  // sources that are silent for long or rejected, and of sources that stopped listing them.
  int64_t unaccounted = 0;
  BookedAmounts booked;
};

// Live distribution of chip activity in steps of 1%: micro-chips by percent, 0 to 100.
using ActivityCounts = std::array<int64_t, 101>;

}  // namespace fleetmeter
