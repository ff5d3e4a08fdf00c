// Builders for Grafana's dashboard model, schema 39 (loads in Grafana 9.3 to 12). Names are Grafana's.
(import 'panels.libsonnet') + (import 'variables.libsonnet') + {
  // `rows`: [{title, height, panels: [{width, panel}]}], from top to bottom; a row without title has
  // no heading. Ids follow the order, heading rows included.
  layout(rows)::
    local heading(row) = if row.title == '' then [] else [{
      h: 1,
      w: 24,
      panel: { type: 'row', title: row.title, collapsed: false, panels: [] },
    }];
    local place(state, row) =
      local head = heading(row);
      local top = state.y + std.length(head);
      local widths = [p.width for p in row.panels];
      {
        y: top + row.height,
        panels: state.panels
                + [h.panel { gridPos: { x: 0, y: state.y, w: h.w, h: h.h } } for h in head]
                + [
                  row.panels[i].panel {
                    gridPos: { x: std.foldl(function(a, b) a + b, widths[0:i], 0), y: top, w: widths[i], h: row.height },
                  }
                  for i in std.range(0, std.length(row.panels) - 1)
                ],
      };
    local panels = std.foldl(place, rows, { y: 0, panels: [] }).panels;
    [panels[i] { id: i + 1 } for i in std.range(0, std.length(panels) - 1)],

  // A row of panels that share its width.
  row(title, height, panels):: { title: title, height: height, panels: [{ width: std.floor(24 / std.length(panels)), panel: p } for p in panels] },

  dashboard(uid, title, description, config, runbook, variables, annotations, rows, from):: {
    uid: uid,
    id: null,
    title: title,
    description: description,
    tags: [config.dashboard.tag],
    schemaVersion: 39,
    version: 1,
    editable: true,
    fiscalYearStartMonth: 0,
    graphTooltip: 1,
    liveNow: false,
    weekStart: '',
    timezone: 'browser',
    refresh: config.dashboard.refresh,
    time: { from: from, to: 'now' },
    timepicker: {},
    links: [
      {
        type: 'dashboards',
        title: 'Fleetmeter',
        tags: [config.dashboard.tag],
        asDropdown: true,
        includeVars: true,
        keepTime: true,
        targetBlank: false,
        icon: 'external link',
        tooltip: 'Other views with the same time and variables',
        url: '',
      },
      {
        type: 'link',
        title: 'Runbook',
        tags: [],
        asDropdown: false,
        includeVars: false,
        keepTime: false,
        targetBlank: true,
        icon: 'doc',
        tooltip: 'What each alert means and what to do',
        url: runbook,
      },
    ],
    annotations: { list: annotations },
    templating: { list: variables },
    panels: $.layout(rows),
  },
}
