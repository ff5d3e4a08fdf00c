// What the dashboards share: selectors, variables, annotations, links, and the panels that say what
// stands behind the numbers.
local g = import 'grafana.libsonnet';

function(config)
  local n = (import 'names.libsonnet')(config);
  local cluster = config.clusterLabel;
  local more(matchers) = if matchers == '' then '' else ', ' + matchers;
  // Series of the chosen daemon, of the chosen pools, and of the chosen teams in them.
  local fleet(metric, matchers='') = metric + n.sel('%s="$cluster"%s' % [cluster, more(matchers)]);
  local pools(metric, matchers='') = fleet(metric, 'pool=~"$pool"' + more(matchers));
  local teams(metric, matchers='') = pools(metric, 'team=~"$team"' + more(matchers));
  // The same with what the ledger exported of the time before, which has no instance.
  local past(metric, matchers='') = metric + n.sel('%s=~"$cluster|"%s' % [cluster, more(matchers)]);

  local url(view, params='') =
    '/d/fleetmeter-%s?${datasource:queryparam}&${cluster:queryparam}&${__url_time_range}%s' % [view, params];
  local thisOne(variable) = '&var-%s=${__value.raw:percentencode}' % variable;
  local runbook(anchor='') =
    (if config.runbookUrl == '' then 'http://${address}/runbook' else config.runbookUrl) + anchor;

  local changed(name, metric, title) = {
    name: name,
    datasource: g.datasource,
    enable: true,
    hide: false,
    iconColor: 'blue',
    // Present for the first minutes of a version.
    expr: '%s unless %s offset 5m' % [fleet(metric), fleet(metric)],
    step: '60s',
    titleFormat: title,
    useValueForTime: false,
  };

  {
    names:: n,
    fleet:: fleet,
    pools:: pools,
    teams:: teams,
    past:: past,
    url:: url,
    thisOne:: thisOne,

    // A missing value has words: without this it would have no place either.
    told(expr):: '(%s) or vector(NaN)' % expr,
    // Only while enough of the supply is heard, so that silence is never painted green.
    heard(expr):: '(%s) and on () (max(%s) >= %g)' % [expr, fleet('fleetmeter_supply_coverage_ratio'), config.coverage.ratio],
    // Only of pools of which enough is heard.
    ofHeard(expr):: '%s and on (%s) %s >= %g' % [expr, n.identity, pools('fleetmeter_pool_coverage_ratio'), config.coverage.ratio],
    // One row of a table for each set of these labels.
    row(labels, expr):: g.query('max by (%s) (%s)' % [std.join(', ', labels), expr], table=true),

    runbook(alert):: { links: [{ title: 'Runbook: ' + alert, url: runbook('#' + std.asciiLower(alert)), targetBlank: true }] },
    runbookPage:: runbook(),

    poolLabel:: g.label('pool', 'Pool', g.link('Headroom of this pool', url('headroom', thisOne('pool'))), width=160),
    teamLabel:: g.label('team', 'Team', g.link('Pools of this team', url('pools', thisOne('team')))),

    colours:: {
      underuse: g.thresholds('red', [['green', config.underuse.utilizationRatio]]),
      coverage: g.thresholds('red', [['green', config.coverage.ratio]]),
      headroom: g.thresholds('red', [['green', config.headroom.exhaustedRatio]]),
      exhaustion: g.thresholds('red', [['green', n.horizonSeconds]]),
      drift: g.thresholds('red', [['green', -config.plan.driftRatio], ['red', config.plan.driftRatio]]),
      buffer: g.thresholds('green', [['orange', config.plan.bufferStartedRatio], ['red', config.plan.bufferRatio]]),
      p0: g.thresholds('green', [['red', config.plan.p0ShortfallH100e]]),
      some: g.thresholds('green', [['orange', 1]]),
    },

    coverageFigure:: g.figure(
      self.told('max(%s)' % fleet('fleetmeter_supply_coverage_ratio')), 'of the supply is heard', g.ratio, self.colours.coverage, 1, empty='nothing heard'
    ),

    // `hidden`: variables that choose nothing here, and only keep what was chosen elsewhere.
    variables(hidden=[])::
      local all = [
        g.datasourceVariable,
        // One: shares and plans of two fleets do not add up.
        g.oneOfVariable('cluster', 'Daemon', 'One daemon and its fleet.', 'label_values(fleetmeter_plan_info%s, %s)' % [n.sel(), cluster]),
        g.queryVariable('pool', 'Pool', 'Pools of the plan in force.', 'label_values(%s, pool)' % fleet('fleetmeter_pool_info')),
        g.queryVariable('team', 'Team', 'Teams that hold chips of the chosen pools.', 'label_values(%s, team)' % pools('fleetmeter_team_assigned_h100e')),
        g.oneOfVariable('address', 'Address', 'Where the daemon serves its runbook.', 'label_values(%s, instance)' % fleet('fleetmeter_plan_info')) { hide: 2, skipUrlSync: true },
      ];
      [if std.member(hidden, v.name) then v { hide: 2 } else v for v in all],

    annotations:: [
      {
        name: 'Plan',
        datasource: g.datasource,
        enable: true,
        hide: false,
        iconColor: 'blue',
        expr: 'max by (plan, version) (%s * on (job, instance) group_left (plan, version) %s) * 1000' % [
          fleet('fleetmeter_plan_effective_timestamp_seconds'),
          fleet('fleetmeter_plan_info'),
        ],
        step: '60s',
        titleFormat: 'Plan {{plan}} version {{version}} took effect',
        useValueForTime: true,
      },
      changed('Catalog', 'fleetmeter_catalog_info', 'Catalog version {{version}} came into force'),
      changed('Prices', 'fleetmeter_price_book_info', 'Price book version {{version}} came into force'),
      {
        name: 'Alerts',
        datasource: g.datasource,
        enable: true,
        hide: false,
        iconColor: 'red',
        expr: fleet('ALERTS', 'alertname=~"Fleetmeter.+", alertstate="firing", severity=~"critical|warning"') ,
        step: '60s',
        titleFormat: '{{alertname}} fires',
        textFormat: '{{pool}}{{category}}',
        useValueForTime: false,
      },
    ],

    // Alerts of this daemon that fire, and since when. `only`: a pattern of their names, and further
    // matchers. `wide`: there is room for the owner.
    firing(title='Alerts that fire', only='Fleetmeter.+', matchers='', wide=true)::
      local these = 'alertname=~"%s"%s' % [only, more(matchers)];
      local firing = fleet('ALERTS', these + ', alertstate="firing"');
      local since = fleet('ALERTS_FOR_STATE', these);
      g.table(
        title,
        'The table has the alerts of the chosen daemon that fire now, and since when their condition holds. The runbook above says what to do for each.',
        [
          g.label('alertname', 'Alert', width=250),
          g.column('Since', self.row(['alertname', 'severity', 'pool', 'owner'], '%s * 1000 and ignoring (alertstate) %s' % [since, firing]), 'dateTimeFromNow', width=110),
          g.label('severity', 'Severity', g.mapped(g.words([g.word('critical', 'critical', 'red'), g.word('warning', 'warning', 'orange'), g.word('info', 'info', 'blue')])) + g.coloured(g.plain), width=90),
          g.label('pool', 'Pool', g.link('Headroom of this pool', url('headroom', thisOne('pool'))), width=180),
        ] + (if wide then [g.label('owner', 'Owner')] else []),
        'Since',
        'No alert fires. If "of the supply is heard" above cannot tell, no alert can fire either.',
      ),

    // The documents that a scrape's numbers rest on.
    inForce:: g.names(
      'In force',
      'Every number here comes from this plan, this catalog and this framework.',
      [
        g.now('max by (plan, version, scenario) (%s)' % fleet('fleetmeter_plan_info'), 'Plan {{plan}}, version {{version}}, scenario {{scenario}}'),
        g.now('max by (version) (%s)' % fleet('fleetmeter_catalog_info'), 'Catalog, version {{version}}'),
        g.now('max by (framework, version, baseline) (%s)' % fleet('fleetmeter_framework_info'), 'Framework {{framework}}, version {{version}}'),
      ],
      'The daemon is not heard.'
    ),
    inForceOfOutcomes:: g.names(
      'In force',
      'The numbers here come from this price book and this benchmark suite.',
      [
        g.now('max by (version) (%s)' % fleet('fleetmeter_price_book_info'), 'Price book, version {{version}}'),
        g.now('max by (suite, version) (%s)' % fleet('fleetmeter_benchmark_suite_info'), 'Benchmark suite {{suite}}, version {{version}}'),
      ],
      'The daemon has neither a price book nor a benchmark suite, or is not heard.'
    ),
    behind(content, inForce=self.inForce):: {
      title: 'What stands behind these numbers?',
      height: 7,
      panels: [
        { width: 16, panel: g.text('What the words mean', 'The text explains the words of this dashboard as the plan and the daemon use them.', content) },
        { width: 8, panel: inForce },
      ],
    },
  }
