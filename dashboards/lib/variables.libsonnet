// Builders for the variables of a dashboard.
local datasource = { type: 'prometheus', uid: '${datasource}' };

{
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

  local found(name, label, description, query) = {
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
    hide: 0,
    options: [],
    skipUrlSync: false,
  },

  // Any of what the query finds.
  queryVariable(name, label, description, query):: found(name, label, description, query) + {
    multi: true,
    includeAll: true,
    allValue: '.+',
    current: { selected: true, text: ['All'], value: ['$__all'] },
  },

  // One of what the query finds: sums over all of them would mean nothing. Without `value` it is
  // the first.
  oneOfVariable(name, label, description, query, value=''):: found(name, label, description, query) + {
    multi: false,
    includeAll: false,
    current: { selected: value != '', text: value, value: value },
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
}
