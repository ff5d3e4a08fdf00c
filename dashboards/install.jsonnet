// Everything that an installation takes, by the path of its file: what `fleetmeterctl dashboards
// render` writes. `dashboardsPath` is where Grafana finds the dashboards. `prometheusUrl` is for its
// data source; empty: there is one already.
function(config={}, dashboardsPath='', prometheusUrl='')
  local mixin = (import 'mixin.libsonnet');
  local merge = (import 'lib/merge.libsonnet');
  local m = mixin { _config:: merge(super._config, config) };
  {
    'prometheus/rules.yaml': m.prometheusRules,
    'prometheus/alerts.yaml': m.prometheusAlerts,
    'prometheus/prometheus.yml': (importstr 'prometheus.example.yml'),
    'alertmanager/alertmanager.yml': (importstr 'alertmanager.example.yml'),
    'grafana/provisioning/dashboards/fleetmeter.yaml': {
      apiVersion: 1,
      providers: [{
        name: 'Fleetmeter',
        folder: 'Fleetmeter',
        type: 'file',
        // What somebody changes in the browser would be lost when the files are rendered again.
        allowUiUpdates: false,
        options: { path: dashboardsPath },
      }],
    },
  }
  + (if prometheusUrl == '' then {} else {
       'grafana/provisioning/datasources/fleetmeter.yaml': {
         apiVersion: 1,
         datasources: [{ name: 'Fleetmeter', type: 'prometheus', access: 'proxy', url: prometheusUrl }],
       },
     })
  + { ['grafana/dashboards/' + name]: m.grafanaDashboards[name] for name in std.objectFields(m.grafanaDashboards) }
  + { ['kubernetes/' + name]: m.kubernetes[name] for name in std.objectFields(m.kubernetes) }
