// The committed files, by name. `demo` takes the short windows; `config` overrides any setting.
function(demo=false, config={})
  local mixin = (import 'mixin.libsonnet');
  local m = mixin { _config+:: (if demo then mixin._demo else {}) + config };
  local yaml(doc) =
    '# Rendered by dashboards/render.sh from the jsonnet sources; change those.\n' + std.manifestYamlDoc(doc);
  {
    'rules.yaml': yaml(m.prometheusRules),
    'alerts.yaml': yaml(m.prometheusAlerts),
  } + { [name]: std.manifestJsonEx(m.grafanaDashboards[name], '  ') for name in std.objectFields(m.grafanaDashboards) }
