// Fleetmeter / Daemon: is the meter itself well?
local g = import 'grafana.libsonnet';

function(config)
  local basis = (import 'basis.libsonnet')(config);
  local n = basis.names;
  local fleet = basis.fleet;
  local told = basis.told;
  local rate(metric, matchers='') = 'rate(%s[$__rate_interval])' % fleet(metric, matchers);
  local quantile(q, metric) = 'histogram_quantile(%g, sum by (le) (%s)) >= 0' % [q, rate(metric + '_bucket')];
  local quiet = 'Nothing was reported in this time, or the daemon is not heard.';

  local answer = g.answer(
    'Is the meter well?',
    'The figures are what the watchdog of the daemon finds, the reports that the daemon settles a second, the time from the end of a window to its commit that 99 reports in 100 do not exceed, the same for the time of a commit, and how long the certificate in force is still valid.',
    [
      g.figure(told('min(%s)' % fleet('fleetmeter_watchdog_healthy')), 'is what the watchdog finds', 'none', mappings=g.words([g.word('0', 'Unhealthy', 'red'), g.word('1', 'Healthy', 'green')]), empty='Not heard'),
      g.figure(told('sum(%s)' % rate('fleetmeter_ingest_reports_total')), 'reports a second', g.amount, decimals=1),
      g.figure(told(quantile(0.99, 'fleetmeter_ingest_lag_seconds')), 'from window to books, 99 of 100', 's', empty='nothing reported'),
      g.figure(told(quantile(0.99, 'fleetmeter_ledger_commit_seconds')), 'for a commit, 99 of 100', 's', empty='no commits'),
      g.figure(told('min(%s) - time()' % fleet('fleetmeter_tls_certificate_expiry_timestamp_seconds')), 'until a certificate expires', 's', g.thresholds('red', [['text', n.seconds(config.tls.expiresWithin)]]), empty='no TLS'),
    ]
  ) + basis.runbook('FleetmeterUnhealthy');
  local books = g.answer(
    'Are the books safe?',
    'The figures say whether the ledger takes commits and lies where it should, how large its log is, how full the queue before it is, and whether the last reload of the configuration was accepted.',
    [
      g.figure(told('min(%s)' % fleet('fleetmeter_ledger_writable')), 'by the ledger', 'none', mappings=g.words([g.word('0', 'Commits are refused', 'red'), g.word('1', 'Commits are taken', 'green')])),
      g.figure(told('min(%s)' % fleet('fleetmeter_ledger_file_in_place')), 'are its files', 'none', mappings=g.words([g.word('0', 'Not in place', 'red'), g.word('1', 'In place', 'green')])),
      g.figure(told('max(%s)' % fleet('fleetmeter_ledger_log_bytes')), 'takes its log', 'bytes', g.thresholds('text', [['orange', config.ledger.logBytes]])),
      g.figure(told('max(%s) / max(%s)' % [fleet('fleetmeter_ingest_queue_reports'), fleet('fleetmeter_ingest_queue_limit_reports')]), 'of the queue is taken', g.ratio, g.thresholds('text', [['red', config.ingest.queueRatio]]), 0),
      g.figure(told('min(%s)' % fleet('fleetmeter_config_last_reload_successful')), 'is the last reload', 'none', mappings=g.words([g.word('0', 'Refused', 'red'), g.word('1', 'In force', 'green')])),
    ]
  ) + basis.runbook('FleetmeterLedgerCommitsFailing');

  local results = g.graph(
    'Reports a second, by result',
    'The curves say what became of the reports that came. Accepted reports are in the books, and the others are not.',
    [g.query('sum by (result) (%s)' % rate('fleetmeter_ingest_reports_total'), '{{result}}')],
    g.amount,
    quiet
  ) + basis.runbook('FleetmeterReportsRejected');
  local lag = g.graph(
    'From the end of a window to the books',
    'Half of the reports, and 99 in 100, were booked within this time after their window ended, by the clocks of sender and daemon.',
    [
      g.query(quantile(0.5, 'fleetmeter_ingest_lag_seconds'), 'half'),
      g.query(quantile(0.99, 'fleetmeter_ingest_lag_seconds'), '99 in 100'),
    ],
    's',
    quiet
  );
  local commits = g.graph(
    'Commits of the ledger',
    'Half of the commits, and 99 in 100, took at most this time.',
    [
      g.query(quantile(0.5, 'fleetmeter_ledger_commit_seconds'), 'half'),
      g.query(quantile(0.99, 'fleetmeter_ledger_commit_seconds'), '99 in 100'),
    ],
    's',
    quiet
  ) + basis.runbook('FleetmeterLedgerCommitsFailing');
  local log = g.graph(
    'Files of the ledger',
    'The curves are the write-ahead log, and the part of it that is not yet in the ledger\'s file. The line is the threshold of FleetmeterLedgerLogGrows.',
    [
      g.query('max(%s)' % fleet('fleetmeter_ledger_log_bytes'), 'log'),
      g.query('max(%s)' % fleet('fleetmeter_ledger_log_unmoved_bytes'), 'not yet in the file'),
    ],
    'bytes',
    'The daemon keeps its books in memory (no `ledger.path`), or is not heard.'
  ) + basis.runbook('FleetmeterLedgerLogGrows') + g.thresholdLine + g.defaults({ thresholds: g.thresholds('text', [['red', config.ledger.logBytes]]) });
  local process = g.graph(
    'Processor cores in use',
    'The curve is the CPU time that the daemon uses each second.',
    [g.query('max(%s)' % rate('process_cpu_seconds_total'), 'cores')],
    'none',
    'The daemon is not heard.'
  );
  local memory = g.graph(
    'Memory',
    'The curve is the resident memory of the daemon.',
    [g.query('max(%s)' % fleet('process_resident_memory_bytes'), 'resident')],
    'bytes',
    'The daemon is not heard.'
  );

  local clock = g.answer(
    'Is its clock right?',
    'The figures say whether the wall clock of the daemon agrees with the time that has really passed and with its sources, and by how much it is ahead.',
    [
      g.figure(told('min(%s)' % fleet('fleetmeter_clock_confirmed')), 'is the wall clock', 'none', mappings=g.words([g.word('0', 'Not confirmed', 'orange'), g.word('1', 'Confirmed', 'green')])),
      g.figure(told('round(max(%s), 0.001)' % fleet('fleetmeter_clock_unconfirmed_seconds')), 'is it ahead', 's', decimals=1),
      g.figure(told('sum(increase(%s[$__rate_interval]))' % fleet('fleetmeter_clock_steps_total')), 'times it was set just now', 'none', basis.colours.some, 0),
    ]
  ) + basis.runbook('FleetmeterClockUnconfirmed');

  g.dashboard(
    uid='fleetmeter-daemon',
    title='Fleetmeter / Daemon',
    description='Is the meter itself well: does it take reports, keep its books, and answer?',
    config=config,
    runbook=basis.runbookPage,
    from='now-6h',
    variables=basis.variables(hidden=['pool', 'team']),
    annotations=basis.annotations,
    rows=[
      g.row('', 5, [answer]),
      g.row('', 5, [books]),
      g.row('What fires?', 7, [basis.firing()]),
      g.row('Does it take what comes?', 8, [results, lag]),
      g.row('Does it keep it?', 8, [commits, log]),
      g.row('What does it need?', 7, [process, memory]),
      g.row('Can its time be trusted?', 5, [clock]),
      basis.behind(|||
        - **Accepted** reports are counted and in the books. **Rejected** ones can never be counted; *Fleetmeter / Sources* says why. **Deferred** ones wait at their senders until somebody mends the plan, the catalog or a clock.
        - **Commit** is the moment from which the ledger has reports on disk. They are acknowledged after it.
        - **Confirmed** means that the clock can be trusted. While it is not confirmed, nothing is deleted, closed or forgotten.
        - dashboards/METRICS.md has the meaning of each number.
      |||),
    ],
  )
