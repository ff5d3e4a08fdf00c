// What the families of outcomes are written from: segments by the names that they are told by.
//
// Worked out once a scrape.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/domain/outcomes/margin.h"
#include "daemon/serve/metrics/segment_series.h"
#include "daemon/view/outcome_board.h"

namespace fleetmeter {

// Amounts of money are whole micro-dollars in the books, and dollars in metrics.
inline constexpr double kMicroUsdPerUsd = 1e6;

struct OutcomeFacts {
  std::vector<SegmentTotal> totals;                // since the books began, by the writer
  std::shared_ptr<const ReferenceData> reference;  // in force
  // Null before there is one, and always where the ledger is in memory.
  std::shared_ptr<const OutcomeView> view;
  int64_t view_holds_as_of_unix_nanos = 0;
  uint64_t refresh_failures = 0;
};

// Segments that are told by one name, since the books began. Doubles: their sums may leave 64 bits.
struct SegmentCounters {
  double requests = 0;
  double unpriced_requests = 0;
  double input_tokens = 0;
  double cached_input_tokens = 0;
  double output_tokens = 0;
  double revenue_usd = 0;
  double corrected_requests = 0;
  double corrected_revenue_usd = 0;
};

// The same in one window, on one basis.
struct SegmentWindow {
  std::optional<int64_t> requests;  // all that were told of; nothing: no day is known
  // Of the days that are known. Nothing: that of some of them is not known.
  std::optional<int64_t> revenue_micro_usd = 0;
  std::optional<int64_t> cost_micro_usd = 0;
  outcomes::Margin before;
  outcomes::Margin after;
  outcomes::Margin compared;  // of after, what lies alike in before
};

// A window on a basis.
struct WindowFigures {
  std::string window;
  std::string basis;
  const MarginAnswer* answer = nullptr;
  std::map<outcomes::Segment, SegmentWindow> segments;
  std::vector<outcomes::MarginLine> models;
  std::vector<outcomes::MarginLine> tiers;
};

struct OutcomeFigures {
  OutcomeFacts facts;
  // Of models and of customer tiers at most so many have series of their own.
  size_t most = 0;
  SegmentSeries::Counts segments;
  std::map<outcomes::Segment, SegmentCounters> counters;
  std::vector<WindowFigures> windows;  // empty without a view

  // Null: there is none.
  const outcomes::CapabilityView* capability() const {
    return facts.view && facts.view->capability.view ? &*facts.view->capability.view : nullptr;
  }
};

// `series` decides which segments have series of their own.
OutcomeFigures MakeOutcomeFigures(OutcomeFacts facts, SegmentSeries& series);

}  // namespace fleetmeter
