// A small fleet with a plan, and requests about it, for the tests of the rules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/domain/capacity/capacity_book.h"
#include "daemon/domain/capacity/capacity_order.h"
#include "daemon/domain/capacity/commitments.h"
#include "daemon/domain/reference_data.h"

namespace fleetmeter::capacity {

// 2027-01-15 08:00:00Z, and twenty minutes later.
inline constexpr int64_t kStartOfHour = 1'800'000'000;
inline constexpr int64_t kPresent = kStartOfHour + 1'200;
inline constexpr int64_t kAnHour = 3'600;
inline constexpr int64_t kMicro = 1'000'000;

// So many hours after kStartOfHour.
constexpr int64_t At(int64_t hours) { return kStartOfHour + hours * kAnHour; }

// 1,000 H100e, of which 100 are the buffer. Inference has 400 (serving 300, chat 50), training 300
// (pretraining 250), research 200 (scaling 100, safety-lab 50). Chips: h100; trainium2, of which
// 1.5 make one H100e, and 2 for "decode".
PlanDocument MakePlanDocument(uint32_t version);
Catalog MakeCatalog();
ReferenceData MakeReference();
// With one plan after another; `plans` ascend by date and have no fault.
ReferenceData MakeReference(const std::vector<PlanDocument>& plans);

// 10 h100 of `serving` for team `api`, for five hours from At(10) on; a growth bet.
CapacityForm MakeForm(const std::string& request_id);
// 1 million USD expected, 0.5 to 2 million with 80%.
Roi MakeRoi();

// The same beyond the allocation of its pool, with an ROI and what is given up.
CapacityForm Beyond(CapacityForm form);
// So many chips, as it was asked; 0: declined.
Decision Granting(const std::string& request_id, int64_t chips);

// A book whose events are applied without being checked.
class BookMaker {
 public:
  explicit BookMaker(ReferenceData reference = MakeReference());

  // At the present, or a second after the one before.
  BookMaker& Submit(const CapacityForm& form);
  BookMaker& SubmitAt(const CapacityForm& form, int64_t at_unix_nanos);
  // As it was asked, or with so many chips.
  BookMaker& Grant(const std::string& request_id);
  BookMaker& Grant(const std::string& request_id, int64_t chips, int64_t start, int64_t end);
  BookMaker& Rank(const std::string& pool, Nature nature, std::vector<std::string> workloads);

  // What the daemon does with an order; what is accepted is applied.
  CapacityAnswer Order(CapacityOrder order, int64_t now_unix_seconds = kPresent);
  CapacityAnswer Submit(const CapacityForm& form, std::optional<int64_t> revision,
                        const std::string& reason);
  CapacityAnswer Decide(std::vector<Decision> decisions, int64_t now_unix_seconds = kPresent);

  // As a reload does.
  void Use(ReferenceData reference) { reference_ = std::move(reference); }

  const CapacityBook& book() const { return book_; }
  const ReferenceData& reference() const { return reference_; }
  const CapacityRequest& Get(const std::string& request_id) const;
  // Of a form that need not be in the book.
  Fit FitOf(const CapacityForm& form, int64_t now_unix_seconds = kPresent) const;

 private:
  CapacityEvent Next(Action action, const std::string& request_id);

  ReferenceData reference_;
  CapacityBook book_;
};

}  // namespace fleetmeter::capacity
