#include "collectors/live/slurm/slurm_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "collectors/live/slurm/slurm_state.h"
#include "daemon/base/text.h"
#include "daemon/base/timestamp.h"
#include "daemon/base/units.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kUsualSlurmWidth = 20;
constexpr size_t kMostNodesOfALine = 65'536;

std::string_view TrimCell(std::string_view cell) {
  while (!cell.empty() && (cell.front() == ' ' || cell.front() == '\t')) cell.remove_prefix(1);
  while (!cell.empty() && (cell.back() == ' ' || cell.back() == '\t' || cell.back() == '\r')) {
    cell.remove_suffix(1);
  }
  return cell;
}

std::vector<std::string_view> SplitCells(std::string_view line) {
  std::vector<std::string_view> cells;
  const bool bars = line.find('|') != std::string_view::npos;
  while (true) {
    if (!bars) {
      line = TrimCell(line);
      if (line.empty()) return cells;
    }
    const size_t end = line.find_first_of(bars ? "|" : " \t");
    cells.push_back(TrimCell(line.substr(0, end)));
    if (end == std::string_view::npos) return cells;
    line.remove_prefix(end + 1);
  }
}

bool IsEmptyCell(std::string_view cell) {
  return cell.empty() || cell == "(null)" || cell == "N/A" || cell == "none" || cell == "Unknown";
}

// A cell as a text: what Slurm prints for nothing is nothing.
std::string TextOf(std::string_view cell) {
  return IsEmptyCell(cell) ? std::string() : std::string(cell);
}

int64_t CountOfCell(std::string_view cell) {
  const bool digits = !cell.empty() && cell.size() <= 18 &&
                      cell.find_first_not_of("0123456789") == std::string_view::npos;
  return digits ? std::stoll(std::string(cell)) : 0;
}

int64_t SecondsOf(std::string_view cell) {
  if (IsEmptyCell(cell) || cell == "None") return 0;
  const auto time = ParseTimestamp(cell);
  return time.ok() ? time->unix_nanos / kNanosPerSecond : 0;
}

std::vector<std::string> Commas(std::string_view cell) {
  std::vector<std::string> texts;
  std::string_view rest = IsEmptyCell(cell) ? std::string_view() : cell;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(','), rest.size());
    if (end > 0) texts.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return texts;
}

// Whether a list of GRES looks as if sinfo had cut it: it is as long as a column for which nobody
// gave a width, and its last entry has no number. Slurm prints one with each.
bool IsCut(std::string_view cell) {
  if (cell.size() != kUsualSlurmWidth || cell.back() == ')') return false;
  const std::string_view last = cell.substr(cell.find_last_of(",:") + 1);
  return last.find_first_not_of("0123456789KMG") != std::string_view::npos || last.empty();
}

bool ReadGresOfNode(std::string_view cell, std::vector<SlurmGres>& list) {
  auto parsed = IsCut(cell) ? std::nullopt : ParseSlurmGres(cell);
  if (!parsed) return false;
  list = *std::move(parsed);
  return true;
}

bool ReadGres(std::string_view cell, std::vector<SlurmGres>& list) {
  auto parsed = ParseSlurmGres(cell);
  if (!parsed) return false;
  list = *std::move(parsed);
  return true;
}

bool ReadTres(std::string_view cell, std::vector<SlurmGres>& list) {
  auto parsed = ParseSlurmTres(cell);
  if (!parsed) return false;
  list = *std::move(parsed);
  return true;
}

template <class Row>
using Readers = std::map<std::string_view, std::function<bool(std::string_view, Row&)>>;

// A reader that cannot fail.
template <class Row, class Set>
std::function<bool(std::string_view, Row&)> Always(Set set) {
  return [set](std::string_view cell, Row& row) {
    set(cell, row);
    return true;
  };
}

template <class Row>
std::function<bool(std::string_view, Row&)> Into(std::string Row::* field) {
  return Always<Row>([field](std::string_view cell, Row& row) { row.*field = TextOf(cell); });
}

const Readers<SlurmNode>& NodeReaders() {
  static const auto& readers = *new Readers<SlurmNode>{
      {"node", Into(&SlurmNode::name)},
      {"state", Always<SlurmNode>([](std::string_view cell, SlurmNode& node) {
         node.states = SplitSlurmNodeState(cell);
       })},
      {"gres",
       [](std::string_view cell, SlurmNode& node) { return ReadGresOfNode(cell, node.gres); }},
      {"gres_used",
       [](std::string_view cell, SlurmNode& node) {
         node.tells_used = true;
         return ReadGresOfNode(cell, node.gres_used);
       }},
      {"features", Always<SlurmNode>([](std::string_view cell, SlurmNode& node) {
         node.features = Commas(cell);
       })},
      {"reason", Into(&SlurmNode::reason)},
  };
  return readers;
}

