#include "collectors/served/served_delivery.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace fleetmeter::collector {
namespace {

constexpr char kStateFile[] = "state.json";

// Names of sources may have any characters.
std::string FolderNameOf(std::string source) {
  for (char& letter : source) {
    const bool plain = (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
                       (letter >= 'A' && letter <= 'Z') || letter == '-' || letter == '_';
    if (!plain) letter = '_';
  }
  return source;
}

v1::ReportRequest RequestOf(const ServedAccount& account) {
  v1::ReportRequest request;
  request.set_stream_id(account.stream_id);
  request.set_can_defer(true);
  v1::OutcomeReport& report = *request.add_outcomes();
  report.ParseFromString(account.under_way);
  report.set_sequence(account.sequence);
  return request;
}

std::string WhyOf(const v1::Disposition& said) {
  return fmt::format("{} {}: {}",
                     said.code() == v1::Disposition::CONFLICT ? "conflict" : said.reason(),
                     said.field(), said.detail());
}

}  // namespace

ServedDelivery::ServedDelivery(ServedDeliveryOptions options, Send send)
    : options_(std::move(options)), send_(std::move(send)) {}

ServedDelivery::~ServedDelivery() {
  const absl::Status stopped = Stop(std::chrono::milliseconds(0));
  if (!stopped.ok()) spdlog::error("{}", std::string(stopped.message()));
}

absl::Status ServedDelivery::Open(const std::string& source) {
  Member member;
  if (!options_.folder.empty()) {
    member.folder = options_.folder + "/" + FolderNameOf(source);
    for (const std::string& folder : {options_.folder, member.folder}) {
      if (absl::Status made = disk_.MakeFolder(folder); !made.ok()) return made;
    }
    auto lock = LockFolder(member.folder);
    if (!lock.ok()) return lock.status();
    member.lock = *std::move(lock);
  }
  member.account = Load(member).value_or(ServedAccount::Begin());
  const MutexLock lock(mutex_);
  members_.insert_or_assign(source, std::move(member));
  return absl::OkStatus();
}

std::optional<ServedAccount> ServedDelivery::Load(const Member& member) {
  if (member.folder.empty()) return std::nullopt;
  const std::string path = member.folder + "/" + kStateFile;
  const auto text = disk_.ReadAll(path);
  if (absl::IsNotFound(text.status())) return std::nullopt;
  auto account = text.ok() ? ServedAccount::Read(*text) : text.status();
  if (account.ok()) return *std::move(account);
  spdlog::error(
      "{} {}; what was counted since it was written is left out, and counting begins "
      "anew",
      path, std::string(account.status().message()));
  const absl::Status kept = disk_.Rename(path, path + ".damaged");
  if (!kept.ok()) spdlog::error("{}", std::string(kept.message()));
  return std::nullopt;
}

bool ServedDelivery::Store(Member& member, ServedAccount next) {
  if (!member.folder.empty()) {
    const absl::Status kept = disk_.Replace(member.folder, kStateFile, next.Write());
    if (!kept.ok()) {
      spdlog::error("what was served is counted on and not reported yet: {}",
                    std::string(kept.message()));
      return false;
    }
  }
  member.account = std::move(next);
  return true;
}

// A source that a reload has added is opened when it first says something.
bool ServedDelivery::IsOpen(const std::string& source) {
  {
    const MutexLock lock(mutex_);
    if (members_.contains(source)) return true;
  }
  const absl::Status opened = Open(source);
  if (!opened.ok() && unopened_.insert(source).second) {
    spdlog::error("source '{}': what it counts is not reported: {}", source,
                  std::string(opened.message()));
  }
  return opened.ok();
}

void ServedDelivery::Take(const std::string& source, const ServedReading& reading) {
  if (!IsOpen(source)) return;
  const MutexLock lock(mutex_);
  Member& member = members_.at(source);
  names_[source] = reading.reported_as;
  ServedCounts& counts = member.account.counts;
  const bool first = !counts.based();
  const absl::Status taken = counts.Take(reading);
  Say(member, source, taken);
  if (!taken.ok()) return;
  const int64_t open = counts.to_unix_nanos() - counts.from_unix_nanos();
  if (open > 0 && open >= reading.report_every.count()) {
    Cut(member, reading.reported_as);
  } else if (first || counts.saw_reset()) {
    // What the server has forgotten is nowhere but here.
    Store(member, member.account);
  }
}

void ServedDelivery::Cut(Member& member, const std::string& reported_as) {
  if (!member.account.under_way.empty()) return;
  ServedAccount next = member.account;
  const auto report = next.counts.Cut(reported_as);
  if (report) {
    next.under_way = report->SerializeAsString();
    ++next.sequence;
  }
  if (Store(member, std::move(next))) changed_.NotifyAll();
}

void ServedDelivery::CutOpen(const std::string& source, Member& member) {
  const ServedCounts& counts = member.account.counts;
  if (counts.to_unix_nanos() > counts.from_unix_nanos()) Cut(member, names_[source]);
}

void ServedDelivery::CutAll() {
  for (auto& [source, member] : members_) CutOpen(source, member);
}

void ServedDelivery::Keep(const std::set<std::string>& sources) {
  const MutexLock lock(mutex_);
  for (auto& [source, member] : members_) member.leaving = !sources.contains(source);
  LetGo();
}

void ServedDelivery::LetGo() {
  for (auto place = members_.begin(); place != members_.end();) {
    auto& [source, member] = *place;
    if (member.leaving) CutOpen(source, member);
    if (member.leaving && HasSaidAll(member)) {
      spdlog::info("source {} is not listed any more, and what it counted is reported", source);
      names_.erase(source);
      place = members_.erase(place);
    } else {
      ++place;
    }
  }
}

// What cannot be written is tried again with the next answer, or at the end.
bool ServedDelivery::HasSaidAll(Member& member) {
  const ServedCounts& counts = member.account.counts;
  if (!member.account.under_way.empty()) return false;
  if (counts.to_unix_nanos() > counts.from_unix_nanos()) return false;
  ServedAccount ended = member.account;
  ended.counts = ServedCounts();
  return Store(member, std::move(ended));
}

std::vector<ServedStats> ServedDelivery::stats() const {
  const MutexLock lock(mutex_);
  std::vector<ServedStats> all;
  for (const auto& [source, member] : members_) {
    const ServedAccount& account = member.account;
    const bool waits = !account.under_way.empty();
    all.push_back({.source = source,
                   .acknowledged = member.acknowledged,
                   .rejected = member.rejected,
                   .last_acknowledged_unix_nanos = member.last_acknowledged_unix_nanos,
                   .waiting = waits ? 1U : 0U,
                   .waiting_since_unix_nanos = waits ? account.counts.from_unix_nanos() : 0,
                   .resets = account.counts.resets()});
  }
  return all;
}

// Once for each change.
void ServedDelivery::Say(Member& member, const std::string& source, const absl::Status& status) {
  const std::string error(status.message());
  if (error == member.last_error) return;
  if (!status.ok()) spdlog::error("source {}: {}", source, error);
  member.last_error = error;
}

void ServedDelivery::Start() {
  thread_ = std::thread([this] { Run(); });
}

absl::Status ServedDelivery::Stop(std::chrono::milliseconds longest) {
  const auto deadline = std::chrono::steady_clock::now() + longest;
  absl::Status status;
  {
    const MutexLock lock(mutex_);
    if (stopping_) return absl::OkStatus();
    CutAll();
    while (thread_.joinable() && AnyUnderWay() && changed_.WaitUntil(mutex_, deadline)) CutAll();
    stopping_ = true;
    changed_.NotifyAll();
    if (AnyUnderWay() && options_.folder.empty()) {
      status = absl::UnavailableError("reports of what was served were not delivered");
    }
  }
  if (thread_.joinable()) thread_.join();
  return status;
}

bool ServedDelivery::AnyUnderWay() const {
  return std::any_of(members_.begin(), members_.end(),
                     [](const auto& member) { return !member.second.account.under_way.empty(); });
}

void ServedDelivery::Run() {
  auto wait = options_.first_backoff;
  while (true) {
    const bool all = SendAll();
    wait = all ? options_.first_backoff : std::min(wait * 2, options_.longest_backoff);
    const MutexLock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + wait;
    while (!stopping_ && (all ? !AnyUnderWay() : std::chrono::steady_clock::now() < until)) {
      if (all) {
        changed_.Wait(mutex_);
      } else {
        changed_.WaitUntil(mutex_, until);
      }
    }
    if (stopping_) return;
  }
}

bool ServedDelivery::SendAll() {
  std::vector<std::pair<std::string, v1::ReportRequest>> requests;
  {
    const MutexLock lock(mutex_);
    for (const auto& [source, member] : members_) {
      if (!member.account.under_way.empty()) {
        requests.emplace_back(source, RequestOf(member.account));
      }
    }
  }
  bool all = true;
  for (const auto& [source, request] : requests) {
    const ServedAnswer answer = send_(request);  // no lock is held while the daemon thinks
    const MutexLock lock(mutex_);
    Member& member = members_.at(source);
    Settle(member, source, answer);
    all = all && member.account.under_way.empty();
    if (stopping_) break;
  }
  const MutexLock lock(mutex_);
  if (!stopping_) LetGo();
  changed_.NotifyAll();
  return all;
}

// It stays under way, and is offered again as the next of its stream. Counters go on meanwhile.
void ServedDelivery::Postpone(Member& member, const std::string& source,
                              const v1::Disposition& said) {
  Say(member, source,
      absl::UnavailableError(fmt::format("a report of what was served is kept until this is mended "
                                         "({}): {}",
                                         said.reason(), said.subject())));
  ServedAccount next = member.account;
  ++next.sequence;
  // Where this cannot be written it comes again under its old sequence, and is deferred again.
  Store(member, std::move(next));
}

void ServedDelivery::Settle(Member& member, const std::string& source, const ServedAnswer& answer) {
  for (const v1::Disposition& said : answer.ack.dispositions()) {
    const bool ours = said.sequence() == member.account.sequence;
    if (ours && said.code() == v1::Disposition::DEFERRED) return Postpone(member, source, said);
  }
  Say(member, source, answer.status);
  if (!answer.status.ok()) return;
  for (const v1::Disposition& said : answer.ack.dispositions()) {
    if (said.sequence() == member.account.sequence) TakeDisposition(member, source, said);
  }
  if (answer.ack.acknowledged_through() >= member.account.sequence) {
    member.account.under_way.clear();
    ++member.acknowledged;
    member.last_acknowledged_unix_nanos = clock_.UnixNanos();
  }
}

void ServedDelivery::TakeDisposition(Member& member, const std::string& source,
                                     const v1::Disposition& said) {
  switch (said.code()) {
    case v1::Disposition::REJECTED:
      ++rejected_;
      ++member.rejected;
      spdlog::error("source {}: a report of what was served was rejected: {}", source, WhyOf(said));
      break;
    case v1::Disposition::CONFLICT: {
      ++rejected_;
      ++member.rejected;
      spdlog::error("source {}: its state is older than what was reported, or used twice: {}",
                    source, WhyOf(said));
      ServedAccount next = member.account;
      next.under_way.clear();
      next.BeginStream();
      Store(member, std::move(next));
      break;
    }
    case v1::Disposition::OUT_OF_SEQUENCE: {
      // Other books than those that were reported to: what is under way is new to them.
      ServedAccount next = member.account;
      next.BeginStream();
      Store(member, std::move(next));
      break;
    }
    default:
      break;
  }
}

}  // namespace fleetmeter::collector
