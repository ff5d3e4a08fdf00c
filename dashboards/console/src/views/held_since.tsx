// Since when those who hold chips of a pool have held some without a break.
import { Content, h } from "preact";
import { atLeast, doubt, since } from "../model/held";
import { chips, count } from "../say/number";
import { Ask } from "../ui/ask";
import { Unknown } from "../ui/figure";
import { Name } from "../ui/name";
import { Section } from "../ui/page";
import { Nothing } from "../ui/states";
import { Table } from "../ui/table";
import { HeldSince, ListHoldersResponse, TeamHolder } from "../wire/query";

interface Row {
  key: string;
  team: string;
  workload: Content;
  holds: Content;
  since?: HeldSince;
}

export function HeldSinceSection({ pool }: { pool: string }) {
  return (
    <Section
      title="Since when they hold it"
      wide
      about="Each team has held chips of the pool in every hour since then, by the books, and each
      workload chips of that kind. An hour without any is a break if the hosts of the pool told of
      it. A break that ended within its hour does not show."
    >
      <Ask<ListHoldersResponse>
        call="holders"
        query={{ pool }}
        every={60}
        show={(answer) => <Holding teams={answer.teams ?? []} />}
        instead={(error) =>
          error.code === "FAILED_PRECONDITION" ? (
            <Nothing>
              The daemon keeps its books in memory, and no past of holders. Give it ledger.path.
            </Nothing>
          ) : null
        }
      />
    </Section>
  );
}

function Holding({ teams }: { teams: TeamHolder[] }) {
  return (
    <Table<Row>
      caption="Since when they hold it"
      rows={teams.flatMap(rowsOf)}
      id={(row) => row.key}
      empty="No team is known to hold chips of this pool."
      columns={[
        { key: "team", title: "Team", cell: (row) => <Name name={row.team} none="(no team)" /> },
        { key: "workload", title: "Workload", cell: (row) => row.workload },
        { key: "chips", title: "Chips", cell: (row) => row.holds },
        { key: "since", title: "Held since", cell: (row) => row.since && sinceCell(row.since) },
      ]}
    />
  );
}

// The team, and below it its workloads.
function rowsOf({ team, chips: held, since: began, workloads }: TeamHolder): Row[] {
  const all = (held ?? []).map(({ chip, microChips }, i) => (
    <span key={chip}>
      {i ? ", " : ""}
      {count(chips(microChips))} <Name name={chip} />
    </span>
  ));
  return [
    { key: team, team, workload: <strong>all of them</strong>, holds: all, since: began },
    ...(workloads ?? []).map((one) => ({
      key: [team, one.workload, one.chip].join("\n"),
      team,
      workload: <Name name={one.workload} none="(no name)" />,
      holds: <Name name={one.chip} />,
      since: one.since,
    })),
  ];
}

function sinceCell(held: HeldSince): Content {
  const known = since(held);
  return (
    <span>
      {known ?? <Unknown why={atLeast(held)} />} {doubt(held)}
    </span>
  );
}