const Readers<SlurmJob>& JobReaders() {
  using Job = SlurmJob;
  static const auto& readers = *new Readers<Job>{
      {"job_id", Into(&Job::id)},
      {"name", Into(&Job::name)},
      {"user", Into(&Job::user)},
      {"account", Into(&Job::account)},
      {"qos", Into(&Job::qos)},
      {"reservation", Into(&Job::reservation)},
      {"nodes", Into(&Job::nodes)},
      {"partition",
       Always<Job>([](std::string_view cell, Job& job) { job.partitions = Commas(cell); })},
      {"state",
       Always<Job>([](std::string_view cell, Job& job) { job.states = SplitSlurmJobState(cell); })},
      {"reason", Always<Job>([](std::string_view cell, Job& job) {
         // squeue's %R has it in parentheses, or the nodes of a job that runs.
         if (cell.starts_with('(') && cell.ends_with(')')) cell = cell.substr(1, cell.size() - 2);
         job.reason = TextOf(cell);
       })},
      {"node_count",
       Always<Job>([](std::string_view cell, Job& job) { job.node_count = CountOfCell(cell); })},
      {"tasks",
       Always<Job>([](std::string_view cell, Job& job) { job.tasks = CountOfCell(cell); })},
      {"priority", Always<Job>([](std::string_view cell, Job& job) {
         if (!cell.empty()) job.priority = CountOfCell(cell.substr(0, cell.find('.')));
       })},
      {"submit_time", Always<Job>([](std::string_view cell, Job& job) {
         job.submitted_unix_seconds = SecondsOf(cell);
       })},
      {"eligible_time", Always<Job>([](std::string_view cell, Job& job) {
         job.eligible_unix_seconds = SecondsOf(cell);
       })},
      {"tres_alloc", [](std::string_view cell, Job& job) { return ReadTres(cell, job.allocated); }},
      {"tres_req", [](std::string_view cell, Job& job) { return ReadTres(cell, job.requested); }},
      {"tres_per_job", [](std::string_view cell, Job& job) { return ReadGres(cell, job.per_job); }},
      {"tres_per_node",
       [](std::string_view cell, Job& job) { return ReadGres(cell, job.per_node); }},
      {"tres_per_task",
       [](std::string_view cell, Job& job) { return ReadGres(cell, job.per_task); }},
  };
  return readers;
}

template <class Row>
std::vector<std::string_view> NamesOf(const Readers<Row>& readers) {
  std::vector<std::string_view> names;
  for (const auto& [name, reader] : readers) names.push_back(name);
  return names;
}

template <class Row>
bool ReadRow(std::string_view line, const std::vector<std::string>& columns,
             const Readers<Row>& readers, Row& row) {
  const std::vector<std::string_view> cells = SplitCells(line);
  if (cells.size() < columns.size()) return false;
  for (size_t i = 0; i < columns.size(); ++i) {
    const auto reader = readers.find(columns[i]);
    if (reader != readers.end() && !reader->second(cells[i], row)) return false;
  }
  return true;
}

// Calls `take` with each line that is not empty; it says whether it understood the line.
template <class Take>
void ForEachLine(std::string_view text, int64_t& bad, std::vector<std::string>& remarks,
                 const Take& take) {
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = TrimCell(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || take(line)) continue;
    ++bad;
    if (remarks.size() >= kMostSlurmRemarks) continue;
    remarks.push_back(
        fmt::format("line {} is not understood: {}; expected the columns that the "
                    "configuration names, and none that is cut (Gres:500)",
                    number, AsciiQuoted(line, 80)));
  }
}

absl::Status NothingUnderstood(const std::vector<std::string>& remarks) {
  return absl::InvalidArgumentError("has no line that is understood: " + remarks.front());
}

// Of the same node in another partition.
void MergeStates(const SlurmNode& from, SlurmNode& into) {
  for (const std::string& state : from.states) {
    const auto& known = into.states;
    if (std::find(known.begin(), known.end(), state) == known.end()) into.states.push_back(state);
  }
}

}  // namespace

const std::vector<std::string_view>& SlurmNodeColumns() {
  static const auto& names = *new std::vector<std::string_view>(NamesOf(NodeReaders()));
  return names;
}

const std::vector<std::string_view>& SlurmJobColumns() {
  static const auto& names = *new std::vector<std::string_view>(NamesOf(JobReaders()));
  return names;
}

absl::StatusOr<SlurmNodes> ReadSlurmNodesText(std::string_view text,
                                              const std::vector<std::string>& columns) {
  SlurmNodes out;
  std::map<std::string, size_t> places;
  ForEachLine(text, out.bad_lines, out.remarks, [&](std::string_view line) {
    SlurmNode node;
    if (!ReadRow(line, columns, NodeReaders(), node) || node.name.empty()) return false;
    // Without -N, sinfo has a line for all nodes that are alike.
    const auto names = ExpandSlurmHosts(node.name, kMostNodesOfALine);
    if (!names || names->empty()) return false;
    for (const std::string& name : *names) {
      node.name = name;
      const auto [found, is_new] = places.emplace(name, out.nodes.size());
      if (is_new) {
        out.nodes.push_back(node);
      } else {
        MergeStates(node, out.nodes[found->second]);
      }
    }
    return true;
  });
  if (out.nodes.empty() && out.bad_lines > 0) return NothingUnderstood(out.remarks);
  return out;
}

absl::StatusOr<SlurmJobs> ReadSlurmJobsText(std::string_view text,
                                            const std::vector<std::string>& columns) {
  SlurmJobs out;
  bool steps = false;
  ForEachLine(text, out.bad_lines, out.remarks, [&](std::string_view line) {
    SlurmJob job;
    if (!ReadRow(line, columns, JobReaders(), job) || job.states.empty()) return false;
    if (job.id.find('.') != std::string::npos) {
      steps = true;
      return true;
    }
    const size_t underscore = job.id.find('_');
    if (underscore != std::string::npos) job.array_job_id = job.id.substr(0, underscore);
    const size_t open = job.id.find('[');
    if (underscore != std::string::npos && open == underscore + 1 && job.id.ends_with(']')) {
      job.array_tasks = job.id.substr(open + 1, job.id.size() - open - 2);
    }
    out.jobs.push_back(std::move(job));
    return true;
  });
  if (out.jobs.empty() && !steps && out.bad_lines > 0) return NothingUnderstood(out.remarks);
  return out;
}

}  // namespace fleetmeter::collector
