// What the collector finds in the folder of deferred reports after a crash, or after somebody else
// wrote there.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "collectors/spool/deferred_disk.h"
#include "collectors/spool/record.h"
#include "tests/fuzz/targets.h"
#include "tests/support/temp_folder.h"

namespace fleetmeter::fuzz {
namespace {

using collector::DeferredDisk;
using collector::DeferredRecord;

// Nothing has to outlive the machine here.
class UnsyncedFiles final : public collector::Disk {
 public:
  absl::Status Sync(const collector::FileHandle&, const std::string&) override {
    return absl::OkStatus();
  }
};

DeferredDisk::Opened MustOpen(collector::Disk& disk, const std::string& folder) {
  auto opened = DeferredDisk::Open(disk, folder);
  Require(opened.ok(), "a log that was opened can be opened again");
  return *std::move(opened);
}

// What is found can be read, is found again, and is gone once it is dropped.
void CheckLog(collector::Disk& disk, const std::string& folder) {
  auto opened = DeferredDisk::Open(disk, folder);
  if (!opened.ok()) {
    Require(!opened.status().message().empty(), "an error says what is wrong");
    return;
  }
  std::vector<uint64_t> ids;
  for (const auto& [id, record] : opened->records) {
    Require(id == record.id && !record.reason.empty(), "a report is found under its number");
    const auto bytes = opened->store->Read(id);
    Require(bytes.ok() && *bytes == record.bytes, "what is found can be read");
    ids.push_back(id);
  }
  Require(MustOpen(disk, folder).records.size() == ids.size(), "it is found again");
  Require(opened->store->Drop(ids, opened->in_use_nanos).ok(), "it can be dropped");
  Require(MustOpen(disk, folder).records.empty(), "what was dropped does not come back");
}

// Reads a length and so many bytes.
std::string_view Take(std::string_view& bytes) {
  if (bytes.empty()) return {};
  const size_t size = static_cast<unsigned char>(bytes[0]);
  const std::string_view taken = bytes.substr(1, size);
  bytes.remove_prefix(1 + taken.size());
  return taken;
}

// Records with these marks and contents: few would pass a checksum that came from outside. The
// first byte of each says what it is (deferred_disk.cc).
std::string SegmentOf(std::string_view bytes) {
  const collector::SegmentIdentity identity{.spool_id = std::string(16, 'd'), .number = 1};
  std::string segment = collector::EncodeSegmentHeader(identity);
  for (uint32_t index = 0; !bytes.empty(); ++index) {
    const auto code = static_cast<signed char>(bytes[0]);
    bytes.remove_prefix(1);
    const int64_t mark = code == INT8_MIN ? INT64_MIN : code;
    collector::AppendRecord(identity, index, mark, Take(bytes), segment);
  }
  return segment;
}

// What is kept is found as it is.
void CheckKept(std::string_view bytes) {
  const TempFolder folder;
  UnsyncedFiles disk;
  const std::string log = folder.PathOf("deferred");
  std::map<uint64_t, DeferredRecord> kept;
  {
    const auto opened = MustOpen(disk, log);
    for (uint64_t id = 1; !bytes.empty() && id <= 8; ++id) {
      const DeferredRecord record{.id = id,
                                  .reason = "r" + std::string(Take(bytes)),
                                  .subject = std::string(Take(bytes)),
                                  .detail = std::string(Take(bytes)),
                                  .deferred_at_nanos = static_cast<int64_t>(id),
                                  .bytes = "b" + std::string(Take(bytes))};
      Require(opened.store->Keep({record}, 7).ok(), "there is room");
      kept.emplace(id, record);
    }
  }
  const auto again = MustOpen(disk, log);
  Require(again.records.size() == kept.size(), "all that was kept is found");
  for (const auto& [id, record] : again.records) {
    const DeferredRecord& was = kept.at(id);
    Require(record.reason == was.reason && record.subject == was.subject &&
                record.detail == was.detail && record.bytes == was.bytes &&
                record.deferred_at_nanos == was.deferred_at_nanos,
            "as it was");
  }
}

void CheckFile(const std::string& segment) {
  const TempFolder folder;
  UnsyncedFiles disk;
  folder.Write("deferred/" + collector::Segment::NameOf(1), segment);
  CheckLog(disk, folder.PathOf("deferred"));
}

}  // namespace

// Bytes as a whole file; as records of one; and as reports that are kept.
void RunDeferredLog(std::string_view bytes) {
  CheckFile(std::string(bytes));
  CheckFile(SegmentOf(bytes));
  CheckKept(bytes);
}

}  // namespace fleetmeter::fuzz
