// The committed files, by name. `demo` takes the short windows; `config` overrides any setting.
function(demo=false, config={})
  local mixin = (import 'mixin.libsonnet');
  local merge = (import 'lib/merge.libsonnet');
  local m = mixin { _config:: merge((super._config) + (if demo then mixin._demo else {}), config) };
  {
    'rules.yaml': m.prometheusRules,
    'alerts.yaml': m.prometheusAlerts,
  } + m.grafanaDashboards
