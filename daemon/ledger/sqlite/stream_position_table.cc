#include "daemon/ledger/sqlite/stream_position_table.h"

#include <array>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/statusor.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

using Slots = std::array<uint64_t, RecentDigests::kKept>;

std::string SlotBytes(const Slots& slots) {
  std::string bytes;
  for (uint64_t slot : slots) {
    for (int i = 0; i < 8; ++i, slot >>= 8) bytes += static_cast<char>(slot & 0xff);
  }
  return bytes;
}

absl::StatusOr<Slots> ParseSlots(const std::string& bytes) {
  Slots slots{};
  if (bytes.size() != slots.size() * 8) {
    return absl::DataLossError(fmt::format("the digests of a stream are {} bytes; expected {}",
                                           bytes.size(), slots.size() * 8));
  }
  for (size_t i = 0; i < bytes.size(); ++i) {
    slots[i / 8] |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * (i % 8));
  }
  return slots;
}

}  // namespace

absl::Status StreamPositionTable::Prepare() {
  return database_.PrepareAll(
      {{"UPDATE streams SET sequence = ?3, epoch = ?4, digests = ?5 "
        "WHERE identity = ?1 AND stream_id = ?2",
        &update_stream_},
       {"INSERT INTO streams (identity, stream_id, sequence, epoch, "
        "digests) VALUES (?1, ?2, ?3, ?4, ?5)",
        &insert_stream_},
       {"DELETE FROM streams WHERE identity = ?1 AND stream_id = ?2", &delete_stream_},
       {"UPDATE retired_totals SET sequences = sequences + ?1", &add_retired_},
       {"INSERT INTO retired_streams (mark) VALUES (?1)", &insert_retired_},
       {"DELETE FROM retired_streams WHERE retired_row <= "
        "(SELECT max(retired_row) FROM retired_streams) - ?1",
        &bound_retired_}});
}

absl::Status StreamPositionTable::RestoreRetired(RetiredStreams* retired) {
  const auto sequences = database_.Integer("SELECT sequences FROM retired_totals");
  if (!sequences.ok()) return sequences.status();
  retired->sequences = static_cast<uint64_t>(*sequences);
  Statement marks;
  absl::Status status =
      database_.Prepare("SELECT mark FROM retired_streams ORDER BY retired_row", &marks);
  if (!status.ok()) return status;
  return marks.ForEach([&](const Statement& row) {
    retired->marks.push_back(static_cast<uint64_t>(row.Integer(0)));
    return absl::OkStatus();
  });
}

absl::Status StreamPositionTable::Restore(RestoredBooks* books) {
  Statement streams;
  absl::Status status = database_.Prepare(
      "SELECT identity, stream_id, sequence, epoch, digests FROM streams ORDER BY stream_row",
      &streams);
  if (status.ok()) status = RestoreRetired(&books->retired);
  if (!status.ok()) return status;
  const auto count = database_.Integer("SELECT count(*) FROM streams");
  if (!count.ok()) return count.status();
  books->streams.reserve(static_cast<size_t>(*count));
  return streams.ForEach([&](const Statement& row) -> absl::Status {
    const auto slots = ParseSlots(row.Text(4));
    if (!slots.ok()) return slots.status();
    StreamPosition& stream = books->streams.emplace_back();
    stream.stream = {row.Text(0), row.Text(1)};
    stream.sequence = static_cast<uint64_t>(row.Integer(2));
    stream.epoch = static_cast<uint64_t>(row.Integer(3));
    stream.digests.set_slots(*slots);
    return absl::OkStatus();
  });
}

absl::Status StreamPositionTable::Stage(const LedgerTransaction& transaction) {
  bool retired = false;
  for (const StreamPosition& position : transaction.streams) {
    absl::Status status = position.retired ? Retire(position) : Write(position);
    if (!status.ok()) return status;
    retired = retired || position.retired;
  }
  if (!retired) return absl::OkStatus();
  return bound_retired_.Run(static_cast<int64_t>(RetiredStreams::kMost));
}

absl::Status StreamPositionTable::Retire(const StreamPosition& position) {
  absl::Status status = delete_stream_.Run(position.stream.identity, Blob{position.stream.id});
  if (!status.ok()) return status;
  if (database_.Changes() != 1) {
    return absl::InternalError("a stream that is to be retired is not in the ledger");
  }
  status = add_retired_.Run(static_cast<int64_t>(position.sequence));
  if (!status.ok()) return status;
  return insert_retired_.Run(static_cast<int64_t>(RetiredMark(position.stream)));
}

absl::Status StreamPositionTable::Write(const StreamPosition& position) {
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  if (position.sequence > kMost || position.epoch > kMost) {
    return absl::InvalidArgumentError(
        fmt::format("a stream is at sequence {} of epoch {}; expected at most {}",
                    position.sequence, position.epoch, kMost));
  }
  const std::string digests = SlotBytes(position.digests.slots());
  const auto run = [&](Statement& statement) {
    return statement.Run(position.stream.identity, Blob{position.stream.id},
                         static_cast<int64_t>(position.sequence),
                         static_cast<int64_t>(position.epoch), Blob{digests});
  };
  absl::Status status = run(update_stream_);
  if (!status.ok() || database_.Changes() == 1) return status;
  return run(insert_stream_);
}

}  // namespace fleetmeter
