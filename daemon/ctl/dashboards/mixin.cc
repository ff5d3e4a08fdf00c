#include "daemon/ctl/dashboards/mixin.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string_view>

#include "daemon/ctl/dashboards/mixin_sources.h"
#include "daemon/ctl/dashboards/yaml_writer.h"

// The header does not say so itself.
extern "C" {
#include <libjsonnet.h>
}

namespace fleetmeter::ctl {
namespace {

constexpr char kYamlHead[] = "# Rendered by `fleetmeterctl dashboards render`.\n";

struct DestroyVm {
  void operator()(JsonnetVm* vm) const { jsonnet_destroy(vm); }
};
using Vm = std::unique_ptr<JsonnetVm, DestroyVm>;

// Null: there is no such source.
const MixinSource* FindSource(std::string_view path) {
  const auto sources = MixinSources();
  const auto found = std::find_if(sources.begin(), sources.end(),
                                  [&](const MixinSource& source) { return source.path == path; });
  return found == sources.end() ? nullptr : &*found;
}

// The machine frees what it is given.
char* Copy(JsonnetVm* vm, std::string_view text) {
  char* copy = jsonnet_realloc(vm, nullptr, text.size() + 1);
  std::copy(text.begin(), text.end(), copy);
  copy[text.size()] = '\0';
  return copy;
}

// A JsonnetImportCallback: from the program itself, never from the disk.
char* Import(void* vm, const char* base, const char* relative, char** found_here, int* success) {
  auto* const machine = static_cast<JsonnetVm*>(vm);
  const std::string path = (std::filesystem::path(base) / relative).lexically_normal().string();
  const MixinSource* source = FindSource(path);
  *success = source != nullptr ? 1 : 0;
  *found_here = Copy(machine, path);
  return Copy(machine, source != nullptr ? source->text : "the mixin has no such file");
}

Vm MakeVm() {
  Vm vm(jsonnet_make());
  jsonnet_import_callback(vm.get(), Import, vm.get());
  return vm;
}

// "RUNTIME ERROR: why" and lines that say where: the first says what a user wants to know.
std::string Reason(std::string_view error) {
  error = error.substr(0, error.find('\n'));
  constexpr std::string_view kRuntime = "RUNTIME ERROR: ";
  if (error.starts_with(kRuntime)) error.remove_prefix(kRuntime.size());
  return std::string(error);
}

absl::StatusOr<nlohmann::ordered_json> Evaluate(const Vm& vm, const std::string& snippet) {
  int failed = 0;
  char* const answer =
      jsonnet_evaluate_snippet(vm.get(), "fleetmeterctl", snippet.c_str(), &failed);
  const std::string text = answer;
  jsonnet_realloc(vm.get(), answer, 0);
  if (failed != 0) return absl::InvalidArgumentError(Reason(text));
  auto value = nlohmann::ordered_json::parse(text, nullptr, false);
  if (value.is_discarded()) return absl::InternalError("the mixin gives no JSON");
  return value;
}

std::string FileText(const std::string& path, const nlohmann::ordered_json& document) {
  if (document.is_string()) return document.get<std::string>();  // a file as it is
  if (path.ends_with(".json")) return document.dump(2) + "\n";
  return kYamlHead + YamlText(document);
}

}  // namespace

absl::StatusOr<nlohmann::json> MixinDefaults() {
  const auto config = Evaluate(MakeVm(), "(import 'mixin.libsonnet')._config");
  if (!config.ok()) return config.status();
  return nlohmann::json(*config);
}

absl::StatusOr<std::map<std::string, std::string>> RenderMixin(const MixinRequest& request) {
  const Vm vm = MakeVm();
  jsonnet_tla_code(vm.get(), "config", request.overrides.dump().c_str());
  jsonnet_tla_var(vm.get(), "dashboardsPath", request.dashboards_path.c_str());
  jsonnet_tla_var(vm.get(), "prometheusUrl", request.prometheus_url.c_str());
  const auto documents = Evaluate(vm, "import 'install.jsonnet'");
  if (!documents.ok()) return documents.status();
  std::map<std::string, std::string> files;
  for (const auto& [path, document] : documents->items()) files[path] = FileText(path, document);
  return files;
}

}  // namespace fleetmeter::ctl
