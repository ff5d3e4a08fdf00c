#include "daemon/domain/report/reject_reason.h"

#include <algorithm>

namespace fleetmeter {
namespace {

constexpr std::array<std::string_view, kRejectReasons.size()> kNames = {
#define REASON(enumerator, name, mended, meaning) name,
#include "daemon/domain/report/reject_reasons.list"
#undef REASON
};

enum Mended { kBySender, kByOthers };
constexpr std::array<Mended, kRejectReasons.size()> kMended = {
#define REASON(enumerator, name, mended, meaning) mended,
#include "daemon/domain/report/reject_reasons.list"
#undef REASON
};

constexpr std::array<std::string_view, kRejectReasons.size()> kMeanings = {
#define REASON(enumerator, name, mended, meaning) meaning,
#include "daemon/domain/report/reject_reasons.list"
#undef REASON
};

// Lower case, digits and underscores, so that a name needs no escape in metrics or queries.
constexpr bool IsLabelName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// A cell of a Markdown table, which ends at a bar.
constexpr bool IsSentences(std::string_view text) {
  return text.ends_with('.') && text.find_first_of("|\n") == std::string_view::npos;
}

constexpr bool NamesDiffer() {
  for (size_t i = 0; i < kNames.size(); ++i) {
    for (size_t j = i + 1; j < kNames.size(); ++j) {
      if (kNames[i] == kNames[j]) return false;
    }
  }
  return true;
}

static_assert(std::all_of(kNames.begin(), kNames.end(), IsLabelName),
              "reject_reasons.list: a name has lower case letters, digits and underscores only");
static_assert(NamesDiffer(), "reject_reasons.list: two reasons have the same name");
static_assert(std::all_of(kMeanings.begin(), kMeanings.end(), IsSentences),
              "reject_reasons.list: a meaning is one or more sentences, without a bar");

constexpr std::string_view kIntroduction =
    "# Why a report is rejected\n"
    "\n"
    "<!-- Written by deploy/write_references.sh from daemon/domain/report/reject_reasons.list. "
    "-->\n"
    "\n"
    "A report that is neither counted nor deferred is rejected. It keeps its place in the "
    "sequence\n"
    "of its stream, and the reports after it are counted. The answer to the sender, and the table\n"
    "`rejected_reports` of the ledger, name the reason, the field, and what was expected there.\n"
    "`fleetmeter_ingest_rejected_reports_total` counts reports by reason.\n"
    "\n"
    "The last column says who can mend it. What others can mend (the plan, the catalog, a clock, "
    "a\n"
    "limit) the daemon defers instead, if the sender can keep the report and offer it again, as\n"
    "`fleetmeter-collector` does. The report is counted when that is mended. History is never\n"
    "deferred: whoever imports it is told, and can import it again.\n"
    "`fleetmeter_ingest_deferred_reports_total` counts by reason how often reports were deferred.\n"
    "\n"
    "| reason | what it means, and what the sender can do | mended by |\n"
    "|---|---|---|\n";

}  // namespace

std::string_view Name(RejectReason reason) { return kNames[IndexOf(reason)]; }

std::string_view Meaning(RejectReason reason) { return kMeanings[IndexOf(reason)]; }

bool CanBeMended(RejectReason reason) { return kMended[IndexOf(reason)] == kByOthers; }

std::optional<RejectReason> FindRejectReason(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return kRejectReasons[static_cast<size_t>(found - kNames.begin())];
}

std::string RejectReasonsPage() {
  std::string page(kIntroduction);
  for (const RejectReason reason : kRejectReasons) {
    page += "| `" + std::string(Name(reason)) + "` | " + std::string(Meaning(reason)) + " | " +
            (CanBeMended(reason) ? "others" : "the sender") + " |\n";
  }
  return page;
}

}  // namespace fleetmeter
