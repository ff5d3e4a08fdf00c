// How an alert is put together.
function(config) {
  // The dashboard of a view, for the daemon that the alert is about.
  local view(name, params='') =
    '%s/d/fleetmeter-%s?var-cluster={{ $labels.%s | urlquery }}%s' % [config.grafanaUrl, name, config.clusterLabel, params],
  view:: view,

  // Where the page with a section for each alert is: by default at the daemon that the alert is
  // about, or at any daemon that answers.
  local anyDaemon = '{{ with query "up%s == 1" }}{{ . | first | label "instance" }}{{ else }}localhost:9477{{ end }}' % std.strReplace('{%s}' % config.selector, '"', '\\"'),
  local runbook(daemon) = if config.runbookUrl == '' then 'http://%s/runbook' % daemon else config.runbookUrl,
  // The alert is of no daemon in particular.
  ofNoDaemon(alert):: alert {
    annotations+: {
      runbook_url: '%s#%s' % [runbook(anyDaemon), std.asciiLower(alert.alert)],
      dashboard_url: std.split(super.dashboard_url, '?')[0],
    },
  },

  // One decimal of a percentage: nobody reads four at night.
  local rounded(text) = std.strReplace(text, '| humanizePercentage', '| humanizePercentage | reReplaceAll "([.][0-9])[0-9]+%" "$1%"'),

  // The alert's value without its sign, where words say which way it goes.
  magnitude:: '{{ printf "%.1f" $value | reReplaceAll "^-" "" }}',

  // A text block without the end of its line.
  inline(text):: std.rstripChars(text, '\n'),

  // A series of the alert's daemon inside a description, printed by `format`, or words if it is not known.
  told(series, format, labels=[], matcher=''):: self.inline(|||
    {{ with printf "%s{%s}" %s | query }}{{ . | first | %s }}{{ else }}not known{{ end }}
  ||| % [
    series,
    std.join(',', [name + '=%q' for name in ['job', 'instance'] + labels]) + matcher,
    std.join(' ', ['$labels.' + name for name in ['job', 'instance'] + labels]),
    format,
  ]),

  alert(name, severity, duration, expr, summary, description, link=view('daemon')):: {
    alert: name,
    expr: expr,
    'for': duration,
    labels: { severity: severity },
    annotations: {
      summary: summary,
      description: rounded(description),
      runbook_url: '%s#%s' % [runbook('{{ $labels.instance }}'), std.asciiLower(name)],
      dashboard_url: link,
    },
  },
}
