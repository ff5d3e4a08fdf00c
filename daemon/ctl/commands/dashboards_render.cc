// dashboards render: rules, alerts and dashboards as files for Prometheus, Grafana and Kubernetes.
// Works without a daemon.
#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <optional>
#include <system_error>

#include "daemon/base/text.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/dashboards/mixin.h"
#include "daemon/ctl/dashboards/mixin_settings.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/ctl/terminal.h"
#include "daemon/ctl/write_file.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kNext[] =
    "  prometheus/    rule_files of Prometheus, and a configuration that loads them\n"
    "  alertmanager/  a route and inhibit rules to take over into Alertmanager's configuration\n"
    "  grafana/       provisioning/ for Grafana's folder of that name, and the dashboards\n"
    "  kubernetes/    for kubectl apply: PrometheusRule, ServiceMonitor, ConfigMaps of "
    "dashboards\n";

class DashboardsRender : public Command {
 public:
  DashboardsRender()
      : Command({"dashboards", "render"},
                "Write recording rules, alerts and dashboards for Prometheus, Alertmanager, "
                "Grafana and the Prometheus Operator, with your addresses and thresholds") {}

  void AddFlags(Flags& flags) override;
  absl::Status CheckFlags() const override;
  int Run() override { return ExitCode(Render()); }

 private:
  void AddAddresses(Flags& flags);
  absl::Status Render() const;
  absl::StatusOr<MixinRequest> Request() const;
  absl::Status WriteAll(const std::map<std::string, std::string>& files) const;

  std::optional<std::string> grafana_url_;
  std::optional<std::string> runbook_url_;
  std::string prometheus_url_;
  std::vector<std::string> set_;
  std::string to_;
  bool force_ = false;
  OutputFormat output_ = OutputFormat::kTable;
};

void DashboardsRender::AddAddresses(Flags& flags) {
  const auto into = [](std::optional<std::string>* to) {
    return [to](const std::string& text) {
      *to = text;
      return absl::OkStatus();
    };
  };
  flags
      .Add("--grafana-url", into(&grafana_url_),
           "The address of your Grafana, for the links of alerts. The default is Grafana's own, "
           "http://localhost:3000")
      .ValueName("URL");
  flags
      .Add("--runbook-url", into(&runbook_url_),
           "The address of a page with a section for each alert. The default is the page /runbook "
           "of the daemon that the alert is about")
      .ValueName("URL");
  flags
      .Add("--prometheus-url", &prometheus_url_,
           "The address of your Prometheus. With it, Grafana is given a data source too")
      .ValueName("URL");
}

void DashboardsRender::AddFlags(Flags& flags) {
  AddAddresses(flags);
  flags
      .AddList(
          "--set",
          [this](const std::vector<std::string>& texts) {
            set_.insert(set_.end(), texts.begin(), texts.end());
            return absl::OkStatus();
          },
          "A setting, such as underuse.window=1h. All others keep their defaults. "
          "`fleetmeterctl dashboards settings` lists the settings")
      .OneValueEach()
      .ValueName("KEY=VALUE");
  flags.Add("--to", &to_, "The folder to write into. It is made if it is not there")
      .ValueName("DIR")
      .Required();
  flags.AddSwitch("--force", &force_, "Replace files that are there");
  AddTextOutput(flags, &output_);
}

absl::Status DashboardsRender::CheckFlags() const {
  const bool address = prometheus_url_.empty() || prometheus_url_.starts_with("http://") ||
                       prometheus_url_.starts_with("https://");
  if (address) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "--prometheus-url is {}; expected an address that begins with http:// or https://",
      Quoted(prometheus_url_)));
}

absl::StatusOr<MixinRequest> DashboardsRender::Request() const {
  auto defaults = MixinDefaults();
  if (!defaults.ok()) return defaults.status();
  MixinSettings settings(*std::move(defaults));
  absl::Status status = absl::OkStatus();
  for (const std::string& assignment : set_) {
    if (status.ok()) status = settings.Set(assignment);
  }
  if (status.ok() && grafana_url_) status = settings.Set("grafanaUrl", *grafana_url_);
  if (status.ok() && runbook_url_) status = settings.Set("runbookUrl", *runbook_url_);
  if (!status.ok()) return status;
  std::error_code error;
  const auto folder = std::filesystem::absolute(std::filesystem::path(to_), error);
  if (error) return absl::InternalError("the working folder is not known: " + error.message());
  return MixinRequest{.overrides = settings.overrides(),
                      .dashboards_path = (folder / "grafana/dashboards").lexically_normal(),
                      .prometheus_url = prometheus_url_};
}

// Nothing is written while any of them is in the way.
absl::Status DashboardsRender::WriteAll(const std::map<std::string, std::string>& files) const {
  std::error_code error;
  for (const auto& [name, text] : files) {
    const std::filesystem::path path = std::filesystem::path(to_) / name;
    if (!force_ && std::filesystem::exists(path, error)) {
      return absl::AlreadyExistsError(fmt::format(
          "{} is there; expected a new folder, or --force to replace it", Quoted(path.string())));
    }
  }
  for (const auto& [name, text] : files) {
    const std::filesystem::path path = std::filesystem::path(to_) / name;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error) {
      return absl::InternalError(fmt::format("the folder {} cannot be made: {}",
                                             Quoted(path.parent_path().string()), error.message()));
    }
    if (absl::Status status = WriteFileWhole(path, text, force_); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status DashboardsRender::Render() const {
  const auto request = Request();
  if (!request.ok()) return request.status();
  const auto files = RenderMixin(*request);
  if (!files.ok()) return files.status();
  if (absl::Status status = WriteAll(*files); !status.ok()) return status;
  if (output_ == OutputFormat::kTable) {
    return Print(fmt::format("{}: {} files\n{}", Printable(to_), files->size(), kNext));
  }
  Json names = Json::array();
  for (const auto& [name, text] : *files) names.push_back(name);
  return Print(Dump(Json{{"folder", to_}, {"files", names}}));
}

}  // namespace

std::unique_ptr<Command> MakeDashboardsRender(const Connection&) {
  return std::make_unique<DashboardsRender>();
}

}  // namespace fleetmeter::ctl
