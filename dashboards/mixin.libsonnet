// The Fleetmeter mixin: one _config feeds the recording rules, the alerts and the dashboards.
// Override it with `(import 'mixin.libsonnet') { _config+:: { ... } }` or `render.sh --config`.
{
  _config:: {
    // Which targets are fleetmeter daemons. Equality matchers only: absent() takes its labels from here.
    selector: 'job="fleetmeter"',
    // Which targets are collectors (fleetmeter-collector --metrics).
    collectorSelector: 'job="fleetmeter-collector"',

    // The label that tells one daemon's fleet from another's; set it to 'cluster' where targets carry that.
    clusterLabel: 'instance',

    // Your Grafana, for the links in alerts: by default where Grafana listens by itself.
    grafanaUrl: 'http://localhost:3000',
    // A page with a section for each alert. Empty: the page /runbook that each daemon serves itself.
    runbookUrl: '',

    // A failed scrape shorter than this neither fires an alert nor restarts its `for`.
    scrapeGap: '5m',

    underuse: {
      utilizationRatio: 0.5,
      // How long a pool must stay underused; also the window of what counts as reclaimable.
      window: '30m',
    },
    coverage: {
      // The daemon withholds utilization below its own coverage threshold; keep the two equal.
      ratio: 0.9,
      'for': '10m',
    },
    headroom: {
      // Exhausted: less than this part of the allocation is left ...
      exhaustedRatio: 0.05,
      // ... and it is gone already, or the line through `trendWindow` reaches zero within `horizon`.
      trendWindow: '6h',
      horizon: '1d',
      peakWindow: '1h',
      'for': '15m',
    },
    // How long requests wait though there is room for them.
    demand: { 'for': '15m' },
    budget: {
      // More than this part of a budget is used, ...
      usedRatio: 0.9,
      // ... or it will be gone before its end, and at least this part of its time has passed.
      elapsedRatio: 0.1,
      'for': '1h',
    },
    plan: {
      // How far a category may be off its planned share of the supply, either way, and for how long.
      driftRatio: 0.05,
      driftFor: '6h',
      // The buffer: more than this part is in use, ...
      bufferRatio: 0.4,
      // ... or more than this, and the line through `trendWindow` takes all of it within `horizon`.
      bufferStartedRatio: 0.1,
      trendWindow: '6h',
      horizon: '1d',
      bufferFor: '30m',
      // H100e that P0 may lack of its guarantee.
      p0ShortfallH100e: 1,
      p0For: '15m',
    },
    outcomes: {
      // Which of the daemon's windows alerts speak of, and whose costs.
      window: 'year',
      basis: 'allocated',
      // More than this part of the requests is in segments that declined, though the total did not.
      hiddenRatio: 0.5,
      // How long a verdict must hold: it changes once a day at most, and not while the daemon starts.
      reviewFor: '1h',
      // Requests of a model without a price, of those told within the window; reports may come once a day.
      unpricedRatio: 0.01,
      rateWindow: '1d',
      'for': '15m',
      // What the ledger says of outcomes was worked out longer ago than this.
      staleAfter: '2h',
      // As `volume` in the daemon's section `outcomes`: shares of all requests.
      muchRatio: 0.2,
      littleRatio: 0.02,
      // Below this part of the requests a margin is said not to speak for all.
      knownRatio: 0.9,
      // Above this part of inference's cost a margin leaves out too much.
      unattributedRatio: 0.05,
    },
    requests: {
      // How long a critical request may wait to be decided.
      criticalUndecided: '4h',
      // A grant of which less than this part was held over the last week is used in part only.
      usedRatio: 0.6,
      // How long before its end a grant is told of whose chips are still held.
      endsWithin: '1d',
      // H100e that grants may promise beyond the allocation of their pool.
      beyondH100e: 1,
      // How long it is told that nobody decided a request in time.
      expiredTold: '3d',
      usedFor: '1h',
      'for': '5m',
    },
    sources: {
      silentRatio: 0.01,
      // Chips of a kind that are heard beyond what the plan declares.
      excessChips: 1,
      'for': '15m',
    },
    ingest: {
      rejectedRatio: 0.01,
      rateWindow: '10m',
      queueRatio: 0.8,
      'for': '10m',
    },
    daemon: { 'for': '5m', unhealthyFor: '1m' },
    // What happens once and is counted: alerted for as long as the window holds it.
    events: { window: '15m', 'for': '1m' },
    // What senders take from each other: how long one is held back, and how full the books may be.
    shares: { heldBackFor: '30m', usedRatio: 0.5, 'for': '10m' },
    tls: { expiresWithin: '14d', 'for': '5m' },
    clock: {
      // Seconds; a bound of the histogram: 1, 5, 60 or 3600.
      skew: 60,
      skewedRatio: 0.01,
      'for': '10m',
      unconfirmedFor: '15m',
    },
    // A log that stays longer than this is held back by a reader; it is emptied at about 16 MB.
    ledger: { logBytes: 256 * 1024 * 1024, 'for': '10m' },
    // Damage is found when a collector starts, and told for so long after.
    collector: {
      behind: '10m',
      damageTold: '1d',
      'for': '5m',
      // Longer than a scheduler or a kubelet takes to start anew.
      holdersUnknownFor: '10m',
      unattributedFor: '15m',
    },

    dashboard: {
      tag: 'fleetmeter',
      refresh: '30s',
      defaultAskH100e: 512,
      // Lines on one graph; more than five cannot be read.
      lines: 5,
      holders: 10,
    },

    kubernetes: {
      namespace: 'monitoring',
      // The label `release` by which your Prometheus selects rules and monitors. Empty: no label.
      release: '',
      // What the Service of the daemon is called by, and its port for /metrics.
      app: 'fleetmeterd',
      collectorApp: 'fleetmeter-collector',
      port: 'http',
      interval: '30s',
      // The label of ConfigMaps from which Grafana's sidecar takes dashboards.
      dashboardLabel: 'grafana_dashboard',
    },
  },

  // For a demonstration or an end-to-end test: the same rules, in minutes instead of hours.
  _demo:: {
    scrapeGap: '30s',
    underuse+: { window: '1m' },
    coverage+: { 'for': '1m' },
    headroom+: { 'for': '1m' },
    demand+: { 'for': '1m' },
    budget+: { 'for': '1m' },
    plan+: { driftFor: '1m', bufferFor: '1m', p0For: '1m' },
    outcomes+: { reviewFor: '1m', rateWindow: '1m', 'for': '1m' },
    requests+: { criticalUndecided: '2m', usedFor: '1m', 'for': '1m' },
    sources+: { 'for': '1m' },
    ingest+: { rateWindow: '1m', 'for': '1m' },
    daemon+: { 'for': '1m' },
    events+: { window: '2m', 'for': '30s' },
    shares+: { heldBackFor: '1m', 'for': '1m' },
    tls+: { 'for': '1m' },
    clock+: { 'for': '1m', unconfirmedFor: '1m' },
    collector+: { 'for': '1m', holdersUnknownFor: '1m', unattributedFor: '1m' },
    ledger+: { 'for': '1m' },
  },

  assert std.member([1, 5, 60, 3600], $._config.clock.skew) : 'the setting clock.skew is %g; expected a bound of the histogram: 1, 5, 60 or 3600' % $._config.clock.skew,

  prometheusRules:: { groups: (import 'lib/rules.libsonnet')($._config) },
  prometheusAlerts:: { groups: (import 'lib/alerts.libsonnet')($._config) },
  grafanaDashboards:: {
    'capability.json': (import 'lib/capability.libsonnet')($._config),
    'daemon.json': (import 'lib/daemon.libsonnet')($._config),
    'executive.json': (import 'lib/executive.libsonnet')($._config),
    'headroom.json': (import 'lib/headroom.libsonnet')($._config),
    'margin.json': (import 'lib/margin.libsonnet')($._config),
    'plan.json': (import 'lib/plan.libsonnet')($._config),
    'pools.json': (import 'lib/pools.libsonnet')($._config),
    'requests.json': (import 'lib/requests.libsonnet')($._config),
    'sources.json': (import 'lib/sources.libsonnet')($._config),
    'supply.json': (import 'lib/supply.libsonnet')($._config),
    'training-and-economics.json': (import 'lib/economics.libsonnet')($._config),
  },

  // Objects for a cluster with the Prometheus Operator, by the name of their file.
  kubernetes:: (import 'lib/kubernetes.libsonnet')($),
}
