// What the collector finds on its disk after a crash, or after somebody else wrote there.
#include <zlib.h>

#include <cstdio>

#include "collectors/spool/manifest.h"
#include "collectors/spool/record.h"
#include "tests/fuzz/targets.h"

namespace fleetmeter::fuzz {
namespace {

const collector::SegmentIdentity kIdentity{.spool_id = std::string(16, 's'), .number = 1};

collector::SegmentScan CheckScan(std::string_view bytes) {
  const collector::SegmentScan scan = collector::ScanSegment(bytes, kIdentity);
  Require(scan.end <= bytes.size(), "the last record ends within the file");
  for (size_t i = 0; i < scan.offsets.size(); ++i) {
    if (scan.offsets[i] == 0) continue;
    Require(scan.offsets[i] < scan.end, "a record lies before the end");
    collector::Record record;
    Require(collector::ReadRecord(bytes.substr(scan.offsets[i]), kIdentity, record),
            "what the scan found can be read");
    Require(record.index == i, "and is where it belongs");
  }
  return scan;
}

void CheckManifest(std::string_view text) {
  const auto manifest = collector::ParseManifest(text);
  if (!manifest.ok()) {
    Require(!manifest.status().message().empty(), "an error says what is wrong");
    return;
  }
  const std::string written = collector::EncodeManifest(*manifest);
  const auto again = collector::ParseManifest(written);
  Require(again.ok() && collector::EncodeManifest(*again) == written,
          "what is written is what was read");
}

}  // namespace

// Bytes as they are; and, since few would pass a checksum, a segment of records made from them, of
// which one byte is then changed: records before it are found, and it is seen that it was changed.
void RunSpoolSegment(std::string_view bytes) {
  collector::CheckSegmentHeader(bytes, kIdentity);
  collector::SpoolIdOf(bytes);
  CheckScan(bytes);
  if (bytes.size() < 4) return;
  const size_t size = 1 + static_cast<unsigned char>(bytes[0]) % 32;
  const size_t place =
      static_cast<unsigned char>(bytes[1]) * 256U + static_cast<unsigned char>(bytes[2]);
  const char change = bytes[3];
  bytes.remove_prefix(4);
  std::string segment = collector::EncodeSegmentHeader(kIdentity);
  std::vector<size_t> ends;
  for (uint32_t index = 0; !bytes.empty(); ++index) {
    const std::string_view payload = bytes.substr(0, size);
    bytes.remove_prefix(payload.size());
    collector::AppendRecord(kIdentity, index, index, payload, segment);
    ends.push_back(segment.size());
  }
  const collector::SegmentScan whole = CheckScan(segment);
  Require(whole.offsets.size() == ends.size() && whole.tail == collector::Tail::kWhole &&
              !whole.damaged_inside,
          "what was written is read");
  if (change == 0 || ends.empty()) return;
  const size_t at =
      collector::kSegmentHeaderBytes + place % (segment.size() - collector::kSegmentHeaderBytes);
  segment[at] = static_cast<char>(segment[at] ^ change);
  const collector::SegmentScan damaged = CheckScan(segment);
  size_t before = 0;
  while (before < ends.size() && ends[before] <= at) ++before;
  for (size_t i = 0; i < before; ++i) {
    Require(i < damaged.offsets.size() && damaged.offsets[i] != 0, "others are still found");
  }
  Require(before >= damaged.offsets.size() || damaged.offsets[before] == 0,
          "a record that was changed is not taken");
}

// As it is, and with the checksum put right.
void RunSpoolManifest(std::string_view bytes) {
  CheckManifest(bytes);
  char checksum[32];
  std::snprintf(checksum, sizeof checksum, "checksum %08lx\n",
                crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
  CheckManifest(std::string(bytes) + checksum);
}

}  // namespace fleetmeter::fuzz
