#include "daemon/ctl/import/usage_windows.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "absl/numeric/int128.h"
#include "daemon/base/units.h"
#include "daemon/ctl/import/repeated_rows.h"
#include "daemon/ctl/import/stored_bytes.h"
#include "daemon/ctl/import/stored_reports.h"
#include "daemon/domain/outcomes/apportion.h"
#include "fmt/format.h"

namespace fleetmeter::imports {
namespace {

constexpr int64_t kMostChips = 10'000'000;  // of a report, as the daemon takes it

// In the order of a source's rows.
std::string KeyOf(const UsageRow& row) {
  std::string key;
  PutOrdered(std::string_view(row.source), &key);
  for (const int64_t part : {row.start, row.end, row.line}) PutOrdered(part, &key);
  return key;
}

UsageRow ReadStoredRow(std::string_view value) {
  StoredReader reader(value);
  UsageRow row;
  row.line = reader.Int();
  row.start = reader.Int();
  row.end = reader.Int();
  row.start_day = reader.OptionalInt();
  row.end_day = reader.OptionalInt();
  row.source = reader.Text();
  row.group = reader.Group();
  return row;
}

// A row's part of one window.
struct Piece {
  int64_t start = 0;
  int64_t end = 0;
  UsageGroup group;
  bool is_first = true;  // of its row
};

// At multiples of `unit`.
std::vector<Piece> CutRow(const UsageRow& row, int64_t unit) {
  std::vector<Piece> pieces;
  std::vector<int64_t> lengths;
  for (int64_t start = row.start; start < row.end;) {
    const int64_t end = std::min(start - start % unit + unit, row.end);
    pieces.push_back({start, end, row.group, pieces.empty()});
    lengths.push_back(end - start);
    start = end;
  }
  const std::vector<int64_t> chip = outcomes::Apportion(row.group.chip_nanos, lengths);
  // By the parts of the chip time, so that no part is busier than it is long.
  const auto share = [&](const std::optional<int64_t>& total) {
    std::vector<int64_t> parts = outcomes::Apportion(total.value_or(0), chip);
    parts.resize(pieces.size());  // of no chip time there are no parts
    return parts;
  };
  const std::vector<int64_t> busy = share(row.group.busy_chip_nanos);
  const std::vector<int64_t> productive = share(row.group.productive_chip_nanos);
  for (size_t i = 0; i < pieces.size(); ++i) {
    UsageGroup& group = pieces[i].group;
    group.chip_nanos = chip[i];
    if (group.busy_chip_nanos) group.busy_chip_nanos = busy[i];
    if (group.productive_chip_nanos) group.productive_chip_nanos = productive[i];
  }
  return pieces;
}

void Add(const std::optional<int64_t>& more, std::optional<int64_t>& sum) {
  if (sum) *sum += more.value_or(0);
}

using GroupKey = decltype(NamesOf(std::declval<const UsageGroup&>()));

// A part of a row as it lies in a window.
struct WindowPart {
  int64_t window_start = 0;
  std::string source;
  int64_t line = 0;
  bool of_hour = false;  // of jobs side by side
  Piece piece;
};

absl::Status PutPart(const UsageRow& row, const WindowPart& part, int64_t number,
                     RecordSorter* parts) {
  std::string key;
  PutOrdered(part.window_start, &key);
  key += KeyOf(row);
  PutOrdered(number, &key);
  std::string value;
  StoredWriter writer(&value);
  writer.Put(part.window_start);
  writer.Put(std::string_view(part.source));
  writer.Put(part.line);
  writer.Put(int64_t{part.of_hour});
  writer.Put(part.piece.start);
  writer.Put(part.piece.end);
  writer.Put(int64_t{part.piece.is_first});
  writer.Put(part.piece.group);
  return parts->Add(key, value);
}

WindowPart ReadStoredPart(std::string_view value) {
  StoredReader reader(value);
  WindowPart part;
  part.window_start = reader.Int();
  part.source = reader.Text();
  part.line = reader.Int();
  part.of_hour = reader.Int() != 0;
  part.piece.start = reader.Int();
  part.piece.end = reader.Int();
  part.piece.is_first = reader.Int() != 0;
  part.piece.group = reader.Group();
  return part;
}

// One window, made of its parts in order.
class UsageWindow {
 public:
  explicit UsageWindow(const WindowPart& first)
      : start_(first.window_start), source_(first.source), of_hour_(first.of_hour) {}

