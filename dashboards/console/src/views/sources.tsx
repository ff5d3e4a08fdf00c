// Sources: who reports, who is silent and since when, and what is to be done about it.
import { Content, h } from "preact";
import { link, Params } from "../route";
import { chips, count, plural } from "../say/number";
import { fromNanos, moment } from "../say/time";
import { Ask } from "../ui/ask";
import { Choice, Search } from "../ui/fields";
import { Unknown } from "../ui/figure";
import { Name } from "../ui/name";
import { Section } from "../ui/page";
import { Nothing } from "../ui/states";
import { Column, Table } from "../ui/table";
import { ListRejectedResponse, ListSourcesResponse, RejectedReport, Source } from "../wire/admin";
import { GetSupplyResponse } from "../wire/query";
import { Supply } from "./supply";

// What each state means, and what a person does about it.
const STATES: { [state: string]: [string, string] } = {
  live: ["reports", "nothing"],
  silent: ["is silent", "look at its collector and its network"],
  unaccounted: ["is unaccounted for", "bring it back, or forget it with a reason"],
  rejected: ["is refused", "read below why, and mend what it sends"],
  history: ["told of the past only", "nothing"],
  forgotten: ["was forgotten", "nothing"],
  outcomes: ["tells of requests, training or benchmarks", "nothing"],
};

export function Sources({ params }: { params: Params }) {
  return (
    <div class="stack">
      <Ask<GetSupplyResponse>
        call="supply"
        every={5}
        show={(supply) => <Supply supply={supply} />}
      />
      <Ask<ListSourcesResponse>
        call="sources"
        every={5}
        query={{ state: params.state, find: params.find, most: 1_000 }}
        show={(answer) => <List answer={answer} params={params} />}
      />
      <Ask<ListRejectedResponse>
        call="rejected"
        every={10}
        query={{ page_size: 200 }}
        show={(answer) => <Rejected answer={answer} />}
        instead={(error) =>
          error.code === "FAILED_PRECONDITION" ? (
            <Section title="Reports that were refused">
              <Nothing>
                The daemon keeps its books in memory, and no list of refused reports. Give it
                ledger.path.
              </Nothing>
            </Section>
          ) : null
        }
      />
    </div>
  );
}

function List({ answer, params }: { answer: ListSourcesResponse; params: Params }) {
  const all = answer.sources ?? [];
  const text = (params.find ?? "").toLowerCase();
  const rows = all.filter((source) =>
    [source.source, source.owner, ...(source.otherNames ?? [])].some((name) =>
      name.toLowerCase().includes(text),
    ),
  );
  const left = Number(answer.total) - all.length;
  return (
    <Section
      title="Sources"
      wide
      about="A source is what reports speak for, usually a host. Those that
      need somebody come first."
    >
      <div class="fields">
        <Search name="find" label="Find" params={params} hint="host or identity" />
        <Choice
          name="state"
          label="State"
          params={params}
          options={[
            ["", "all"],
            ...Object.keys(STATES).map((state): [string, string] => [state, state]),
          ]}
        />
      </div>
      {left > 0 ? (
        <Nothing>
          {count(left)} more are not listed. Find one by its name, or choose a state.
        </Nothing>
      ) : null}
      <Table<Source>
        caption="Sources"
        rows={rows}
        id={(source) => source.source}
        params={params}
        columns={columns()}
        empty={params.find || params.state ? "No source matches." : "No source has ever reported."}
      />
    </Section>
  );
}

