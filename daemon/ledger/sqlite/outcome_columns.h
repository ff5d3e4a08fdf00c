// Outcomes to and from rows of the ledger.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/ledger/outcome_books.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "fmt/format.h"

namespace fleetmeter {

// The order of the columns in every table.
inline constexpr std::array kInferenceColumns = {
    &InferenceAmounts::requests,      &InferenceAmounts::unpriced_requests,
    &InferenceAmounts::input_tokens,  &InferenceAmounts::cached_input_tokens,
    &InferenceAmounts::output_tokens, &InferenceAmounts::revenue_micro_usd};
inline constexpr std::string_view kInferenceColumnNames =
    "requests, unpriced_requests, input_tokens, cached_input_tokens, output_tokens, "
    "revenue_micro_usd";

// What inference_days has in place of the version of a price book where nobody knew the revenue.
inline constexpr int64_t kNoPriceVersion = -1;
// The same, where the report left out tokens that a price by the token would need.
inline constexpr int64_t kNoTokensVersion = -2;

// Six columns of a row, from `first` on.
inline InferenceAmounts InferenceAt(const Statement& row, int first) {
  InferenceAmounts amounts;
  for (const auto column : kInferenceColumns) amounts.*column = row.Integer(first++);
  return amounts;
}

// Runs a statement whose last six parameters are amounts.
template <class... Keys>
absl::Status RunWithInference(Statement& statement, const InferenceAmounts& a,
                              const Keys&... keys) {
  return statement.Run(keys..., a.requests, a.unpriced_requests, a.input_tokens,
                       a.cached_input_tokens, a.output_tokens, a.revenue_micro_usd);
}

// False, and a sum of no use, where it would leave 64 bits.
[[nodiscard]] inline bool AddTo(int64_t* sum, int64_t amount) {
  return !__builtin_add_overflow(*sum, amount, sum);
}
[[nodiscard]] inline bool AddTo(InferenceAmounts* sum, const InferenceAmounts& amounts) {
  bool ok = true;
  for (const auto column : kInferenceColumns) ok = AddTo(&(sum->*column), amounts.*column) && ok;
  return ok;
}

// What Name made of them. DataLoss for another word: the ledger is damaged.
inline absl::StatusOr<OutcomeKind> ParseOutcomeKind(std::string_view text) {
  for (const OutcomeKind kind : kOutcomeKinds) {
    if (Name(kind) == text) return kind;
  }
  return absl::DataLossError(fmt::format("the ledger has outcomes of a kind '{}'", text));
}
inline absl::StatusOr<TrainingPhase> ParseTrainingPhase(std::string_view text) {
  for (const TrainingPhase phase : {TrainingPhase::kPre, TrainingPhase::kPost}) {
    if (Name(phase) == text) return phase;
  }
  return absl::DataLossError(fmt::format("the ledger has training of a phase '{}'", text));
}

}  // namespace fleetmeter