  bool Has(const WindowPart& part) const {
    return part.window_start == start_ && part.source == source_;
  }

  void Take(WindowPart part) {
    end_ = std::max(end_, part.piece.end);
    chip_nanos_ += part.piece.group.chip_nanos;
    lines_.Add(part.line);
    if (!part.piece.is_first) ++repeated_;
    if (of_hour_) return Merge(std::move(part.piece.group));
    ++groups_count_;
    // Of more than the daemon takes nothing is sent.
    if (groups_.size() < kMostGroups) groups_.push_back(std::move(part.piece.group));
  }

  // Why the daemon would not take it.
  std::optional<std::string> WhyNot(const UsageAmounts& amounts) const {
    if (groups_count_ > kMostGroups) {
      return fmt::format("start: this source has {} rows from then on; expected at most {}",
                         groups_count_, kMostGroups);
    }
    if (chip_nanos_ > absl::int128(end_ - start_) * kMostChips) {
      const double chips = static_cast<double>(chip_nanos_) / static_cast<double>(end_ - start_);
      return fmt::format(
          "{}: the rows of this source and window come to more than {} chips; expected at most "
          "that{}",
          amounts.chip_column, kMostChips,
          LikelyUnits(chips, amounts.unit_nanos, 1, static_cast<double>(kMostChips)));
    }
    return std::nullopt;
  }

  const LineSet& lines() const { return lines_; }

  ImportReport ToReport() && {
    ImportReport planned;
    planned.lines = std::move(lines_);
    planned.repeated = repeated_;
    UsageReport& report = planned.report.emplace<UsageReport>();
    report.source = std::move(source_);
    report.window_start_unix_nanos = start_;
    report.window_length_nanos = end_ - start_;
    report.duration_nanos = report.window_length_nanos;
    report.groups = std::move(groups_);
    for (UsageGroup& group : merged_) report.groups.push_back(std::move(group));
    return planned;
  }

 private:
  // By names: an hour may have many jobs of one workload, one after the other.
  void Merge(UsageGroup group) {
    const auto found = places_.find({NamesOf(group), group.productive_chip_nanos.has_value()});
    if (found == places_.end()) {
      UsageGroup& added = merged_.emplace_back(std::move(group));
      places_.emplace(std::pair(NamesOf(added), added.productive_chip_nanos.has_value()), &added);
      groups_count_ = merged_.size();
      return;
    }
    UsageGroup& sum = *found->second;
    sum.chip_nanos += group.chip_nanos;
    Add(group.busy_chip_nanos, sum.busy_chip_nanos);
    Add(group.productive_chip_nanos, sum.productive_chip_nanos);
  }

