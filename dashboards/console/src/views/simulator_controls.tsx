// The simulator's controls: presets, shares, utilization, curve, mode and assumptions.
import { h } from "preact";
import { amountOf, CATEGORIES, LIVE, ratioOf, shareIn } from "../model/simulation";
import { change, go, Params } from "../route";
import { Choice } from "../ui/fields";
import { GetFrameworkResponse, SimulateResponse } from "../wire/plan";

interface Props {
  framework: GetFrameworkResponse;
  params: Params;
  curves: string[];
  answer?: SimulateResponse;
}

export function Controls({ framework, params, curves, answer }: Props) {
  const most = budgetOf(framework) * 100;
  const utilization = answer?.after?.outcome?.utilizationRatio;
  return (
    <div class="controls">
      <Presets framework={framework} params={params} />
      {CATEGORIES.map((category) => (
        <Slider
          key={category}
          name={category}
          label={`${category}, % of the supply`}
          params={params}
          max={most}
          now={shareIn(answer?.after, category)}
        />
      ))}
      <Slider
        name="utilization"
        label="utilization of inference, %"
        params={params}
        max={100}
        min={1}
        now={utilization}
      />
      <Choice
        name="curve"
        label="Curve"
        params={params}
        fallback={curves[0]}
        options={[...curves].sort().map((curve): [string, string] => [curve, curve])}
      />
      <Choice
        name="mode"
        label="A better utilization"
        params={params}
        fallback="grow-revenue"
        options={[
          ["grow-revenue", "earns more in the same hours"],
          ["free-capacity", "frees hours and earns the same"],
        ]}
      />
      <Choice
        name="rest"
        label="What research leaves"
        params={params}
        fallback="equal"
        options={[
          ["equal", "the others share in equal parts"],
          ["proportional", "the others share as they did"],
        ]}
      />
      <Text
        name="revenue"
        label="Inference earns, $ a year"
        params={params}
        hint="such as 25B"
        good={(text) => amountOf(text) !== undefined}
      />
      <Text
        name="set"
        label="Other assumptions"
        params={params}
        hint="training.growth=300%"
        good={(text) => text.split(";").every((one) => /^[^=]+=./.test(one.trim()))}
      />
    </div>
  );
}

// What p0 and buffer leave of the supply.
export function budgetOf(framework: GetFrameworkResponse): number {
  const tiers = framework.scenarios?.[0]?.tiers ?? [];
  const held = tiers.filter(({ tier }) => tier === "p0" || tier === "buffer");
  return 1 - held.reduce((sum, { total }) => sum + (total?.shareRatio ?? 0), 0);
}

function Presets({ framework, params }: { framework: GetFrameworkResponse; params: Params }) {
  const from = params.from || framework.basis?.baseline;
  const start = (name: string) =>
    go("simulator", {
      from: name,
      curve: params.curve ?? "",
      mode: params.mode ?? "",
      b: params.b ?? "",
    });
  const button = (name: string, text: string) => (
    <button
      type="button"
      key={name}
      data-preset={name}
      aria-pressed={name === from ? "true" : "false"}
      onClick={() => start(name)}
    >
      {text}
    </button>
  );
  return (
    <fieldset class="presets">
      <legend>Start from</legend>
      {(framework.scenarios ?? []).map(({ scenario, title }) => button(scenario, title))}
      {button(LIVE, "The fleet as it is now")}
    </fieldset>
  );
}

interface SliderProps {
  name: string;
  label: string;
  params: Params;
  min?: number;
  max: number;
  // Where it is without being set.
  now?: number;
}

function Slider({ name, label, params, min = 0, max, now }: SliderProps) {
  const set = ratioOf(params[name]) !== undefined;
  const value = set ? params[name] : now === undefined ? "" : (now * 100).toFixed(1);
  const move = (replace: boolean) => (event: Event) =>
    change({ [name]: (event.target as HTMLInputElement).value }, replace);
  const id = "slider-" + name;
  return (
    <div class="slider">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step="0.5"
        value={value}
        onInput={move(true)}
      />
      <input
        type="number"
        min={min}
        max={max}
        step="any"
        value={value}
        aria-label={label}
        onChange={move(false)}
      />
      {set ? (
        <button type="button" class="quiet" onClick={() => change({ [name]: "" })}>
          let {name} follow
        </button>
      ) : (
        <span class="muted">follows</span>
      )}
    </div>
  );
}

interface TextProps {
  name: string;
  label: string;
  params: Params;
  hint: string;
  good: (text: string) => boolean;
}

// Text that is asked for once it can be understood.
function Text({ name, label, params, hint, good }: TextProps) {
  const take = (event: Event) => {
    const field = event.target as HTMLInputElement;
    const text = field.value.trim();
    const wrong = text !== "" && !good(text);
    field.setAttribute("aria-invalid", String(wrong));
    if (!wrong) change({ [name]: text }, true);
  };
  return (
    <label class="field">
      {label}
      <input name={name} value={params[name] ?? ""} placeholder={hint} onChange={take} />
    </label>
  );
}
