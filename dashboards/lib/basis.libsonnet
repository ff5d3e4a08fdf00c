// What every dashboard says of itself: its variables, the plan and catalog that stand behind its numbers, and the
// moments at which a plan took effect.
local g = import 'grafana.libsonnet';

function(config)
  local n = (import 'names.libsonnet')(config);
  local cluster = config.clusterLabel;
  // Series of the chosen daemons, and of the chosen pools.
  local fleet(metric) = metric + n.sel('%s=~"$cluster"' % cluster);
  local pools(metric, more='') = metric + n.sel('%s=~"$cluster", pool=~"$pool"%s' % [cluster, more]);
  local named(metric, labels, format) =
    [g.query('max by (%s) (%s)' % [std.join(', ', labels), fleet(metric)], format, instant=true)];
  {
    fleet:: fleet,
    pools:: pools,

    runbook(alert):: { links: [{ title: 'Runbook: ' + alert, url: '%s#%s' % [config.runbookUrl, std.asciiLower(alert)], targetBlank: true }] },

    variables:: [
      g.datasourceVariable,
      g.queryVariable('cluster', 'Daemon', 'Daemons, each with its own fleet.', 'label_values(fleetmeter_plan_info%s, %s)' % [n.sel(), cluster]),
      g.queryVariable('pool', 'Pool', 'Pools of the plan in force.', 'label_values(%s, pool)' % fleet('fleetmeter_pool_info')),
      g.queryVariable('team', 'Team', 'Teams that hold chips of the chosen pools.', 'label_values(%s, team)' % pools('fleetmeter_team_assigned_h100e')),
    ],

    plan:: g.stat('Plan in force', 'Plan, version and scenario that every allocation here comes from.', named('fleetmeter_plan_info', ['plan', 'version', 'scenario'], '{{plan}} v{{version}}, {{scenario}}'), 'none', 'name'),
    catalog:: g.stat('Catalog in force', 'Version of the conversion table that turns chips into H100e.', named('fleetmeter_catalog_info', ['version'], 'v{{version}}'), 'none', 'name'),
    framework:: g.stat('Framework in force', 'Framework, version and baseline scenario whose assumptions stand behind revenue and hours here. No data where the daemon has none.', named('fleetmeter_framework_info', ['framework', 'version', 'baseline'], '{{framework}} v{{version}}, {{baseline}}'), 'none', 'name'),
    tookEffect:: g.stat('Plan took effect', 'When the plan in force took effect.', [g.query('max(%s) * 1000' % fleet('fleetmeter_plan_effective_timestamp_seconds'), instant=true)], 'dateTimeAsIso'),

    planChange:: {
      name: 'Plan in force',
      datasource: g.datasource,
      enable: true,
      hide: false,
      iconColor: 'blue',
      expr: 'max by (plan, version) (%s * on (job, instance) group_left (plan, version) %s) * 1000' % [
        fleet('fleetmeter_plan_effective_timestamp_seconds'),
        fleet('fleetmeter_plan_info'),
      ],
      step: '60s',
      titleFormat: 'Plan {{plan}} v{{version}} took effect',
      useValueForTime: true,
    },
  }