  int64_t start_;
  std::string source_;
  bool of_hour_;
  int64_t end_ = 0;
  absl::int128 chip_nanos_ = 0;
  LineSet lines_;
  int64_t repeated_ = 0;  // of the lines: in an earlier window too
  size_t groups_count_ = 0;
  std::vector<UsageGroup> groups_;
  std::deque<UsageGroup> merged_;  // `places_` points into it
  std::map<std::pair<GroupKey, bool>, UsageGroup*> places_;
};

}  // namespace

absl::Status UsageWindows::Add(const UsageRow& row) {
  std::string value;
  StoredWriter writer(&value);
  writer.Put(row.line);
  writer.Put(row.start);
  writer.Put(row.end);
  writer.Put(row.start_day);
  writer.Put(row.end_day);
  writer.Put(std::string_view(row.source));
  writer.Put(row.group);
  return rows_.Add(KeyOf(row), value);
}

absl::Status UsageWindows::ForEach(const std::function<absl::Status(const UsageRow&)>& take) {
  return rows_.ForEach([&](std::string_view, std::string_view value) {
    tick_();
    return take(ReadStoredRow(value));
  });
}

bool UsageWindows::IsOut(int64_t line) const {
  return static_cast<size_t>(line) < out_.size() && out_[static_cast<size_t>(line)];
}

bool UsageWindows::LeaveOut(int64_t line) {
  if (IsOut(line)) return false;
  if (out_.size() <= static_cast<size_t>(line)) out_.resize(static_cast<size_t>(line) + 1);
  out_[static_cast<size_t>(line)] = true;
  return true;
}

absl::Status UsageWindows::RefuseRepeated(ImportBatch* plan) {
  RepeatedRows repeated;
  absl::Status read = ForEach([&](const UsageRow& row) {
    if (const auto before = repeated.Find(row)) {
      plan->Refuse(LineSet(row.line),
                   fmt::format("start: lies within an earlier window of this source and workload, "
                               "that of line {}; expected windows that do not overlap, or another "
                               "workload or source",
                               *before));
      LeaveOut(row.line);
    }
    return absl::OkStatus();
  });
  plan->amounts.rows_again = repeated.of_a_block();
  return read;
}

absl::StatusOr<UsageWindows::SourceForms> UsageWindows::FindForms() {
  SourceForms forms;
  SourceForm* form = nullptr;
  UsageRow before;  // of the same source, if `form` is set
  absl::Status read = ForEach([&](const UsageRow& row) {
    if (IsOut(row.line)) return absl::OkStatus();
    if (form == nullptr || row.source != before.source) {
      form = &forms[row.source];
      form->first_start = row.start;
    } else {
      // Windows of different starts or ends.
      const bool same = row.start == before.start && row.end == before.end;
      if (!same && row.start < before.end) form->by_hour = true;
    }
    before.source = row.source;
    before.start = row.start;
    before.end = row.end;
    return absl::OkStatus();
  });
  if (!read.ok()) return read;
  return forms;
}

absl::Status UsageWindows::Cut(const SourceForms& forms, RecordSorter* pieces) {
  return ForEach([&](const UsageRow& row) {
    if (IsOut(row.line)) return absl::OkStatus();
    const SourceForm& form = forms.find(row.source)->second;
    const int64_t unit = form.by_hour ? kHour : row.end - row.start > kDay ? kDay : 0;
    if (unit == 0) {
      const Piece whole{row.start, row.end, row.group};
      return PutPart(row, {row.start, row.source, row.line, false, whole}, 0, pieces);
    }
    int64_t number = 0;
    for (Piece& piece : CutRow(row, unit)) {
      // The hour, or where the source's first row begins within it.
      const int64_t start = form.by_hour
                                ? std::max(piece.start - piece.start % kHour, form.first_start)
                                : piece.start;
      const WindowPart part{start, row.source, row.line, form.by_hour, std::move(piece)};
      if (absl::Status put = PutPart(row, part, number++, pieces); !put.ok()) return put;
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<bool> UsageWindows::Join(RecordSorter& pieces, ImportBatch* plan) {
  ReportKeeper keeper(memory_.report_bytes);
  bool all = true;
  std::optional<UsageWindow> window;
  const auto end_window = [&]() -> absl::Status {
    if (!window) return absl::OkStatus();
    if (const auto why_not = window->WhyNot(plan->amounts)) {
      all = false;
      for (const int64_t line : window->lines().Lines()) {
        if (LeaveOut(line)) plan->refused.push_back({line, *why_not});
      }
    } else if (all) {
      return keeper.Add(std::move(*window).ToReport());
    }
    return absl::OkStatus();
  };
  absl::Status joined = pieces.ForEach([&](std::string_view, std::string_view value) {
    tick_();
    WindowPart part = ReadStoredPart(value);
    if (!window || !window->Has(part)) {
      if (absl::Status ended = end_window(); !ended.ok()) return ended;
      window.emplace(part);
    }
    window->Take(std::move(part));
    return absl::OkStatus();
  });
  if (joined.ok()) joined = end_window();
  if (joined.ok() && all) joined = keeper.Finish(plan);
  if (!joined.ok()) return joined;
  return all;
}

absl::Status UsageWindows::AddReports(const OnProgress& on_progress, ImportBatch* plan) {
  // Three times over the rows and once over their parts. Of what is done again, or cut into many
  // parts, nobody knows before.
  constexpr uint64_t kRowsBetweenTellings = 1'024;
  uint64_t done = 0;
  const double all = 4.0 * static_cast<double>(rows_.size());
  tick_ = [&] {
    if (++done % kRowsBetweenTellings == 0 && on_progress) {
      on_progress(std::min(static_cast<double>(done) / all, 1.0));
    }
  };
  absl::Status status = RefuseRepeated(plan);
  // Without those that the daemon would not take, no row is in the books by a part of it only.
  for (bool all_taken = false; status.ok() && !all_taken;) {
    const auto forms = FindForms();
    RecordSorter pieces(memory_.sort_bytes);
    status = forms.ok() ? Cut(*forms, &pieces) : forms.status();
    if (!status.ok()) break;
    const auto joined = Join(pieces, plan);
    status = joined.status();
    all_taken = joined.value_or(false);
  }
  tick_ = [] {};
  return status;
}

}  // namespace fleetmeter::imports
