// Simulator: what another allocation would earn, train and leave for research in a year.
import { Content, h } from "preact";
import { ApiError } from "../api";
import { curvesOf, only, packed, requestOf, unpacked } from "../model/simulation";
import { change, go, Params } from "../route";
import { count, percent, usd } from "../say/number";
import { Ask } from "../ui/ask";
import { Answer, Section } from "../ui/page";
import { Problem, Waiting } from "../ui/states";
import { Answers, Simulate } from "../ui/simulate";
import { GetFrameworkResponse, SimulateResponse } from "../wire/plan";
import { FINE_TABLE } from "../chart/curves";
import { NoFramework } from "./plan";
import { Controls } from "./simulator_controls";
import { Budget, CurvePicture, Results } from "./simulator_results";

export interface Sides {
  // Of the first curve, then of the others. Undefined: not answered yet.
  mine?: Answers;
  other?: Answers;
}

export function Simulator({ params }: { params: Params }) {
  return (
    <Ask<GetFrameworkResponse>
      call="framework"
      query={{ set: [FINE_TABLE] }}
      show={(framework) => <Simulating framework={framework} params={params} />}
      instead={(error) => (error.code === "FAILED_PRECONDITION" ? <NoFramework /> : null)}
    />
  );
}

interface Props {
  framework: GetFrameworkResponse;
  params: Params;
}

function Simulating({ framework, params }: Props) {
  const curves = ordered(curvesOf(framework), params.curve);
  const asked = (of: Params) => curves.map((curve) => requestOf(of, curve));
  // Without a second state there is no second question, and the page stays the same page.
  return (
    <Simulate
      requests={asked(params)}
      show={(answers, error, busy) => (
        <Simulate
          requests={params.b === undefined ? [] : asked(unpacked(params.b))}
          show={(others, otherError) => (
            <Page
              {...{ framework, params, curves, busy }}
              error={error ?? otherError}
              sides={{ mine: answers, other: others?.length ? others : undefined }}
            />
          )}
        />
      )}
    />
  );
}

// The chosen curve first.
function ordered(curves: string[], chosen: string | undefined): string[] {
  return chosen && curves.includes(chosen)
    ? [chosen, ...curves.filter((curve) => curve !== chosen)]
    : curves;
}

interface PageProps extends Props {
  curves: string[];
  sides: Sides;
  error?: ApiError;
  busy: boolean;
}

function Page({ framework, params, curves, sides, error, busy }: PageProps) {
  const mine = sides.mine?.[0];
  return (
    <div class={busy ? "simulator busy-now" : "simulator"}>
      {error ? <Refused error={error} /> : mine ? <Answer>{headline(mine)}</Answer> : <Waiting />}
      <div class="cards">
        <Section
          title="The allocation"
          about="Move a share and it is set; the shares that are not
          set follow by the daemon's rules: research takes what is left, and if research is set, the
          others divide what is left."
        >
          <Controls framework={framework} params={params} curves={curves} answer={mine} />
        </Section>
        <div class="column">
          <Section title="What it gives in a year">
            <Budget
              framework={framework}
              params={params}
              answer={mine}
              refused={error !== undefined}
            />
            <Results curves={curves} sides={error ? {} : sides} />
            <Two params={params} />
          </Section>
          <CurvePicture framework={framework} curves={curves} answers={sides.mine} />
        </div>
      </div>
    </div>
  );
}

function headline(answer: SimulateResponse | undefined): Content {
  const outcome = answer?.after?.outcome;
  if (!outcome) return "";
  const training = outcome.trainingRatio;
  return (
    <span>
      Revenue{" "}
      <strong data-figure="revenue">{usd(outcome.serviceableRevenueUsd)}</strong>, training{" "}
      <strong data-figure="training">
        {training === undefined ? "not known" : percent(training)}
      </strong>{" "}
      of the baseline's, research{" "}
      <strong data-figure="research">{count(outcome.researchHours)}</strong> H100-hours a year.
    </span>
  );
}

function Refused({ error }: { error: ApiError }) {
  if (error.code !== "INVALID_ARGUMENT" && error.code !== "FAILED_PRECONDITION") {
    return <Problem error={error} />;
  }
  return (
    <div class="problem" role="alert">
      <p>
        <strong>These values are not possible.</strong>
      </p>
      <p>{error.message}</p>
    </div>
  );
}

function Two({ params }: { params: Params }) {
  if (params.b === undefined) {
    return (
      <p class="actions">
        <button type="button" onClick={() => change({ b: packed(params) || "from=" })}>
          Keep this and compare it with another
        </button>
      </p>
    );
  }
  const swap = () =>
    go("simulator", {
      ...unpacked(params.b),
      curve: params.curve ?? "",
      b: packed(only(params)) || "from=",
    });
  return (
    <p class="actions">
      <button type="button" onClick={swap}>
        Swap the two
      </button>
      <button type="button" onClick={() => change({ b: "" })}>
        Stop comparing
      </button>
    </p>
  );
}
