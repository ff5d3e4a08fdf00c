// Fleetmeter / Sources: who reports, who is silent, what is refused and why, and what to do?
local g = import 'grafana.libsonnet';

// The reasons of REASONS.md with their sentences: [{reason, meaning}].
local reasons = [
  { reason: std.strReplace(cells[1], '`', ''), meaning: cells[2] }
  for cells in [
    [std.stripChars(cell, ' ') for cell in std.split(line, '|')]
    for line in std.split(importstr '../REASONS.md', '\n')
    if std.startsWith(line, '| `')
  ]
];

function(config)
  local basis = (import 'basis.libsonnet')(config);
  local n = basis.names;
  local fleet = basis.fleet;
  local told = basis.told;
  local sources(state) = fleet('fleetmeter_sources', 'state="%s"' % state);
  local count(state, words, colours=g.plain) = g.figure(told('sum(%s)' % sources(state)), words, g.amount, colours, 0);

  local answer = g.answer(
    'Who reports?',
    'A source is usually a host. The figures are the sources that report, those that fell silent, those that have been silent for so long that their chips are unaccounted for, those of which nothing is accepted, and those whose reports wait until somebody mends something.',
    [
      count('live', 'sources report'),
      count('silent', 'are silent', basis.colours.some),
      count('unaccounted', 'are silent for long', basis.colours.some),
      count('rejected', 'are rejected', basis.colours.some),
      g.figure(told('sum(%s) or 0 * sum(%s)' % [fleet('fleetmeter_ingest_deferred_sources'), fleet('fleetmeter_sources')]), 'are deferred', g.amount, basis.colours.some, 0),
      basis.coverageFigure,
    ]
  ) + basis.runbook('FleetmeterSilentSources');

  // The sentences of a reason stand in its place: they say what it is and what the sender can do.
  local meanings = [{ type: 'value', options: { [reasons[i].reason]: { text: reasons[i].reason + ': ' + reasons[i].meaning, index: i } for i in std.range(0, std.length(reasons) - 1) } }];
  local rejected = g.table(
    'What is rejected, why, and what to do',
    'The table counts the reports of the chosen time that can never be counted, by reason, most first. `fleetmeterctl rejected` names the sources.',
    [
      g.column('Reports', basis.row(['reason'], 'increase(%s[$__range]) > 0' % fleet('fleetmeter_ingest_rejected_reports_total')), g.amount, g.decimals(0), width=100),
      g.label('reason', 'Reason', g.mapped(meanings) + [{ id: 'custom.cellOptions', value: { type: 'auto', wrapText: true } }] + g.link('Daemon', basis.url('daemon')), width=800),
    ],
    'Reports',
    'Nothing was rejected in this time. If "sources report" above cannot tell, nothing is known.',
    descending=true
  ) + basis.runbook('FleetmeterReportsRejected');
  local deferred = g.table(
    'What is deferred, and for which pool',
    'The latest report of these sources waits until somebody mends the plan, the catalog or a clock. Their collectors keep the reports.',
    [
      g.column('Sources', basis.row(['reason', 'pool'], fleet('fleetmeter_ingest_deferred_sources')), g.amount, g.decimals(0), width=100),
      g.label('reason', 'Reason', width=200),
      g.label('pool', 'Pool', g.link('Headroom of this pool', basis.url('headroom', basis.thisOne('pool')))),
    ],
    'Sources',
    'Nothing is deferred.',
    descending=true
  ) + basis.runbook('FleetmeterReportsDeferred');
  local orphaned = g.table(
    'Held under names that the plan does not know',
    'Each row is the H100e of such a pool. They are taken from the headroom of every pool until the collectors use the new name, or the plan has the old one.',
    [
      g.label('pool', 'Name', g.link('Plan', basis.url('plan')), width=220),
      g.column('H100e', basis.row(['pool'], fleet('fleetmeter_orphaned_h100e')), g.amount, g.decimals(1)),
    ],
    'H100e',
    'No chip is held under a name that the plan does not know.',
    descending=true
  ) + basis.runbook('FleetmeterChipsOrphaned');
  local doubled = g.table(
    'Hosts that may report twice',
    'Each row has two live sources that may be one host under two names. Rows are shown only while more chips of a kind are heard than the plan declares.',
    [
      g.label('source', 'Source', g.link('Supply', basis.url('supply')), width=220),
      g.label('other', 'May be the same as', width=220),
      g.column('Pairs', basis.row(['source', 'other'], fleet('fleetmeter_suspect_source_info')), 'none', g.decimals(0)),
    ],
    'Source',
    'No two sources look like one host, or no more chips are heard than declared.'
  ) + basis.runbook('FleetmeterMoreHeardThanDeclared');
  local lost = g.table(
    'Chips that nobody reports now',
    'The bars are chips by kind whose hosts fell silent, or that nobody reports any more. They are taken from headroom, and count as neither free nor idle.',
    [
      g.label('chip', 'Kind', g.link('Supply', basis.url('supply')), width=150),
      g.label('state', 'State', width=130),
      g.column('Chips', basis.row(['chip', 'state'], 'sum without (provider) (%s) > 0' % fleet('fleetmeter_supply_chips', 'state=~"unheard|unaccounted"')), g.amount, g.decimals(0)),
    ],
    'Chips',
    'Every chip that was ever reported is heard.',
    descending=true
  ) + basis.runbook('FleetmeterChipsUnaccounted');

  local collectorRow(expr) = basis.row(['instance', 'pipeline'], expr);
  local collectors(metric) = 'fleetmeter_collector_%s{%s}' % [metric, config.collectorSelector];
  local behind = g.table(
    'Collectors: what waits',
    'For every collector that is scraped, the table has the reports that wait to be acknowledged, the age of the oldest, and whether a daemon has welcomed its stream. The collectors may report to any daemon.',
    [
      g.label('instance', 'Collector', g.link('Daemon', basis.url('daemon')), width=220),
      g.label('pipeline', 'Pipeline', width=160),
      g.column('Waiting', collectorRow(collectors('waiting_reports')), g.amount, g.decimals(0), width=110),
      g.column('Oldest waits', collectorRow(collectors('oldest_waiting_seconds')), 's', g.coloured(g.thresholds('text', [['red', n.seconds(config.collector.behind)]])), width=130),
      g.column('Connected', collectorRow(collectors('connected')), 'none', g.mapped(g.words([g.word('0', 'no', 'red'), g.word('1', 'yes', 'text')])) + g.coloured(g.plain)),
    ],
    'Oldest waits',
    'No collector is scraped: Prometheus needs the job of collectors (fleetmeter-collector --metrics).',
    descending=true
  ) + basis.runbook('FleetmeterCollectorBehind');

  local overTime = g.graph(
    'Sources by state',
    'The curves say how many sources are in each state.',
    [g.query('sum by (state) (%s)' % fleet('fleetmeter_sources'), '{{state}}')],
    g.amount,
    'The daemon is not heard.'
  ) + basis.runbook('FleetmeterSilentSources');
  local refused = g.graph(
    'Rejected reports a second, by reason',
    'These reports can never be counted.',
    [g.query('topk(%d, sum by (reason) (rate(%s[$__rate_interval])) > 0)' % [config.dashboard.lines, fleet('fleetmeter_ingest_rejected_reports_total')], '{{reason}}')],
    g.amount,
    'Nothing was rejected in this time.'
  ) + basis.runbook('FleetmeterReportsRejected');

  g.dashboard(
    uid='fleetmeter-sources',
    title='Fleetmeter / Sources',
    description='Who reports, who is silent, what is refused and why, and what to do about it?',
    config=config,
    runbook=basis.runbookPage,
    from='now-6h',
    variables=basis.variables(hidden=['pool', 'team']),
    annotations=basis.annotations,
    rows=[
      g.row('', 5, [answer]),
      g.row('What is refused, and what do I do?', 8, [rejected]),
      g.row('', 7, [deferred, orphaned]),
      g.row('Who is missing, and who reports twice?', 7, [lost, doubled]),
      g.row('What waits at the collectors?', 7, [behind]),
      g.row('Since when?', 8, [overTime, refused]),
      g.row('What fires?', 7, [basis.firing('Alerts about sources', 'Fleetmeter(Silent|Sources|Reports|Chips|MoreHeard|Foreign|Stream|Coverage).*')]),
      basis.behind(|||
        - **Source** is what a report speaks for, mostly a host. It is **live** while its latest window is recent. After that it is **silent**, and after a long silence **unaccounted**.
        - **Rejected** can never be counted. **Deferred** waits until somebody mends the plan, the catalog or a clock, and is counted then.
        - `fleetmeterctl source list` names sources with their owners; `fleetmeterctl source forget NAME --reason TEXT` takes out a host that is gone for good.
      |||),
    ],
  )
