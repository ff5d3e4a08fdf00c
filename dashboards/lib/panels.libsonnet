// Builders for Grafana's panels. Names are Grafana's.
local datasource = { type: 'prometheus', uid: '${datasource}' };
local refIds = 'ABCDEFGHIJKLMNOP';

{
  datasource: datasource,

  // Units that scale: 1.2 K, 3.4 Mil. Grafana has none for H100e, so titles name it.
  amount: 'short',
  ratio: 'percentunit',
  usd: 'currencyUSD',

  // One meaning each: what is granted or planned, held, busy, idle or adrift, and what calls for
  // somebody. What is not known has the colour of plain text.
  colour: { planned: '#8e8e8e', held: 'blue', busy: 'green', productive: 'dark-green', idle: 'orange', act: 'red', unknown: 'text' },

  // From the lowest to the highest: the first colour holds below the first value.
  thresholds(base, steps=[]):: {
    mode: 'absolute',
    steps: [{ color: base, value: null }] + [{ color: s[0], value: s[1] } for s in steps],
  },
  plain: $.thresholds('text'),

  query(expr, legend='', instant=false, table=false):: {
    datasource: datasource,
    editorMode: 'code',
    expr: expr,
    format: if table then 'table' else 'time_series',
    instant: instant || table,
    range: !(instant || table),
    legendFormat: if legend == '' then '__auto' else legend,
  },
  now(expr, legend=''):: self.query(expr, legend, instant=true),

  // Words for a value that is missing or not a number.
  unknownText(words):: { type: 'special', options: { match: 'null+nan', result: { text: words, color: 'text', index: 9 } } },

  local panel(type, title, description, queries, unit, empty) = {
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
        noValue: empty,
        color: { mode: 'thresholds' },
        mappings: [$.unknownText(empty)],
        thresholds: $.plain,
        custom: {},
      },
      overrides: [],
    },
  },

  local lastValue = { values: false, calcs: ['lastNotNull'], fields: '' },

  // Instant queries: a stat must not show the last value of a series that has gone.
  stat(title, description, queries, unit, textMode='value_and_name', empty='cannot tell')::
    panel('stat', title, description, queries, unit, empty) + {
      options: {
        reduceOptions: lastValue,
        orientation: 'auto',
        textMode: textMode,
        colorMode: 'value',
        graphMode: 'none',
        justifyMode: 'auto',
        text: {},
      },
    },

  // Names in small letters instead of a number, such as those of the plan in force.
  names(title, description, queries, empty):: self.stat(title, description, queries, 'none', 'name', empty) + {
    options+: { text: { titleSize: 14, valueSize: 14 }, colorMode: 'none' },
  },

  // The answer to the dashboard's question, each figure with the words behind it. Parts are made by
  // figure().
  answer(title, description, parts):: self.stat(title, description, [p.query for p in parts], 'none') + {
    fieldConfig+: { overrides: [
      { matcher: { id: 'byFrameRefID', options: refIds[i] }, properties: parts[i].properties }
      for i in std.range(0, std.length(parts) - 1)
    ] },
    options+: { text: { titleSize: 15, valueSize: 34 } },
  },
  // `words` go on after the figure: "of what is granted is used".
  figure(expr, words, unit, colours=$.plain, decimals=null, mappings=[], empty='cannot tell'):: {
    query: $.now(expr, words),
    properties: [
      { id: 'unit', value: unit },
      { id: 'thresholds', value: colours },
      { id: 'noValue', value: empty },
      { id: 'mappings', value: mappings + [$.unknownText(empty)] },
    ] + (if decimals == null then [] else [{ id: 'decimals', value: decimals }]),
  },

  // A click on the figure leads to what stands behind it.
  leading(part, title, url):: part { properties+: $.link(title, url) },

  local legend = { showLegend: true, displayMode: 'list', placement: 'bottom', calcs: [] },
  local hideFrom = { tooltip: false, viz: false, legend: false },

  // `empty`: why there may be nothing to draw.
  graph(title, description, queries, unit, empty='Nothing is known of this time.'):: panel('timeseries', title, description, queries, unit, empty) + {
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
          axisSoftMin: 0,
          scaleDistribution: { type: 'linear' },
          hideFrom: hideFrom,
          thresholdsStyle: { mode: 'off' },
        },
      },
    },
    options: { legend: legend, tooltip: { mode: 'multi', sort: 'desc' } },
  },

  thresholdLine:: { fieldConfig+: { defaults+: { custom+: { thresholdsStyle: { mode: 'dashed' } } } } },
  // What the ledger exported lies before the time that a dashboard shows at first.
  overYears:: { timeFrom: '2y' },

  // A bar for each series, in the order of the query: sort_desc() puts the longest first.
  bars(title, description, queries, unit, empty):: panel('bargauge', title, description, queries, unit, empty) + {
    fieldConfig+: { defaults+: { color: { mode: 'fixed', fixedColor: 'blue' }, min: 0 } },
    options: {
      reduceOptions: lastValue,
      orientation: 'horizontal',
      displayMode: 'basic',
      valueMode: 'color',
      namePlacement: 'left',
      showUnfilled: true,
      sizing: 'auto',
      minVizWidth: 8,
      minVizHeight: 16,
      maxVizHeight: 300,
    },
  },

  // Bars side by side for each value of the label `by`; queries are tables with that label, and the
  // legend of each is the name of its bars.
  paired(title, description, by, queries, unit, empty):: panel('barchart', title, description, queries, unit, empty) + {
    transformations: [
      { id: 'merge', options: {} },
      { id: 'organize', options: {
        excludeByName: { Time: true },
        indexByName: { [by]: 0 } + { ['Value #' + refIds[i]]: i + 1 for i in std.range(0, std.length(queries) - 1) },
        renameByName: { ['Value #' + refIds[i]]: queries[i].legendFormat for i in std.range(0, std.length(queries) - 1) },
      } },
    ],
  } + self.barChart(by),

  // A bar for each value of `row`, of parts for each value of `column`: parts of one whole.
  stacked(title, description, row, column, query, unit, empty):: panel('barchart', title, description, [query], unit, empty) + {
    transformations: [
      { id: 'groupingToMatrix', options: { columnField: column, rowField: row, valueField: 'Value', emptyValue: 'null' } },
    ],
  } + self.barChart(row + '\\' + column) + { options+: { stacking: 'normal' } },

  barChart(by):: {
    fieldConfig+: { defaults+: {
      color: { mode: 'palette-classic' },
      custom: {
        lineWidth: 1,
        fillOpacity: 80,
        gradientMode: 'none',
        axisPlacement: 'auto',
        axisLabel: '',
        axisSoftMin: 0,
        scaleDistribution: { type: 'linear' },
        hideFrom: hideFrom,
        thresholdsStyle: { mode: 'off' },
      },
    } },
    options: {
      xField: by,
      orientation: 'horizontal',
      xTickLabelRotation: 0,
      xTickLabelSpacing: 0,
      showValue: 'auto',
      stacking: 'none',
      groupWidth: 0.7,
      barWidth: 0.9,
      barRadius: 0,
      fullHighlight: false,
      legend: legend,
      tooltip: { mode: 'multi', sort: 'none' },
    },
  },

  // `columns`: labels and values in order, at most five; the last takes the width that is left.
  // Every query must give the same labels, so that the merge has one row for each set of them.
  // `empty`: what it means that there is no row.
  table(title, description, columns, sortBy, empty, descending=false)::
    local values = [c for c in columns if std.objectHas(c, 'query')];
    local field(c) =
      if std.objectHas(c, 'query') then 'Value #' + refIds[std.find(c, values)[0]] else c.label;
    local last = std.length(columns) - 1;
    local width(i) = if i == last then [] else [{ id: 'custom.width', value: columns[i].width }];
    local unit(c) = if std.objectHas(c, 'unit') then [{ id: 'unit', value: c.unit }] else [];
    panel('table', title, description, [c.query for c in values], 'short', empty) + {
      fieldConfig+: {
        defaults+: {
          mappings: [$.unknownText('not known')],
          custom: { align: 'auto', cellOptions: { type: 'auto' }, inspect: false, filterable: false },
        },
        overrides: [
          { matcher: { id: 'byName', options: columns[i].title }, properties: columns[i].properties + unit(columns[i]) + width(i) }
          for i in std.range(0, last)
          if std.length(columns[i].properties + unit(columns[i]) + width(i)) > 0
        ],
      },
      transformations: [
        { id: 'merge', options: {} },
        {
          id: 'organize',
          options: {
            excludeByName: { Time: true },
            indexByName: { [field(columns[i])]: i for i in std.range(0, last) },
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

  column(title, query, unit, properties=[], width=140):: { title: title, query: query, unit: unit, properties: properties, width: width },
  label(label, title, properties=[], width=200):: { label: label, title: title, properties: properties, width: width },

  // Properties of a column.
  coloured(thresholds):: [
    { id: 'thresholds', value: thresholds },
    { id: 'custom.cellOptions', value: { type: 'color-text' } },
  ],
  decimals(n):: [{ id: 'decimals', value: n }],
  // Words for values: [{value, text, color}]; a missing value stays missing.
  words(list):: [{ type: 'value', options: { [list[i].value]: { text: list[i].text, color: list[i].color, index: i } for i in std.range(0, std.length(list) - 1) } }],
  word(value, text, color):: { value: value, text: text, color: color },
  mapped(mappings):: [{ id: 'mappings', value: mappings }],
  link(title, url):: [{ id: 'links', value: [{ title: title, url: url, targetBlank: false }] }],

  // What stands on a series by its name.
  named(name, properties):: { matcher: { id: 'byName', options: name }, properties: properties },
  coloursOf(list):: { fieldConfig+: { overrides+: [
    $.named(c[0], [{ id: 'color', value: { mode: 'fixed', fixedColor: c[1] } }])
    for c in list
  ] } },
  dashed:: [{ id: 'custom.lineStyle', value: { fill: 'dash', dash: [10, 10] } }],
  defaults(more):: { fieldConfig+: { defaults+: more } },

  text(title, description, content):: {
    type: 'text',
    title: title,
    description: description,
    links: [],
    fieldConfig: { defaults: {}, overrides: [] },
    options: { mode: 'markdown', content: content },
  },
}
