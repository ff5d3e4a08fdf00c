#include "collectors/spool/record.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "collectors/core/outbox.h"

namespace fleetmeter::collector {
namespace {

constexpr std::string_view kSegmentMagic = "FMSPOOL1";  // the last letter is the format's version
constexpr std::string_view kRecordMagic = "FMr1";

// Little endian, whatever the machine.
template <class T>
void Put(T value, std::string& out) {
  auto bits = static_cast<uint64_t>(value);
  for (size_t i = 0; i < sizeof(T); ++i, bits >>= 8) out.push_back(static_cast<char>(bits & 0xff));
}

template <class T>
T Get(std::string_view bytes, size_t offset) {
  uint64_t bits = 0;
  for (size_t i = sizeof(T); i-- > 0;) {
    bits = bits << 8 | static_cast<unsigned char>(bytes[offset + i]);
  }
  return static_cast<T>(bits);
}

uint32_t Checksum(std::string_view bytes, uint32_t before = 0) {
  return static_cast<uint32_t>(
      crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

// Over all of a record but its magic and the checksum itself, and over which segment it is of.
uint32_t RecordChecksum(const SegmentIdentity& identity, std::string_view fields,
                        std::string_view payload) {
  std::string prefix = identity.spool_id;
  Put(identity.number, prefix);
  return Checksum(payload, Checksum(fields, Checksum(prefix)));
}

bool AllZero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 0; });
}

// A record that was being appended: it may end anywhere, and what is there is as it should be.
bool LooksTorn(std::string_view rest, uint32_t index) {
  if (AllZero(rest)) return true;  // room was made, and nothing written
  const std::string_view magic = rest.substr(0, kRecordMagic.size());
  if (magic != kRecordMagic.substr(0, magic.size())) return false;
  if (rest.size() < kRecordHeaderBytes) return true;
  return RecordBytes(rest) > rest.size() && Get<uint32_t>(rest, 8) == index;
}

// The next whole record behind something that is none; npos if there is none.
size_t FindRecord(std::string_view bytes, size_t from, uint32_t least_index,
                  const SegmentIdentity& identity, Record& record) {
  for (size_t at = bytes.find(kRecordMagic, from); at != std::string_view::npos;
       at = bytes.find(kRecordMagic, at + 1)) {
    if (!ReadRecord(bytes.substr(at), identity, record) || record.index < least_index) continue;
    // Lost ones took room: an index that jumps further than that is not to be believed.
    if (record.index - least_index <= (at - from) / kRecordHeaderBytes + 1) return at;
  }
  return std::string_view::npos;
}

}  // namespace

std::string EncodeSegmentHeader(const SegmentIdentity& identity) {
  std::string out(kSegmentMagic);
  out += identity.spool_id;
  Put(identity.number, out);
  Put(uint32_t{0}, out);
  Put(Checksum(out), out);
  return out;
}

std::string SpoolIdOf(std::string_view segment) {
  return std::string(
      segment.substr(std::min(segment.size(), kSegmentMagic.size()), kStreamIdBytes));
}

HeaderCheck CheckSegmentHeader(std::string_view bytes, const SegmentIdentity& identity) {
  const std::string expected = EncodeSegmentHeader(identity);
  const std::string_view header = bytes.substr(0, kSegmentHeaderBytes);
  if (header == expected) return HeaderCheck::kGood;
  const size_t body = kSegmentHeaderBytes - sizeof(uint32_t);
  const bool intact = header.size() == kSegmentHeaderBytes &&
                      Get<uint32_t>(header, body) == Checksum(header.substr(0, body));
  return intact ? HeaderCheck::kOtherSpool : HeaderCheck::kDamaged;
}

void AppendRecord(const SegmentIdentity& identity, uint32_t index, int64_t window_end_unix_nanos,
                  std::string_view payload, std::string& out) {
  std::string fields;
  Put(static_cast<uint32_t>(payload.size()), fields);
  Put(index, fields);
  Put(uint32_t{0}, fields);
  Put(window_end_unix_nanos, fields);
  out += kRecordMagic;
  out += fields;
  Put(RecordChecksum(identity, fields, payload), out);
  out += payload;
}

size_t RecordBytes(std::string_view header) {
  if (header.size() < kRecordHeaderBytes || !header.starts_with(kRecordMagic)) return 0;
  const auto length = Get<uint32_t>(header, 4);
  return length > Outbox::kMaxReportBytes ? 0 : kRecordHeaderBytes + length;
}

bool ReadRecord(std::string_view bytes, const SegmentIdentity& identity, Record& record) {
  const size_t size = RecordBytes(bytes);
  if (size == 0 || size > bytes.size()) return false;
  const std::string_view fields = bytes.substr(4, kRecordHeaderBytes - 8);
  const std::string_view payload = bytes.substr(kRecordHeaderBytes, size - kRecordHeaderBytes);
  if (Get<uint32_t>(bytes, kRecordHeaderBytes - 4) != RecordChecksum(identity, fields, payload)) {
    return false;
  }
  record.index = Get<uint32_t>(bytes, 8);
  record.window_end_unix_nanos = Get<int64_t>(bytes, 16);
  record.payload = payload;
  return true;
}

SegmentScan ScanSegment(std::string_view bytes, const SegmentIdentity& identity) {
  SegmentScan scan;
  size_t at = kSegmentHeaderBytes;
  scan.end = std::min(at, bytes.size());
  while (at < bytes.size()) {
    const auto index = static_cast<uint32_t>(scan.offsets.size());
    Record record;
    if (!ReadRecord(bytes.substr(at), identity, record) || record.index != index) {
      const size_t found = FindRecord(bytes, at, index, identity, record);
      if (found == std::string_view::npos) {
        scan.tail = LooksTorn(bytes.substr(at), index) ? Tail::kTorn : Tail::kDamaged;
        return scan;
      }
      scan.damaged_inside = true;
      scan.offsets.resize(record.index, 0);
      at = found;
    }
    scan.offsets.push_back(static_cast<uint32_t>(at));
    at += kRecordHeaderBytes + record.payload.size();
    scan.end = at;
  }
  return scan;
}

}  // namespace fleetmeter::collector
