// A libnvidia-ml.so for tests, by the documented ABI and by declarations of its own, so that a
// mistake in those of the collector shows. It says what the file FLEETMETER_FAKE_NVML says, which
// is read anew by nvmlInit and whenever the GPUs are counted. One line for each thing:
//
//   init code=9                          what nvmlInit returns
//   count code=999                       what counting the GPUs returns
//   hang at=/path/of/a/named/pipe        counting waits until somebody opens the pipe for writing
//   gpu uuid=GPU-a name=NVIDIA_H200 util=37 used=1 total=4 reserved=1 error=15 mig=1 most=7
//       remap_failed=1 remap_pending=1 pages_pending=1 recovery=1
//   mig gpu=0 at=2 uuid=MIG-a gi=3 ci=0 gpu_slices=1 compute_slices=1 used=1 total=4
//   process gpu=0 pid=4711 gi=3 ci=0 mps=1
//   xid gpu=0 number=79
//
// What a line leaves out is not supported. Underscores in a name are blanks. One thread uses it.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

// Named, so that functions which take its types keep their linkage.
namespace fake_nvml {

enum Code {
  kSuccess = 0,
  kInvalid = 2,
  kNotSupported = 3,
  kNotFound = 6,
  kTooSmall = 7,
  kTimeout = 10
};

struct Line {
  std::map<std::string, std::string> values;