function columns(): Column<Source>[] {
  return [
    {
      key: "source",
      title: "Source",
      order: (source) => source.source,
      cell: (source) => <Name name={source.source} />,
    },
    { key: "state", title: "State", order: (source) => source.state, cell: stateCell },
    {
      key: "since",
      title: "Heard",
      order: (source) => Number(source.countedToUnixNanos) || 0,
      cell: heardCell,
    },
    {
      key: "chips",
      title: "Chips",
      number: true,
      order: (source) => Number(source.microChips ?? -1),
      cell: (source) =>
        source.microChips === undefined ? (
          <Unknown why="it tells of no chips" />
        ) : (
          count(chips(source.microChips))
        ),
    },
    {
      key: "owner",
      title: "Identity",
      extra: true,
      order: (source) => source.owner,
      cell: (source) => <Name name={source.owner} none="nobody's" />,
    },
    { key: "do", title: "What to do", cell: whatToDo },
  ];
}

function heardCell(source: Source): Content {
  if (!source.countedToUnixNanos) return <Unknown why="nothing was accepted" />;
  if (source.silentSinceUnixNanos)
    return `silent since ${moment(fromNanos(source.silentSinceUnixNanos))}`;
  const from = source.countedFromUnixNanos;
  return from
    ? `since ${moment(fromNanos(from))}`
    : `until ${moment(fromNanos(source.countedToUnixNanos))}`;
}

const SIGNS: { [state: string]: string } = {
  live: "●",
  silent: "○",
  unaccounted: "?",
  rejected: "✗",
};

function stateCell(source: Source): Content {
  return (
    <span class={"state " + source.state}>
      <span aria-hidden="true">{SIGNS[source.state] ?? "·"} </span>
      {source.state}
    </span>
  );
}

function whatToDo(source: Source): Content {
  const unlisted = chips(source.unlistedMicroChips ?? "0");
  const foreign = Number(source.foreignReports);
  const parts = [
    STATES[source.state]?.[1] ?? "",
    unlisted > 0 ? `say what became of ${plural(unlisted, "chip")} that it no longer lists` : "",
    foreign > 0
      ? `${plural(foreign, "report")} came from another identity, ` +
        `${source.foreignIdentity}, and were refused`
      : "",
  ].filter((part) => part !== "" && part !== "nothing");
  return parts.length ? parts.join("; ") : <span class="muted">nothing</span>;
}

// Reports that the daemon refused: by whom, why, and where to read what to do.
function Rejected({ answer }: { answer: ListRejectedResponse }) {
  const counts = (answer.counts ?? []).filter(({ reports }) => Number(reports) > 0);
  return (
    <Section
      title="Reports that were refused"
      wide
      about="A refused report is not counted, and its
      stream goes on. The books keep the latest of them."
    >
      {counts.length === 0 ? null : (
        <p>
          Since the books began,{" "}
          {counts.map(({ reason, reports }, i) => (
            <span key={reason}>
              {i ? ", " : ""}
              {plural(Number(reports), "report")} for {reasonLink(reason)}
            </span>
          ))}{" "}
          {counts.length === 1 && Number(counts[0].reports) === 1 ? "was" : "were"} refused.
        </p>
      )}
      <Table<RejectedReport>
        caption="The latest refused reports"
        rows={answer.reports ?? []}
        id={(report) => report.source + report.rejectedUnixNanos + report.field}
        columns={refused()}
        empty="No report was refused, as far as the books go back."
      />
    </Section>
  );
}

function reasonLink(reason: string): Content {
  return (
    <a href={link("help", { page: "reasons" })}>
      <Name name={reason} />
    </a>
  );
}

function refused(): Column<RejectedReport>[] {
  return [
    { key: "source", title: "Source", cell: (report) => <Name name={report.source} /> },
    { key: "when", title: "When", cell: (report) => moment(fromNanos(report.rejectedUnixNanos)) },
    { key: "reason", title: "Reason", cell: (report) => reasonLink(report.reason) },
    {
      key: "what",
      title: "What was wrong",
      cell: (report) => (
        <span>
          <Name name={report.field} none="" /> <Name name={report.detail} none="" />
        </span>
      ),
    },
    {
      key: "identity",
      title: "Identity",
      extra: true,
      cell: (report) => <Name name={report.identity} none="" />,
    },
  ];
}
