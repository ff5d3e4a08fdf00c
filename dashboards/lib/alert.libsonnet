// How an alert is put together.
function(config) {
  local dashboard(query) = '%s/d/fleetmeter-headroom%s' % [config.dashboardBaseUrl, query],
  dashboard:: dashboard,
  planDashboard:: config.dashboardBaseUrl + '/d/fleetmeter-plan',

  outcomesDashboard:: config.dashboardBaseUrl + '/d/fleetmeter-outcomes',

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

  alert(name, severity, duration, expr, summary, description, link=dashboard('')):: {
    alert: name,
    expr: expr,
    'for': duration,
    labels: { severity: severity },
    annotations: {
      summary: summary,
      description: description,
      runbook_url: '%s#%s' % [config.runbookUrl, std.asciiLower(name)],
      dashboard_url: link,
    },
  },
}
