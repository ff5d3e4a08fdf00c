#include "daemon/ctl/import/record_sorter.h"

#include <algorithm>
#include <cstring>
#include <queue>
#include <utility>

namespace fleetmeter::imports {
namespace {

constexpr size_t kReadBytes = size_t{1} << 17;
constexpr size_t kMostRunsOfALevel = 32;

struct RecordSizes {
  uint32_t key = 0;
  uint32_t value = 0;
};

absl::Status AppendRecord(std::string_view key, std::string_view value, TemporaryFile* file) {
  const RecordSizes sizes{static_cast<uint32_t>(key.size()), static_cast<uint32_t>(value.size())};
  char head[sizeof sizes];
  std::memcpy(head, &sizes, sizeof sizes);
  absl::Status written = file->Append({head, sizeof head});
  if (written.ok()) written = file->Append(key);
  if (written.ok()) written = file->Append(value);
  return written;
}

// The records of one run, one after the other.
class RunReader {
 public:
  explicit RunReader(const TemporaryFile& file) : file_(file) {}

  // Goes to the next record; at the end ended() is true.
  absl::Status Next() {
    position_ += taken_;
    taken_ = 0;
    if (offset_ + position_ >= file_.size()) {
      ended_ = true;
      return absl::OkStatus();
    }
    if (absl::Status held = Hold(sizeof sizes_); !held.ok()) return held;
    std::memcpy(&sizes_, bytes_.data() + position_, sizeof sizes_);
    taken_ = sizeof sizes_ + sizes_.key + sizes_.value;
    return Hold(taken_);
  }

  bool ended() const { return ended_; }
  std::string_view key() const {
    return std::string_view(bytes_).substr(position_ + sizeof sizes_, sizes_.key);
  }
  std::string_view value() const {
    return std::string_view(bytes_).substr(position_ + sizeof sizes_ + sizes_.key, sizes_.value);
  }

 private:
  // So many bytes from the current record's begin on.
  absl::Status Hold(size_t wanted) {
    if (position_ + wanted <= bytes_.size()) return absl::OkStatus();
    offset_ += position_;
    position_ = 0;
    absl::Status read = file_.Read(offset_, std::max(kReadBytes, wanted), &bytes_);
    if (read.ok() && bytes_.size() < wanted) {
      read = absl::DataLossError("a temporary file is shorter than what was written to it");
    }
    return read;
  }

  const TemporaryFile& file_;
  std::string bytes_;  // of the file, from `offset_` on
  uint64_t offset_ = 0;
  size_t position_ = 0;  // of the current record in `bytes_`
  size_t taken_ = 0;     // bytes of the current record
  RecordSizes sizes_;
  bool ended_ = false;
};

}  // namespace

std::string_view RecordSorter::KeyOf(const Place& place) const {
  return std::string_view(bytes_).substr(place.begin, place.key_bytes);
}

std::string_view RecordSorter::ValueOf(const Place& place) const {
  return std::string_view(bytes_).substr(place.begin + place.key_bytes, place.value_bytes);
}

absl::Status RecordSorter::Add(std::string_view key, std::string_view value) {
  places_.push_back(
      {bytes_.size(), static_cast<uint32_t>(key.size()), static_cast<uint32_t>(value.size())});
  bytes_.append(key).append(value);
  ++size_;
  const bool full = bytes_.size() + places_.size() * sizeof(Place) >= memory_bytes_;
  return full ? Spill() : absl::OkStatus();
}

void RecordSorter::Sort() {
  std::stable_sort(places_.begin(), places_.end(),
                   [this](const Place& a, const Place& b) { return KeyOf(a) < KeyOf(b); });
}

absl::Status RecordSorter::Spill() {
  Sort();
  auto file = TemporaryFile::Make();
  if (!file.ok()) return file.status();
  for (const Place& place : places_) {
    if (absl::Status added = AppendRecord(KeyOf(place), ValueOf(place), &*file); !added.ok()) {
      return added;
    }
  }
  if (absl::Status flushed = file->Flush(); !flushed.ok()) return flushed;
  runs_.push_back({*std::move(file), 0});
  bytes_.clear();
  places_.clear();
  return MergeLast();
}

absl::Status RecordSorter::MergeLast() {
  for (;;) {
    const int level = runs_.back().level;
    size_t first = runs_.size();
    while (first > 0 && runs_[first - 1].level == level) --first;
    if (runs_.size() - first < kMostRunsOfALevel) return absl::OkStatus();
    auto file = TemporaryFile::Make();
    if (!file.ok()) return file.status();
    absl::Status merged = Merge(first, [&file](std::string_view key, std::string_view value) {
      return AppendRecord(key, value, &*file);
    });
    if (merged.ok()) merged = file->Flush();
    if (!merged.ok()) return merged;
    runs_.erase(runs_.begin() + static_cast<ptrdiff_t>(first), runs_.end());
    runs_.push_back({*std::move(file), level + 1});
  }
}

// Of the runs from `first` on.
absl::Status RecordSorter::Merge(size_t first, const Take& take) const {
  std::vector<RunReader> readers;
  readers.reserve(runs_.size() - first);
  for (size_t i = first; i < runs_.size(); ++i) {
    if (absl::Status read = readers.emplace_back(runs_[i].file).Next(); !read.ok()) return read;
  }
  const auto later = [&readers](size_t a, size_t b) {
    const int compared = readers[a].key().compare(readers[b].key());
    return compared != 0 ? compared > 0 : a > b;
  };
  std::priority_queue<size_t, std::vector<size_t>, decltype(later)> next(later);
  for (size_t i = 0; i < readers.size(); ++i) {
    if (!readers[i].ended()) next.push(i);
  }
  while (!next.empty()) {
    const size_t at = next.top();
    next.pop();
    if (absl::Status taken = take(readers[at].key(), readers[at].value()); !taken.ok()) {
      return taken;
    }
    if (absl::Status read = readers[at].Next(); !read.ok()) return read;
    if (!readers[at].ended()) next.push(at);
  }
  return absl::OkStatus();
}

absl::Status RecordSorter::ForEach(const Take& take) {
  if (!runs_.empty()) {
    if (!places_.empty()) {
      if (absl::Status spilled = Spill(); !spilled.ok()) return spilled;
    }
    bytes_.shrink_to_fit();
    places_.shrink_to_fit();
    return Merge(0, take);
  }
  Sort();
  for (const Place& place : places_) {
    if (absl::Status taken = take(KeyOf(place), ValueOf(place)); !taken.ok()) return taken;
  }
  return absl::OkStatus();
}

}  // namespace fleetmeter::imports
