// Checks dashboards against JSON Schemas made from Grafana's own types: a misspelt key or a value that
// Grafana does not know is an error. Run by schema_check.sh, which installs the packages.
'use strict';
const { execFileSync } = require('child_process');
const fs = require('fs');
const Ajv = require('ajv').default;

const SDK = '@grafana/grafana-foundation-sdk';

// Grafana's Panel leaves options and custom fields open; here each panel type gets its own. Data queries
// and the query of a variable are open in the SDK too, so they are spelt out.
const SHARED = `
import * as d from '${SDK}/dashboard';
import * as prometheus from '${SDK}/prometheus';
type Link = { title: string; url: string; targetBlank?: boolean };
type Target = Pick<prometheus.Dataquery, 'expr' | 'instant' | 'range' | 'legendFormat' | 'refId' | 'datasource'>
  & { format: 'table' | 'time_series'; editorMode: 'code' };
type Fields<Custom> = {
  defaults: Omit<d.FieldConfig, 'custom'> & { custom?: Custom };
  overrides: { matcher: d.MatcherConfig; properties: { id: string; value: any }[] }[];
};
type Panel<Type, Options, Custom> = Omit<d.Panel, 'type' | 'options' | 'fieldConfig' | 'targets' | 'links'>
  & { type: Type; options: Options; fieldConfig: Fields<Custom>; links: Link[]; targets?: Target[] };
`;
const PANELS = {
  timeseries: 'x.Options, Partial<x.FieldConfig>',
  // The SDK is of Grafana 12, whose tables have another footer.
  table: "Omit<x.Options, 'footer'> & { footer: any }, Omit<Partial<x.FieldConfig>, 'cellOptions'> & { cellOptions: { type: string } }",
  stat: 'Partial<x.Options>, {}',
  bargauge: 'Partial<x.Options>, {}',
  barchart: 'Partial<x.Options>, Partial<x.FieldConfig>',
  text: 'x.Options, {}',
};
const DASHBOARD = `
type Variable = Omit<Partial<d.VariableModel>, 'query'> & { query: any; definition?: string };
type Annotation = Omit<d.AnnotationQuery, 'expr'> & { expr: string; step: string; titleFormat: string; useValueForTime: boolean };
export type Root = Omit<d.Dashboard, 'id' | 'panels' | 'annotations' | 'templating'>
  & { id: null; panels: any[]; annotations: { list: Annotation[] }; templating: { list: Variable[] } };
`;

function validator(source) {
  fs.writeFileSync('types.ts', SHARED + source);
  const args = ['ts-json-schema-generator', '--path', 'types.ts', '--type', 'Root', '--tsconfig', 'tsconfig.json', '--no-type-check'];
  const schema = execFileSync('npx', args, { maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'] });
  return new Ajv({ allErrors: true, strict: false }).compile(JSON.parse(schema));
}

function findings(validators, dashboard) {
  const parts = dashboard.panels.filter((p) => p.type !== 'row').map((p) => [p.title, validators[p.type], p]);
  return [[dashboard.title, validators.dashboard, dashboard], ...parts].flatMap(([title, valid, part]) =>
    valid(part) ? [] : valid.errors.map((e) => `${title}: ${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`));
}

fs.writeFileSync('tsconfig.json', JSON.stringify({
  compilerOptions: { target: 'es2020', module: 'nodenext', moduleResolution: 'nodenext', strict: true, skipLibCheck: true },
  files: ['types.ts'],
}));
const validators = { dashboard: validator(DASHBOARD) };
for (const [type, shape] of Object.entries(PANELS)) {
  validators[type] = validator(`import * as x from '${SDK}/${type}';\nexport type Root = Panel<'${type}', ${shape}>;\n`);
}

let failed = 0;
for (const file of process.argv.slice(2)) {
  const dashboard = JSON.parse(fs.readFileSync(file));
  const found = findings(validators, dashboard);
  found.forEach((line) => console.log(`${file}: ${line}`));
  // A misspelt key in each kind of panel must be noticed, or the schema is too loose to mean anything.
  for (const type of Object.keys(PANELS)) {
    const broken = structuredClone(dashboard);
    const panel = broken.panels.find((p) => p.type === type);
    if (!panel) continue;
    panel.options.misspelt = true;
    if (findings(validators, broken).length === found.length) {
      console.log(`${file}: a misspelt option of a ${type} panel is not noticed`);
      failed += 1;
    }
  }
  failed += found.length;
}
console.log(`${process.argv.length - 2} dashboards, ${failed} findings`);
process.exit(failed ? 1 : 0);
