// How an alert is put together.
function(config) {
  local dashboard(query) = '%s/d/fleetmeter-headroom%s' % [config.dashboardBaseUrl, query],
  dashboard:: dashboard,
  planDashboard:: config.dashboardBaseUrl + '/d/fleetmeter-plan',

  // A text block without the end of its line.
  inline(text):: std.rstripChars(text, '\n'),

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
