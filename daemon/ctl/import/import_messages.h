// Reports of a plan as the protocol has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/ctl/import/import_batch.h"
#include "fleetmeter/v1/ingest.pb.h"

namespace fleetmeter::ctl {

// Which of the two a plan's reports are; all of one plan are the same.
bool IsUsage(const imports::ImportReport& planned);

v1::OutcomeReport ToMessage(const OutcomeReport& report, uint64_t sequence);
v1::UsageReport ToMessage(const UsageReport& report, uint64_t sequence);

// A stream of reports of `plan`: `order` says which, and in which order. A sequence is one more
// than the place in the stream.
struct ImportStream {
  std::string id;
  std::vector<size_t> order;  // indices
  size_t whole = 0;           // above 0: all so many reports of the plan, and no `order`

  size_t size() const { return whole > 0 ? whole : order.size(); }
  size_t At(size_t place) const { return whole > 0 ? place : order[place]; }
};

// Reports from place `first` of the stream on: as many as fit into `most_reports` and `most_bytes`,
// and at least one.
v1::ReportRequest MakeRequest(const imports::ImportBatch& plan, const ImportStream& stream,
                              size_t first, size_t most_reports, size_t most_bytes);

// 16 bytes that follow from what the plan sends and from nothing else: the first of the SHA-256 of
// all of its reports. So one stream stands for one set of reports: whatever makes the reports
// differ (the file, a flag, the version of this program) makes another stream, and whatever does
// not leaves it the same.
std::string StreamIdOf(const imports::ImportBatch& plan);

// All reports of the plan, by the stream of StreamIdOf.
ImportStream WholeStream(const imports::ImportBatch& plan);
// The stream by which those of `stream` are sent again that `rejected` names, by their indices. It
// follows from both, so that whoever goes on with it finds it.
ImportStream StreamAgain(const ImportStream& stream, std::vector<size_t> rejected);

// Whether another source has booked the time of the plan's reports. Nothing where that can be no
// fault: benchmarks have no windows, and a source that was named is meant.
std::optional<v1::OverlapQuestion> OverlapQuestionOf(const imports::ImportBatch& plan);

// 24 hexadecimal digits that follow from the texts, in their order, and from nothing else.
std::string DigestOfTexts(const std::vector<std::string>& texts);

// What is asked before anything is sent: whose days the daemon has, and which names it knows. Of
// more names than a question may have, the others are not asked.
v1::ReportRequest QuestionsOf(const imports::ImportBatch& plan);

// "5f09..." of bytes.
std::string Hex(const std::string& bytes);

}  // namespace fleetmeter::ctl
