// Alerts about what the daemon and the collectors say of themselves: who speaks, certificates, clocks,
// connections, spools. Form as in alerts.libsonnet.
function(config)
  local n = (import 'names.libsonnet')(config);
  local build = (import 'alert.libsonnet')(config);
  local alert = build.alert;
  local inline = build.inline;
  local events = config.events;
  // How far the wall clock is from the time that has really passed, and which way.
  local off(series) = inline(|||
    {{ with printf "%s{job=%%q,instance=%%q}" $labels.job $labels.instance | query }}{{ $ahead := . | first | value }}{{ $ahead | printf "%%.0f" | reReplaceAll "^-" "" }} s {{ if lt $ahead 0.0 }}behind{{ else }}ahead of{{ end }}{{ else }}an unknown time off{{ end }}
  ||| % series);
  // Increases are extrapolated; what is counted is whole.
  local count = '{{ $value | printf "%.0f" }}';

  local daemon = [
    alert(
      'FleetmeterUnhealthy',
      'critical',
      config.daemon.unhealthyFor,
      n.highest('fleetmeter_watchdog_healthy') + ' == 0',
      'The daemon cannot reach its own listeners, or its writer makes no progress.',
      'For %s the daemon at {{ $labels.instance }} has not reached its own listeners, or has written nothing of what waits. Under systemd it is started again. Elsewhere start it again yourself.' % config.scrapeGap,
    ),
    alert(
      // FleetmeterLedgerCommitsFailing wakes somebody; this one says why.
      'FleetmeterLedgerFileMoved',
      'warning',
      events['for'],
      n.highest('fleetmeter_ledger_file_in_place') + ' == 0',
      'The file of the ledger is not at its path, or was written by another program.',
      '{{ $labels.instance }} acknowledges nothing: the ledger that it has open was moved, deleted, replaced, cut off or written by another program. Collectors keep their reports in their spools. Do not end the daemon before you have read the runbook.',
    ),
    alert(
      'FleetmeterLedgerLogGrows',
      'warning',
      config.ledger['for'],
      '%s > %d' % [n.lowest('fleetmeter_ledger_log_bytes'), config.ledger.logBytes],
      'A reader holds the write-ahead log of the ledger.',
      'The log of the ledger at {{ $labels.instance }} takes {{ $value | humanize1024 }}B, because a reader holds the ledger open. It grows with every commit until the disk is full. Find the program that reads the ledger and end it.',
    ),
    alert(
      'FleetmeterConnectionsRefused',
      'warning',
      events['for'],
      n.happened('fleetmeter_connections_refused_total') + ' > 0',
      'The daemon closes connections, since it has as many as its file descriptors allow.',
      '%s connections to the %s listener of {{ $labels.instance }} were refused in %s. Those that are open are served.' % [count, '{{ $labels.listener }}', events.window],
    ),
    // Others are served meanwhile: the shares see to that.
    alert(
      'FleetmeterSenderHeldBack',
      'warning',
      config.shares.heldBackFor,
      n.happened('fleetmeter_ingest_held_back_reports_total') + ' > 0',
      'A sender wants to send more than its share, for long.',
      'Reports to {{ $labels.instance }} were refused for now %s times in %s. Limit: {{ $labels.limit }}. They wait at their sender and arrive late. The log of the daemon names the sender.' % [count, events.window],
    ),
    alert(
      'FleetmeterCallsOverShare',
      'warning',
      events['for'],
      n.happened('fleetmeter_calls_over_share_total') + ' > 0',
      'Calls are refused, since their identity has as many open as it may.',
      '%s calls to {{ $labels.instance }} were refused in %s. Kind of call: {{ $labels.call }}. One identity has its share of them, or all together have all that there are.' % [count, events.window],
    ),
    alert(
      'FleetmeterHttpEvicted',
      'warning',
      events['for'],
      n.happened('fleetmeter_http_evicted_connections_total') + ' > 0',
      'The HTTP listener closes idle connections to make room for new ones.',
      '%s connections to the HTTP listener of {{ $labels.instance }} were closed in %s, since as many were open as it keeps. Scrapes go on. Some client opens connections and sends nothing.' % [count, events.window],
    ),
    alert(
      'FleetmeterSignalsOverflow',
      'warning',
      events['for'],
      n.happened('fleetmeter_ingest_overflow_signal_reports_total') + ' > 0',
      'Usage is counted under the signal overflow.',
      '%s reports to {{ $labels.instance }} in %s have usage under the signal overflow, since the books know as many signals as they take. Amounts are exact; by what they were measured is not told.' % [count, events.window],
    ),
    alert(
      'FleetmeterBooksFillUp',
      'warning',
      config.shares['for'],
      '%s > %g' % [n.lowest('fleetmeter_books_used_ratio'), config.shares.usedRatio],
      'An amount has taken more of the room in the books than the threshold allows.',
      'The books of {{ $labels.instance }} have taken {{ $value | humanizePercentage }} of the {{ $labels.amount }} that they can hold. What each sender may still add is at most half of the rest.',
    ),
    alert(
      'FleetmeterStreamContested',
      'warning',
      events['for'],
      'sum without (result) (%s) + %s > 0' % [
        n.happened('fleetmeter_ingest_reports_total', 'result="conflict"'),
        n.happened('fleetmeter_ingest_fenced_sessions_total'),
      ],
      'Two processes write one stream, or a spool was rolled back.',
      '%s times in %s {{ $labels.instance }} refused reports of a stream that two processes send: a host was cloned, a collector runs twice, or a spool was put back from a copy. Nothing is counted twice, and one of the two has stopped. Find the other and stop it.' % [count, events.window],
    ),
    alert(
      'FleetmeterClockSkewed',
      'warning',
      config.clock['for'],
      '1 - sum without (le) (rate(fleetmeter_ingest_clock_skew_seconds_bucket%s[%s])) / rate(fleetmeter_ingest_clock_skew_seconds_count%s[%s]) > %g' % [
        // Prometheus 3 writes whole bounds with a decimal.
        n.sel('le=~"%d([.]0)?"' % config.clock.skew),
        config.ingest.rateWindow,
        n.sel(),
        config.ingest.rateWindow,
        config.clock.skewedRatio,
      ],
      'The clocks of senders and the daemon differ by more than %d seconds.' % config.clock.skew,
      '{{ $value | humanizePercentage }} of the batches to {{ $labels.instance }} come from clocks that differ from its own by more than %d s. Their usage lies in the wrong hour, or is rejected. Look at the time service of the hosts, and at that of the daemon.' % config.clock.skew,
    ),
    alert(
      'FleetmeterClockSet',
      'warning',
      events['for'],
      n.happened('fleetmeter_clock_steps_total') + ' > 0',
      "The daemon's wall clock was set while it ran.",
      'The wall clock of {{ $labels.instance }} was set %s times in %s. It is now %s the time that has really passed. Reports are taken by either clock for an hour. Look at the time service of the host.' % [count, events.window, off('fleetmeter_clock_ahead_seconds')],
    ),
  ];

  local clock = [
    alert(
      'FleetmeterClockUnconfirmed',
      'warning',
      config.clock.unconfirmedFor,
      n.highest('fleetmeter_clock_confirmed') + ' == 0',
      "The daemon's wall clock is not confirmed.",
      'The wall clock of {{ $labels.instance }} is %s the time that has really passed, or sources contradict it. Until that is settled, rows are deleted, periods are closed and sources are forgotten later than usual. No usage is lost. Look at the time service of the host.' % off('fleetmeter_clock_unconfirmed_seconds'),
    ),
  ];

  local access = [
    alert(
      'FleetmeterReportsDenied',
      'warning',
      events['for'],
      n.happened('fleetmeter_ingest_denied_total', 'reason!="source"') + ' > 0',
      'Senders are denied; their reports are not counted.',
      '%s calls or batches to {{ $labels.instance }} were denied in %s: {{ $labels.reason }}. Their collectors keep the reports.' % [count, events.window],
    ),
    alert(
      'FleetmeterForeignSource',
      'warning',
      events['for'],
      n.happened('fleetmeter_ingest_denied_total', 'reason="source"') + ' > 0',
      'An identity reports for a source that belongs to another one.',
      '%s calls or batches to {{ $labels.instance }} in %s reported for sources of other identities. These reports are not counted. The audit lines in the log name the identity and the source.' % [count, events.window],
    ),
    alert(
      'FleetmeterCertificateExpires',
      'warning',
      config.tls['for'],
      '%s - time() < %d' % [
        n.highest('fleetmeter_tls_certificate_expiry_timestamp_seconds'),
        n.seconds(config.tls.expiresWithin),
      ],
      'A certificate of the daemon expires within %s.' % config.tls.expiresWithin,
      'The certificate {{ $labels.certificate }} in force at {{ $labels.instance }} has {{ $value | humanizeDuration }} left. Without it no collector and no query gets through.',
    ),
    alert(
      'FleetmeterTlsReloadFailed',
      'warning',
      config.tls['for'],
      // Files that are replaced one after the other may fail once on the way.
      'sum without (result) (%s) > 0 unless sum without (result) (%s) > 0' % [
        n.happened('fleetmeter_tls_reloads_total', 'result="failed"'),
        n.happened('fleetmeter_tls_reloads_total', 'result="ok"'),
      ],
      'New TLS files were refused.',
      '{{ $labels.instance }} refused new TLS files %s times in %s, and keeps those it had.' % [count, events.window],
    ),
    alert(
      'FleetmeterProviderKeyFetchesFail',
      'warning',
      events['for'],
      'sum without (result) (%s) > 0 unless sum without (result) (%s) > 0' % [
        n.happened('fleetmeter_provider_key_fetches_total', 'result="failed"'),
        n.happened('fleetmeter_provider_key_fetches_total', 'result="ok"'),
      ],
      'The keys of the OpenID Connect provider cannot be fetched.',
      '{{ $labels.instance }} asked the provider for its keys %s times in %s, and got none. Tokens are taken by the keys from before until http.jwks_keep is over. Tokens that are signed with newer keys are refused.' % [count, events.window],
    ),
    alert(
      'FleetmeterProviderKeysGone',
      'warning',
      config.tls['for'],
      n.highest('fleetmeter_provider_keys') + ' == 0',
      'No key of the OpenID Connect provider is in force.',
      '{{ $labels.instance }} refuses every token of its provider, since the latest keys were fetched longer ago than http.jwks_keep. Certificates, and the keys of http.jwks_file, are taken as before.',
    ),
  ];

  local receivers = [
    alert(
      'FleetmeterOtlpExportsFail',
      'warning',
      events['for'],
      'sum without (result) (%s) > 0 unless sum without (result) (%s) > 0' % [
        n.happened('fleetmeter_otlp_exports_total', 'result=~"failed|refused"'),
        n.happened('fleetmeter_otlp_exports_total', 'result=~"ok|partial"'),
      ],
      'The OTLP receiver takes none of the metrics.',
      '%s exports of {{ $labels.instance }} came to nothing in %s, and none came through. The receiver has a gap in its series; the books and /metrics are not touched. The log of the daemon has the reason.' % [count, events.window],
    ),
  ];

  local mine = config.collectorSelector;
  local collector = [
    alert(
      'FleetmeterCollectorBehind',
      'warning',
      config.collector['for'],
      '%s > %d' % [
        n.lowest('fleetmeter_collector_oldest_waiting_seconds', of=mine),
        n.seconds(config.collector.behind),
      ],
      'A collector has reports that have waited for more than %s.' % config.collector.behind,
      'The oldest report of {{ $labels.pipeline }} at {{ $labels.instance }} has waited for {{ $value | humanizeDuration }}. Its hosts count as unheard until it arrives.',
    ),
    alert(
      'FleetmeterCollectorCoalescing',
      'warning',
      events['for'],
      n.happened('fleetmeter_collector_coalesced_reports_total', of=mine) + ' > 0',
      'The spool of a collector is full, and windows are added up.',
      '%s reports of {{ $labels.pipeline }} at {{ $labels.instance }} were added into others in %s. Totals stay exact; resolution in time is lost.' % [count, events.window],
    ),
    alert(
      'FleetmeterDeferredReportsLost',
      'warning',
      events['for'],
      n.happened('fleetmeter_collector_deferred_lost_reports_total', of=mine) + ' > 0',
      'A collector gave up reports that the daemon had deferred for too long.',
      '%s deferred reports of {{ $labels.pipeline }} at {{ $labels.instance }} were lost in %s. Reason: {{ $labels.reason }}. What they measured is missing in the books.' % [count, events.window],
    ),
    alert(
      'FleetmeterSpoolDamaged',
      'warning',
      events['for'],
      '%s > 0 and on (job, instance) time() - %s < %d' % [
        n.highest('fleetmeter_collector_damaged_segments_total', of=mine),
        n.highest('process_start_time_seconds', of=mine),
        n.seconds(config.collector.damageTold),
      ],
      'A collector found files of its spool damaged or missing.',
      inline(|||
        %s files of the spool of {{ $labels.pipeline }} at {{ $labels.instance }} were damaged or missing when it started. Reports lost, those that the daemon has included: {{ with printf "fleetmeter_collector_lost_reports_total{job=%%q,instance=%%q,pipeline=%%q}" $labels.job $labels.instance $labels.pipeline | query }}{{ . | first | value | printf "%%.0f" }}{{ else }}not known{{ end }}.
      ||| % count),
    ),
  ];

  // What live sources see and say.
  local sources = [
    alert(
      'FleetmeterCollectorReloadFailed',
      'warning',
      config.collector['for'],
      '%s and on (job, instance) %s == 0' % [
        n.highest('fleetmeter_collector_config_last_reload_success_timestamp_seconds', of=mine),
        n.highest('fleetmeter_collector_config_last_reload_successful', of=mine),
      ],
      'The last reload of the configuration of a collector was refused.',
      'The collector at {{ $labels.instance }} keeps the configuration that it loaded at {{ $value | humanizeTimestamp }}.',
    ),
    alert(
      'FleetmeterCollectorHoldersUnknown',
      'warning',
      config.collector.holdersUnknownFor,
      // A host goes from the one to the other.
      n.highest('fleetmeter_collector_left_out_hosts', of=mine) + ' + ' +
      n.highest('fleetmeter_collector_unheard_hosts', of=mine) + ' > 0',
      'A source that decides who holds chips does not answer.',
      'Hosts of the collector at {{ $labels.instance }} whose chips have unknown holders: %s. They are silent, or chips that no other source calls held are unattributed.' % count,
    ),
    alert(
      'FleetmeterCollectorUnattributed',
      'warning',
      config.collector.unattributedFor,
      n.lowest('fleetmeter_collector_unattributed_chips', of=mine) + ' > 0',
      'Chips are in use, and no rule says whose they are.',
      'Chips that the collector at {{ $labels.instance }} counts in the pool for unattributed use: %s.' % count,
    ),
    alert(
      'FleetmeterCollectorUnknownChips',
      'warning',
      config.collector['for'],
      n.lowest('fleetmeter_collector_unknown_kind_chips', of=mine) + ' > 0',
      'A collector sees chips whose kind nobody knows.',
      'Chips of the collector at {{ $labels.instance }} whose kind nobody knows: %s. They are in no report, unless the key unknown_kind is set.' % count,
    ),
    alert(
      'FleetmeterCollectorServedBehind',
      'warning',
      config.collector['for'],
      '%s > %d' % [
        n.lowest('fleetmeter_collector_served_oldest_waiting_seconds', of=mine),
        n.seconds(config.collector.behind),
      ],
      'A report of what was served has waited for more than %s.' % config.collector.behind,
      'What the source {{ $labels.source }} at {{ $labels.instance }} counted has waited for {{ $value | humanizeDuration }}. Requests and margin lag behind by as much.',
    ),
  ];

  [
    { name: 'fleetmeter_self_alerts', rules: daemon + clock + receivers },
    { name: 'fleetmeter_access_alerts', rules: access },
    { name: 'fleetmeter_collector_alerts', rules: [build.ofNoDaemon(a) for a in collector] },
    { name: 'fleetmeter_source_alerts', rules: [build.ofNoDaemon(a) for a in sources] },
  ]
