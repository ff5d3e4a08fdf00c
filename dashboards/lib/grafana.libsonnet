// Builders for Grafana's dashboard model, schema 39 (loads in Grafana 9.3 to 12). Names are Grafana's.
local datasource = { type: 'prometheus', uid: '${datasource}' };
local refIds = 'ABCDEFGHIJKLMNOP';

{
  datasource: datasource,

  // Custom unit: Grafana has none for H100-equivalents.
  h100e: 'suffix:H100e',
  ratio: 'percentunit',

  // From the lowest to the highest: the first colour holds below the first value.
  thresholds(base, steps=[]):: {
    mode: 'absolute',
    steps: [{ color: base, value: null }] + [{ color: s[0], value: s[1] } for s in steps],
  },

  query(expr, legend='', instant=false, table=false):: {
    datasource: datasource,
    editorMode: 'code',
    expr: expr,
    format: if table then 'table' else 'time_series',
    instant: instant || table,
    range: !(instant || table),
    legendFormat: if legend == '' then '__auto' else legend,
  },

  local panel(type, title, description, queries, unit) = {
    type: type,
    title: title,
    description: description,
    datasource: datasource,
    targets: [queries[i] { refId: refIds[i] } for i in std.range(0, std.length(queries) - 1)],
    transformations: [],
    links: [],
    fieldConfig: {
      defaults: {
        unit: unit,
        // Missing data reads as missing; it is never drawn as 0.
        noValue: 'no data',
        color: { mode: 'thresholds' },
        mappings: [{ type: 'special', options: { match: 'null+nan', result: { text: 'no data', color: 'text', index: 0 } } }],
        thresholds: $.thresholds('text'),
        custom: {},
      },
      overrides: [],
    },
  },

  // Instant queries: a stat must not show the last value of a series that has gone.
  stat(title, description, queries, unit, textMode='auto'):: panel('stat', title, description, queries, unit) + {
    fieldConfig+: { defaults+: { custom:: {} } },
    options: {
      reduceOptions: { values: false, calcs: ['lastNotNull'], fields: '' },
      orientation: 'auto',
      textMode: textMode,
      colorMode: 'value',
      graphMode: 'none',
      justifyMode: 'auto',
    },
  },

  graph(title, description, queries, unit):: panel('timeseries', title, description, queries, unit) + {
    fieldConfig+: {
      defaults+: {
        color: { mode: 'palette-classic' },
        mappings: [],
        custom: {
          drawStyle: 'line',
          lineInterpolation: 'linear',
          lineWidth: 1,
          fillOpacity: 0,
          gradientMode: 'none',
          showPoints: 'auto',
          pointSize: 4,
          spanNulls: false,
          stacking: { mode: 'none', group: 'A' },
          axisPlacement: 'auto',
          axisLabel: '',
          scaleDistribution: { type: 'linear' },
          hideFrom: { tooltip: false, viz: false, legend: false },
          thresholdsStyle: { mode: 'off' },
        },
      },
    },
    options: {
      legend: { showLegend: true, displayMode: 'table', placement: 'bottom', calcs: ['min', 'max', 'last'] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  },

  thresholdLine:: { fieldConfig+: { defaults+: { custom+: { thresholdsStyle: { mode: 'dashed' } } } } },

  // `columns`: label columns {label, title} and value columns {title, query, unit, ...}, in order.
  // Every query must give the same labels, so that the merge has one row for each set of them.
  table(title, description, columns, sortBy, descending=false)::
    local values = [c for c in columns if std.objectHas(c, 'query')];
    local field(c) =
      if std.objectHas(c, 'query') then 'Value #' + refIds[std.find(c, values)[0]] else c.label;
    panel('table', title, description, [c.query for c in values], 'short') + {
      fieldConfig+: {
        defaults+: { custom: { align: 'auto', cellOptions: { type: 'auto' }, inspect: false, filterable: true } },
        overrides: [
          {
            matcher: { id: 'byName', options: c.title },
            properties: std.get(c, 'properties', []) + (if std.objectHas(c, 'unit') then [{ id: 'unit', value: c.unit }] else []),
          }
          for c in columns
          if std.objectHas(c, 'properties') || std.objectHas(c, 'unit')
        ],
      },
      transformations: [
        { id: 'merge', options: {} },
        {
          id: 'organize',
          options: {
            excludeByName: { Time: true },
            indexByName: { [field(columns[i])]: i for i in std.range(0, std.length(columns) - 1) },
            renameByName: { [field(c)]: c.title for c in columns },
          },
        },
      ],
      options: {
        showHeader: true,
        cellHeight: 'sm',
        frameIndex: 0,
        footer: { show: false, reducer: ['sum'], countRows: false, fields: '' },
        sortBy: [{ displayName: sortBy, desc: descending }],
      },
    },

  column(title, query, unit, properties=[]):: { title: title, query: query, unit: unit, properties: properties },
  label(label, title, properties=[]):: { label: label, title: title } + (if properties == [] then {} else { properties: properties }),

  // Properties of a column.
  coloured(thresholds):: [
    { id: 'thresholds', value: thresholds },
    { id: 'custom.cellOptions', value: { type: 'color-text' } },
  ],
  decimals(n):: [{ id: 'decimals', value: n }],
  // Words for 0 and 1; a missing value stays missing.
  words(no, yes):: [{ type: 'value', options: { '0': { text: no[0], color: no[1], index: 0 }, '1': { text: yes[0], color: yes[1], index: 1 } } }],
  mapped(mappings):: [{ id: 'mappings', value: mappings }],
  link(title, url, blank=false):: [{ id: 'links', value: [{ title: title, url: url, targetBlank: blank }] }],

  text(title, description, content):: {
    type: 'text',
    title: title,
    description: description,
    links: [],
    fieldConfig: { defaults: {}, overrides: [] },
    options: { mode: 'markdown', content: content },
  },

  datasourceVariable:: {
    type: 'datasource',
    name: 'datasource',
    label: 'Data source',
    description: 'The Prometheus that scrapes fleetmeterd and evaluates the Fleetmeter rules.',
    query: 'prometheus',
    regex: '',
    refresh: 1,
    multi: false,
    includeAll: false,
    hide: 0,
    options: [],
    current: { text: 'default', value: 'default' },
    skipUrlSync: false,
  },

  queryVariable(name, label, description, query):: {
    type: 'query',
    name: name,
    label: label,
    description: description,
    datasource: datasource,
    definition: query,
    query: { query: query, refId: 'StandardVariableQuery' },
    regex: '',
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.+',
    hide: 0,
    options: [],
    current: { selected: true, text: ['All'], value: ['$__all'] },
    skipUrlSync: false,
  },

  // One of what the query finds: sums over all of them would mean nothing.
  oneOfVariable(name, label, description, query, value):: self.queryVariable(name, label, description, query) + {
    multi: false,
    includeAll: false,
    allValue:: null,
    current: { selected: true, text: value, value: value },
  },

  choiceVariable(name, label, description, values):: {
    type: 'custom',
    name: name,
    label: label,
    description: description,
    query: std.join(',', values),
    multi: false,
    includeAll: false,
    hide: 0,
    options: [{ selected: v == values[0], text: v, value: v } for v in values],
    current: { selected: true, text: values[0], value: values[0] },
    skipUrlSync: false,
  },

  textVariable(name, label, description, value):: {
    type: 'textbox',
    name: name,
    label: label,
    description: description,
    query: value,
    hide: 0,
    options: [{ selected: true, text: value, value: value }],
    current: { selected: true, text: value, value: value },
    skipUrlSync: false,
  },

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

  dashboard(uid, title, description, config, variables, annotations, rows, from):: {
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
        url: config.runbookUrl,
      },
    ],
    annotations: { list: annotations },
    templating: { list: variables },
    panels: $.layout(rows),
  },
}