  bool Has(const char* key) const { return values.contains(key); }
  std::string Text(const char* key) const { return Has(key) ? values.at(key) : ""; }
  uint64_t Number(const char* key, uint64_t otherwise = 0) const {
    return Has(key) ? std::strtoull(values.at(key).c_str(), nullptr, 10) : otherwise;
  }
};

// A GPU or a MIG device: what a handle points at.
struct Device {
  Line line;
  bool is_mig = false;
  std::map<uint64_t, Device*> mig;  // by index
  std::vector<Line> processes;
  bool registered = false;
};

struct State {
  Line init;
  Line count;
  Line hang;
  std::deque<Device> gpus;
  std::deque<Device> mig;
  std::deque<std::pair<size_t, uint64_t>> xids;
};

State& Now() {
  static State state;
  return state;
}

Line ParseLine(std::istream& words) {
  Line line;
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    if (equals != std::string::npos) line.values[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return line;
}

void TakeLine(const std::string& kind, Line line, State& state) {
  if (kind == "init") state.init = line;
  if (kind == "count") state.count = line;
  if (kind == "hang") state.hang = line;
  if (kind == "xid") state.xids.emplace_back(line.Number("gpu"), line.Number("number"));
  if (kind == "process") state.gpus.at(line.Number("gpu")).processes.push_back(line);
  if (kind == "gpu") state.gpus.emplace_back().line = line;
  if (kind == "mig") {
    Device& device = state.mig.emplace_back();
    device.line = line;
    device.is_mig = true;
    state.gpus.at(line.Number("gpu")).mig[line.Number("at")] = &device;
  }
}

// Handles stay good: GPUs keep their places.
void ReadAnew() {
  State fresh;
  const char* path = std::getenv("FLEETMETER_FAKE_NVML");
  std::ifstream file(path == nullptr ? "" : path);
  for (std::string text; std::getline(file, text);) {
    std::istringstream words(text);
    std::string kind;
    words >> kind;
    TakeLine(kind, ParseLine(words), fresh);
  }
  State& state = Now();
  for (size_t i = 0; i < std::min(state.gpus.size(), fresh.gpus.size()); ++i) {
    fresh.gpus[i].registered = state.gpus[i].registered;
  }
  while (state.gpus.size() < fresh.gpus.size()) state.gpus.emplace_back();
  for (size_t i = 0; i < fresh.gpus.size(); ++i) state.gpus[i] = fresh.gpus[i];
  state.gpus.resize(fresh.gpus.size());
  state.mig = std::move(fresh.mig);
  for (Device& gpu : state.gpus) gpu.mig.clear();
  for (Device& device : state.mig) {
    state.gpus.at(device.line.Number("gpu")).mig[device.line.Number("at")] = &device;
  }
  state.init = fresh.init;
  state.count = fresh.count;
  state.hang = fresh.hang;
  for (const auto& xid : fresh.xids) state.xids.push_back(xid);
}

int Copy(const std::string& text, char* out, unsigned int size) {
  if (text.size() + 1 > size) return kTooSmall;
  std::memcpy(out, text.c_str(), text.size() + 1);
  return kSuccess;
}

// Of one that is lost, everything fails.
int Fault(const Device* device) { return static_cast<int>(device->line.Number("error")); }

int Give(const Device* device, const char* key, unsigned int* out) {
  if (const int fault = Fault(device)) return fault;
  if (!device->line.Has(key)) return kNotSupported;
  *out = static_cast<unsigned int>(device->line.Number(key));
  return kSuccess;
}

struct ProcessInfo {
  unsigned int pid;
  unsigned long long used;
  unsigned int gpu_instance;
  unsigned int compute_instance;
};

int GiveProcesses(const Device* device, bool mps, unsigned int* count, ProcessInfo* infos) {
  if (const int fault = Fault(device)) return fault;
  std::vector<Line> lines;
  for (const Line& line : device->processes) {
    if (line.Has("mps") == mps) lines.push_back(line);
  }
  const unsigned int room = *count;
  *count = static_cast<unsigned int>(lines.size());
  if (room < lines.size()) return kTooSmall;
  for (size_t i = 0; i < lines.size(); ++i) {
    infos[i].pid = static_cast<unsigned int>(lines[i].Number("pid"));
    infos[i].used = ~0ULL;
    infos[i].gpu_instance = static_cast<unsigned int>(lines[i].Number("gi", 0xFFFFFFFF));
    infos[i].compute_instance = static_cast<unsigned int>(lines[i].Number("ci", 0xFFFFFFFF));
  }
  return kSuccess;
}

}  // namespace fake_nvml

using namespace fake_nvml;  // NOLINT(google-build-using-namespace): the whole file is of it

// NOLINTBEGIN(readability-identifier-naming): the names are NVIDIA's.
extern "C" {

int nvmlInit_v2() {
  ReadAnew();
  return static_cast<int>(Now().init.Number("code"));
}

int nvmlShutdown() { return kSuccess; }

const char* nvmlErrorString(int code) {
  return code == 15 ? "GPU is lost" : code == 9 ? "Driver Not Loaded" : "Unknown Error";
}

int nvmlDeviceGetCount_v2(unsigned int* count) {
  ReadAnew();
  if (Now().hang.Has("at")) {
    const int fd = open(Now().hang.Text("at").c_str(), O_RDONLY | O_CLOEXEC);
    if (fd >= 0) close(fd);
  }
  *count = static_cast<unsigned int>(Now().gpus.size());
  return static_cast<int>(Now().count.Number("code"));
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, Device** device) {
  if (index >= Now().gpus.size()) return kInvalid;
  *device = &Now().gpus[index];
  return Fault(*device);
}

int nvmlDeviceGetUUID(Device* device, char* text, unsigned int size) {
  if (const int fault = Fault(device)) return fault;
  return Copy(device->line.Text("uuid"), text, size);
}

int nvmlDeviceGetName(Device* device, char* text, unsigned int size) {
  if (const int fault = Fault(device)) return fault;
  std::string name = device->line.Text("name");
  std::replace(name.begin(), name.end(), '_', ' ');
  return Copy(name, text, size);
}

struct FakeUtilization {
  unsigned int gpu;
  unsigned int memory;
};

int nvmlDeviceGetUtilizationRates(Device* device, FakeUtilization* use) {
  return Give(device, "util", &use->gpu);
}

struct FakeMemory {
  unsigned long long total;
  unsigned long long free;
  unsigned long long used;
};

int nvmlDeviceGetMemoryInfo(Device* device, FakeMemory* memory) {
  if (const int fault = Fault(device)) return fault;
  if (!device->line.Has("total")) return kNotSupported;
  memory->total = device->line.Number("total");
  memory->used = device->line.Number("used") + device->line.Number("reserved");
  memory->free = memory->total - memory->used;
  return kSuccess;
}

struct FakeMemoryV2 {
  unsigned int version;
  unsigned long long total;
  unsigned long long reserved;
  unsigned long long free;
  unsigned long long used;
};

int nvmlDeviceGetMemoryInfo_v2(Device* device, FakeMemoryV2* memory) {
  if (memory->version != (sizeof(FakeMemoryV2) | (2U << 24U))) return kInvalid;
  if (const int fault = Fault(device)) return fault;
  if (!device->line.Has("total")) return kNotSupported;
  memory->total = device->line.Number("total");
  memory->reserved = device->line.Number("reserved");
  memory->used = device->line.Number("used");
  memory->free = memory->total - memory->used - memory->reserved;
  return kSuccess;
}

int nvmlDeviceGetComputeRunningProcesses_v3(Device* device, unsigned int* count,
                                            ProcessInfo* infos) {
  return GiveProcesses(device, false, count, infos);
}

int nvmlDeviceGetMPSComputeRunningProcesses_v3(Device* device, unsigned int* count,
                                               ProcessInfo* infos) {
  return GiveProcesses(device, true, count, infos);
}

int nvmlDeviceGetMigMode(Device* device, unsigned int* now, unsigned int* pending) {
  *pending = 0;
  return Give(device, "mig", now);
}

int nvmlDeviceGetMaxMigDeviceCount(Device* device, unsigned int* most) {
  return Give(device, "most", most);
}

int nvmlDeviceGetMigDeviceHandleByIndex(Device* device, unsigned int index, Device** mig) {
  if (const int fault = Fault(device)) return fault;
  const auto found = device->mig.find(index);
  if (found == device->mig.end()) return kNotFound;
  *mig = found->second;
  return kSuccess;
}

int nvmlDeviceGetGpuInstanceId(Device* device, unsigned int* id) {
  return device->is_mig ? Give(device, "gi", id) : kInvalid;
}

int nvmlDeviceGetComputeInstanceId(Device* device, unsigned int* id) {
  return device->is_mig ? Give(device, "ci", id) : kInvalid;
}

struct FakeAttributes {
  unsigned int multiprocessors;
  unsigned int copy_engines;
  unsigned int decoders;
  unsigned int encoders;
  unsigned int jpegs;
  unsigned int ofas;
  unsigned int gpu_slices;
  unsigned int compute_slices;
  unsigned long long memory_mib;
};

int nvmlDeviceGetAttributes_v2(Device* device, FakeAttributes* attributes) {
  if (!device->is_mig) return kInvalid;
  *attributes = {};
  if (const int code = Give(device, "gpu_slices", &attributes->gpu_slices)) return code;
  return Give(device, "compute_slices", &attributes->compute_slices);
}

int nvmlDeviceGetRemappedRows(Device* device, unsigned int* corrected, unsigned int* uncorrected,
                              unsigned int* pending, unsigned int* failed) {
  *corrected = *uncorrected = *pending = *failed = 0;
  if (const int fault = Fault(device)) return fault;
  if (!device->line.Has("remap_failed") && !device->line.Has("remap_pending")) return kNotSupported;
  *failed = static_cast<unsigned int>(device->line.Number("remap_failed"));
  *pending = static_cast<unsigned int>(device->line.Number("remap_pending"));
  return kSuccess;
}

int nvmlDeviceGetRetiredPagesPendingStatus(Device* device, unsigned int* pending) {
  return Give(device, "pages_pending", pending);
}

struct FakeField {
  unsigned int id;
  unsigned int scope;
  long long timestamp;
  long long latency;
  int value_type;
  int code;
  union {
    double number;
    unsigned int whole;
    unsigned long long wide;
  } value;
};

int nvmlDeviceGetFieldValues(Device* device, int count, FakeField* fields) {
  constexpr unsigned int kRecoveryAction = 230;
  for (int i = 0; i < count; ++i) {
    fields[i].code = fields[i].id == kRecoveryAction
                         ? Give(device, "recovery", &fields[i].value.whole)
                         : kNotSupported;
  }
  return kSuccess;
}

int nvmlEventSetCreate(void** set) {
  *set = &Now();
  return kSuccess;
}

int nvmlEventSetFree(void*) { return kSuccess; }

int nvmlDeviceRegisterEvents(Device* device, unsigned long long types, void*) {
  constexpr unsigned long long kXid = 8;
  if (types != kXid) return kNotSupported;
  device->registered = true;
  return kSuccess;
}

struct FakeEvent {
  Device* device;
  unsigned long long type;
  unsigned long long data;
  unsigned int gpu_instance;
  unsigned int compute_instance;
};

int nvmlEventSetWait_v2(void*, FakeEvent* event, unsigned int) {
  State& state = Now();
  if (state.xids.empty()) return kTimeout;
  const auto [gpu, number] = state.xids.front();
  state.xids.pop_front();
  if (gpu >= state.gpus.size() || !state.gpus[gpu].registered) return kTimeout;
  constexpr unsigned long long kXid = 8;
  *event = {&state.gpus[gpu], kXid, number, 0xFFFFFFFF, 0xFFFFFFFF};
  return kSuccess;
}

}  // extern "C"
// NOLINTEND(readability-identifier-naming)
