// The bytes of a segment: a header and records, each guarded by a checksum. Pure; see README.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fleetmeter::collector {

inline constexpr size_t kSegmentHeaderBytes = 40;
inline constexpr size_t kRecordHeaderBytes = 28;

// Which segment of which spool: a file that has strayed is noticed.
struct SegmentIdentity {
  std::string spool_id;  // 16 bytes
  uint64_t number = 0;
};

std::string EncodeSegmentHeader(const SegmentIdentity& identity);

// What a header says, whether it is intact or not.
std::string SpoolIdOf(std::string_view segment);

enum class HeaderCheck { kGood, kDamaged, kOtherSpool };
HeaderCheck CheckSegmentHeader(std::string_view bytes, const SegmentIdentity& identity);

// `index`: the record's place in its segment, from 0.
void AppendRecord(const SegmentIdentity& identity, uint32_t index, int64_t window_end_unix_nanos,
                  std::string_view payload, std::string& out);

struct Record {
  uint32_t index = 0;
  int64_t window_end_unix_nanos = 0;
  std::string_view payload;  // of the bytes that were read
};

// The record at the beginning of `bytes`, which may go on behind it. False: there is none, or it is
// damaged.
bool ReadRecord(std::string_view bytes, const SegmentIdentity& identity, Record& record);

// Of what the header of a record says: bytes it takes in all. 0: it is no header.
size_t RecordBytes(std::string_view header);

enum class Tail {
  kWhole,    // the last record ends the file
  kTorn,     // a record that was being written when the process or the machine ended
  kDamaged,  // something else that is no record
};

// What a segment holds.
struct SegmentScan {
  // Offset of each record by its index; 0: lost to damage.
  std::vector<uint32_t> offsets;
  size_t end = 0;  // behind the last whole record
  Tail tail = Tail::kWhole;
  bool damaged_inside = false;  // there are whole records behind something that is none
};
SegmentScan ScanSegment(std::string_view bytes, const SegmentIdentity& identity);

}  // namespace fleetmeter::collector
