#include "daemon/ctl/import/stored_reports.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "daemon/ctl/import/stored_bytes.h"

namespace fleetmeter::imports {
namespace {

constexpr size_t kBlockBytes = size_t{1} << 16;

}  // namespace

absl::StatusOr<std::unique_ptr<StoredReports>> StoredReports::Make() {
  auto file = TemporaryFile::Make();
  if (!file.ok()) return file.status();
  return std::unique_ptr<StoredReports>(new StoredReports(*std::move(file)));
}

absl::Status StoredReports::Add(const ImportReport& planned) {
  if (bytes_.empty()) blocks_.push_back({size_, file_.size()});
  StoredWriter(&bytes_).Put(planned);
  ++size_;
  return bytes_.size() < kBlockBytes ? absl::OkStatus() : EndBlock();
}

absl::Status StoredReports::EndBlock() {
  absl::Status written = file_.Append(bytes_);
  bytes_.clear();
  return written;
}

absl::Status StoredReports::Finish() {
  if (absl::Status ended = EndBlock(); !ended.ok()) return ended;
  blocks_.push_back({size_, file_.size()});
  bytes_.shrink_to_fit();
  return file_.Flush();
}

const ImportReport& StoredReports::At(size_t index) const {
  static const ImportReport kNone{.report = UsageReport(), .lines = {}};
  if (index - loaded_first_ < loaded_.size()) return loaded_[index - loaded_first_];
  const auto behind =
      std::upper_bound(blocks_.begin(), blocks_.end(), index,
                       [](size_t i, const Block& block) { return i < block.first; });
  const auto block = static_cast<size_t>(behind - blocks_.begin()) - 1;
  if (absl::Status loaded = Load(block); !loaded.ok()) {
    loaded_.clear();
    if (status_.ok()) status_ = loaded;
    return kNone;
  }
  return loaded_[index - loaded_first_];
}

absl::Status StoredReports::Load(size_t block) const {
  const Block& from = blocks_[block];
  const Block& to = blocks_[block + 1];
  const auto wanted = static_cast<size_t>(to.offset - from.offset);
  std::string bytes;
  if (absl::Status read = file_.Read(from.offset, wanted, &bytes); !read.ok()) return read;
  if (bytes.size() < wanted) {
    return absl::DataLossError("a temporary file is shorter than what was written to it");
  }
  StoredReader reader(bytes);
  loaded_first_ = from.first;
  loaded_.clear();
  for (size_t i = from.first; i < to.first; ++i) loaded_.push_back(reader.Report());
  return absl::OkStatus();
}

absl::Status ReportKeeper::Add(ImportReport planned) {
  if (stored_ != nullptr) return stored_->Add(planned);
  // About what the strings of a group and its amounts take.
  constexpr size_t kGroupBytes = 512;
  held_bytes_ += kGroupBytes * (1 + std::get<UsageReport>(planned.report).groups.size());
  held_.push_back(std::move(planned));
  return held_bytes_ < memory_bytes_ ? absl::OkStatus() : Store();
}

absl::Status ReportKeeper::Store() {
  auto stored = StoredReports::Make();
  if (!stored.ok()) return stored.status();
  stored_ = *std::move(stored);
  for (const ImportReport& planned : held_) {
    if (absl::Status added = stored_->Add(planned); !added.ok()) return added;
  }
  held_ = std::vector<ImportReport>();
  return absl::OkStatus();
}

absl::Status ReportKeeper::Finish(ImportBatch* batch) {
  if (stored_ == nullptr) {
    std::move(held_.begin(), held_.end(), std::back_inserter(batch->reports));
    return absl::OkStatus();
  }
  absl::Status finished = stored_->Finish();
  batch->stored = std::move(stored_);
  return finished;
}

}  // namespace fleetmeter::imports
