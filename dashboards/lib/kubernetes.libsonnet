// Rules, monitors and dashboards as objects for the Prometheus Operator and Grafana's sidecar.
function(mixin)
  local config = mixin._config;
  local k = config.kubernetes;
  local job(selector) = std.split(selector, '"')[1];
  local metadata(name, labels={}) = {
    name: name,
    namespace: k.namespace,
    labels: { 'app.kubernetes.io/part-of': 'fleetmeter' } + labels,
  };
  local selected = if k.release == '' then {} else { release: k.release };

  // The rules know targets by their job, which the Operator would name after the Service.
  local monitor(app, selector) = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: metadata(app, selected),
    spec: {
      selector: { matchLabels: { 'app.kubernetes.io/name': app } },
      endpoints: [{
        port: k.port,
        interval: k.interval,
        relabelings: [{ action: 'replace', targetLabel: 'job', replacement: job(selector) }],
      }],
    },
  };

  local dashboard(file) = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadata('fleetmeter-dashboard-' + std.strReplace(file, '.json', ''), { [k.dashboardLabel]: '1' }),
    data: { ['fleetmeter-' + file]: std.toString(mixin.grafanaDashboards[file]) },
  };

  local list(items) = { apiVersion: 'v1', kind: 'List', items: items };

  {
    'prometheusrule.yaml': {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: metadata('fleetmeter', selected),
      spec: { groups: mixin.prometheusRules.groups + mixin.prometheusAlerts.groups },
    },
    'servicemonitor.yaml': list([monitor(k.app, config.selector), monitor(k.collectorApp, config.collectorSelector)]),
    'dashboards.yaml': list([dashboard(file) for file in std.objectFields(mixin.grafanaDashboards)]),
  }
