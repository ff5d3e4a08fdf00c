#include "daemon/accounting/writer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "daemon/accounting/administration.h"
#include "daemon/base/failpoint.h"
#include "daemon/base/text.h"

namespace fleetmeter {
namespace {

// Sources of outcomes are listed after those of usage.
bool OfOutcomes(const Writer::NamedSource& source) {
  return source.facts.state == SourceState::kOutcomes;
}

}  // namespace

Writer::Writer(Options options, WriterSettings settings, const Clock& clock, Ledger& ledger,
               DaemonProbe& probe)
    : options_(std::move(options)),
      clock_(clock),
      probe_(probe),
      queue_(clock, options_.queue_reports, options_.queue_sharing),
      ledger_(clock, ledger, probe, options_.on_broken_ledger),
      settings_(std::move(settings)),
      books_(settings_.state),
      time_(clock) {}

Writer::~Writer() { Stop(); }

absl::Status Writer::Start() {
  const auto books = ledger_.Restore();
  if (!books.ok()) return books.status();
  const int64_t committed = books->terms.empty() ? 0 : books->terms.back().as_of_unix_nanos;
  time_.Resume(committed, books->confirmed_unix_nanos);
  LookAtClocks();
  if (absl::Status status = Restore(*books); !status.ok()) return status;
  probe_.CountersRestored({{"accepted", books->counters.accepted},
                           {"duplicate", books->counters.duplicate},
                           {"conflict", books->counters.conflicting}},
                          books->counters.rejected);
  Tick();
  if (ledger_.broken()) return absl::DataLossError(LedgerTrouble());
  progress_at_monotonic_ = clock_.MonotonicNanos();
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

absl::Status Writer::Restore(const RestoredBooks& books) {
  MutexLock lock(state_mutex_);
  for (const PlanContent& content : books.plans) known_plans_.Learn(content);
  for (const CatalogContent& content : books.catalogs) known_catalogs_.Learn(content);
  for (const outcomes::RulesContent& content : books.outcome_rules) known_rules_.Learn(content);
  books_.Restore(books, Present());
  PublishCapacity(books.capacity);
  absl::Status status = CheckPlansLocked(*settings_.reference);
  if (status.ok()) LearnReference();
  return status;
}

absl::Status Writer::CheckPlans(const ReferenceData& reference) const {
  MutexLock lock(state_mutex_);
  return CheckPlansLocked(reference);
}

void Writer::LearnReference() {
  known_plans_.Learn(settings_.reference->plans, Present());
  auto stamped = std::make_shared<ReferenceData>(*settings_.reference);
  known_plans_.Stamp(&stamped->plans);
  settings_.reference = std::move(stamped);
  known_catalogs_.Learn(settings_.reference->catalog);
  known_rules_.Learn(settings_.reference->outcomes);
}

absl::Status Writer::CheckPlansLocked(const ReferenceData& reference) const {
  if (absl::Status catalog = known_catalogs_.Check(reference.catalog); !catalog.ok()) {
    return catalog;
  }
  if (absl::Status rules = known_rules_.Check(reference.outcomes); !rules.ok()) return rules;
  KnownPlans known = known_plans_;
  for (const AllocationTerm& term : books_.fleet.allocations()) {
    known.LearnInForce(term.plan, term.plan_version);
  }
  return known.Check(reference.plans, reference.PlanAt(Present()));
}

void Writer::Stop() {
  queue_.Stop();
  if (thread_.joinable()) thread_.join();
}

uint64_t Writer::NextSequence(const StreamKey& stream) const {
  MutexLock lock(state_mutex_);
  return books_.streams.Committed(stream) + 1;
}

std::vector<ReportDisposition> Writer::RejectedOf(const StreamKey& stream) const {
  MutexLock lock(state_mutex_);
  return books_.rejected.Of(stream);
}

std::optional<SourceOverlap> Writer::FindOverlap(const OverlapQuestion& asked) const {
  OverlapQuestion question = asked;
  MutexLock lock(state_mutex_);
  if (!question.kind) question.source = books_.names.Of(question.source);
  OverlapFinder finder(question);
  if (question.kind) {
    books_.outcomes.FindOverlap(*question.kind, &finder);
  } else {
    books_.fleet.FindOverlap(&finder);
  }
  return finder.found();
}

LiveFacts Writer::TakeFacts() const {
  MutexLock lock(state_mutex_);
  return {books_.fleet.Copy(Present()), settings_.reference, settings_.thresholds};
}

std::vector<SegmentTotal> Writer::TakeSegmentTotals() const {
  MutexLock lock(state_mutex_);
  return books_.outcomes.CommittedTotals();
}

std::vector<std::pair<std::string, double>> Writer::BooksUsed() const {
  MutexLock lock(state_mutex_);
  std::vector<std::pair<std::string, double>> used = {
      {"chip_seconds", books_.usage.UsedRatio()},
      {"signals", static_cast<double>(books_.fleet.signals().size()) / SignalBudget::kMostKnown}};
  for (size_t i = 0; i < kOutcomeAmounts.size(); ++i) {
    used.emplace_back(kOutcomeAmounts[i], books_.outcomes.shares().UsedRatio(i));
  }
  return used;
}

std::vector<DeferredCount> Writer::Deferred() const {
  MutexLock lock(state_mutex_);
  return books_.deferred.Counts();
}

std::vector<Writer::NamedSource> Writer::Sources() const {
  std::vector<NamedSource> sources = CopySources();
  // There may be hundreds of thousands: the writer does not wait while they are sorted.
  std::sort(sources.begin(), sources.end(), [](const NamedSource& a, const NamedSource& b) {
    return std::forward_as_tuple(OfOutcomes(a), a.facts.source) <
           std::forward_as_tuple(OfOutcomes(b), b.facts.source);
  });
  return sources;
}

std::vector<Writer::NamedSource> Writer::CopySources() const {
  std::vector<NamedSource> sources;
  MutexLock lock(state_mutex_);
  for (SourceFacts& facts : books_.fleet.Sources()) {
    std::vector<std::string> others = books_.names.OtherNamesOf(facts.source);
    auto foreign = books_.foreign.Of(facts.source);
    sources.push_back({std::move(facts), std::move(others), std::move(foreign)});
  }
  for (const auto& [source, until] : books_.outcomes.Sources()) {
    SourceFacts facts{.source = source,
                      .state = SourceState::kOutcomes,
                      .counted_to_unix_nanos = until,
                      .owner = books_.outcomes.OwnerOf(source)};
    sources.push_back({std::move(facts), {}, books_.foreign_outcomes.Of(source)});
  }
  return sources;
}

std::vector<AdminEntry> Writer::Entries() const {
  MutexLock lock(state_mutex_);
  return books_.entries;
}

std::shared_ptr<const ReferenceData> Writer::reference() const {
  MutexLock lock(state_mutex_);
  return settings_.reference;
}

SessionStart Writer::OpenSession(const StreamKey& stream) {
  MutexLock lock(state_mutex_);
  return books_.streams.OpenSession(stream);
}

void Writer::CloseSession(const StreamKey& stream, uint64_t epoch) {
  MutexLock lock(state_mutex_);
  books_.streams.CloseSession(stream, epoch);
}

void Writer::Replace(WriterSettings settings) {
  MutexLock lock(state_mutex_);
  ++version_;
  settings_ = std::move(settings);
  LearnReference();
  books_.fleet.set_options(settings_.state);
  // Allocations up to now were granted by the old plan.
  books_.fleet.Advance(settings_.reference, Present(), clock_.MonotonicNanos(),
                       kept_.settled_unix_nanos);
}

void Writer::Run() {
  while (!queue_.Drained()) {
    progress_at_monotonic_ = clock_.MonotonicNanos();
    std::vector<Submission> batch = queue_.Take(options_.commit_reports, options_.tick_nanos);
    if (!batch.empty()) Process(std::move(batch));
    Tick();
  }
  // How long the grants have been in force, up to now.
  LedgerTransaction last;
  if (absl::Status kept = Commit(last); !kept.ok()) {
    spdlog::error("the last commit failed: {}", std::string(kept.message()));
  }
}

void Writer::Process(std::vector<Submission> batch) {
  std::vector<Submission> reports;
  for (Submission& submission : batch) {
    if (!submission.order && !submission.capacity_order) {
      reports.push_back(std::move(submission));
      continue;
    }
    // In the order in which they came.
    if (!reports.empty()) SettleReports(std::exchange(reports, {}));
    if (submission.order) {
      submission.order_done(Decide(*submission.order));
    } else {
      submission.capacity_done(DecideCapacity(*submission.capacity_order));
    }
  }
  if (!reports.empty()) SettleReports(std::move(reports));
}

AdminAnswer Writer::Prepare(const AdminOrder& order) {
  std::vector<InferenceDay> booked;
  if (order.action == AdminAction::kReprice) {
    // The writer's thread alone changes it, so that it stays as it is read here.
    auto days = ledger_.InferenceDays(order.from_day, order.to_day);
    if (!days.ok()) {
      AdminAnswer answer;
      answer.status = days.status();
      return answer;
    }
    booked = *std::move(days);
  }
  if (order.action == AdminAction::kCorrectUsage) return PrepareUsage(order);
  MutexLock lock(state_mutex_);
  switch (order.action) {
    case AdminAction::kForget:
      return PrepareForget(order, books_, Present());
    case AdminAction::kRename:
      return PrepareRename(order, books_, Present());
    case AdminAction::kReprice:
      return PrepareReprice(order, booked, *settings_.reference, books_);
    case AdminAction::kMove:
      return PrepareMove(order, books_);
    case AdminAction::kCorrectUsage:
      break;  // above
  }
  return {};
}

AdminAnswer Writer::PrepareUsage(const AdminOrder& asked) {
  AdminOrder order = asked;
  {
    MutexLock lock(state_mutex_);
    order.told.source = books_.names.Of(asked.source);
  }
  for (UsageReport& report : order.told.reports) report.source = order.told.source;
  std::vector<HistoryWindow> windows;
  if (const auto time = TimeOf(order.told)) {
    // The writer's thread alone changes it, so that it stays as it is read here.
    auto read = ledger_.HistoryWindows(order.told.source, *time);
    if (!read.ok()) {
      AdminAnswer answer;
      answer.status = read.status();
      return answer;
    }
    windows = *std::move(read);
  }
  MutexLock lock(state_mutex_);
  const int64_t now = Present();
  return PrepareCorrectUsage(order,
                             {.windows = std::move(windows),
                              .reference = *settings_.reference,
                              .limits = settings_.windows,
                              .now = {.earliest = now, .latest = now}},
                             books_);
}

AdminAnswer Writer::Decide(const AdminOrder& order) {
  AdminAnswer answer = Prepare(order);
  if (!answer.status.ok() || answer.nothing_to_do || order.dry_run) return answer;
  LedgerTransaction transaction;
  {
    MutexLock lock(state_mutex_);
    answer.entry.number = static_cast<int64_t>(books_.entries.size()) + 1;
    answer.entry.entered_unix_nanos = Present();
    if (order.action == AdminAction::kReprice) books_.outcomes.StageRepriced(answer.entry);
    if (order.action == AdminAction::kRename) {
      transaction.renamed_windows =
          books_.fleet.RenamedWindows(answer.entry.source, answer.entry.new_source);
      transaction.decided.push_back(
          books_.fleet.RenamedHoldings(answer.entry.source, answer.entry.new_source));
    }
    if (order.action == AdminAction::kForget && !answer.entry.whole_source) {
      transaction.decided.push_back(books_.fleet.ListedHoldings(answer.entry.source));
    }
  }
  transaction.entries.push_back(answer.entry);
  answer.status = Commit(transaction);
  return answer;
}

void Writer::SettleReports(std::vector<Submission> batch) {
  for (const Submission& submission : batch) time_.Listen(submission);
  TransactionDraft draft = BeginDraft();
  std::vector<SubmitResult> results;
  results.reserve(batch.size());
  for (Submission& submission : batch) {
    MutexLock lock(state_mutex_);
    results.push_back(draft.Settle(submission, books_));
  }
  absl::Status committed;
  if (!draft.transaction().empty()) committed = Commit(draft.transaction());
  for (size_t i = 0; i < batch.size(); ++i) Answer(batch[i], std::move(results[i]), committed);
}

TransactionDraft Writer::BeginDraft() {
  const ClockReading now = LookAtClocks().windows;
  MutexLock lock(state_mutex_);
  return TransactionDraft({settings_.reference, settings_.windows, now, settings_.sources});
}

absl::Status Writer::Commit(LedgerTransaction& transaction) {
  {
    MutexLock lock(state_mutex_);
    transaction.now_unix_nanos = Present();
    transaction.confirmed_unix_nanos = kept_.confirmed_unix_nanos;
    books_.Complete(&transaction);
  }
  const absl::Status status = ledger_.Commit(transaction);
  if (!status.ok()) {
    MutexLock lock(state_mutex_);
    books_.Rollback();
    return status;
  }
  FAILPOINT("writer_before_publish").IgnoreError();
  Publish(transaction);
  FAILPOINT("writer_before_answer").IgnoreError();
  return status;
}

void Writer::Answer(const Submission& submission, SubmitResult result,
                    const absl::Status& committed) {
  if (result.status.ok()) result.status = committed;
  result.acknowledged_through = NextSequence(submission.stream) - 1;
  if (!result.status.ok()) result.dispositions.clear();
  size_t conflicts = 0;
  for (const ReportDisposition& disposition : result.dispositions) {
    if (disposition.code == ReportDisposition::Code::kOutOfSequence) probe_.ReportOutOfSequence();
    if (disposition.code == ReportDisposition::Code::kConflict) ++conflicts;
  }
  if (conflicts > 0) {
    if (const auto left_out = conflict_lines_.Take(clock_.MonotonicNanos())) {
      spdlog::warn(
          "{} sent {} reports again with other content than was counted: is its spool rolled back "
          "or its host cloned? {} such lines were left out before this one",
          Quoted(submission.stream.identity), conflicts, *left_out);
    }
  }
  submission.done(result);
}

}  // namespace fleetmeter
