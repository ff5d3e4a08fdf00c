// Since when those who hold chips of a pool have held some without a break.
import { Content, h } from "preact";
import { atLeast, doubt, since } from "../model/held";
import { chips, count } from "../say/number";
import { Ask } from "../ui/ask";
import { Unknown } from "../ui/figure";
import { Name } from "../ui/name";
import { Section } from "../ui/page";
import { Nothing } from "../ui/states";
import { HeldChips, HeldSince, ListHoldersResponse, TeamHolder } from "../wire/query";

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
  if (teams.length === 0) return <Nothing>No team is known to hold chips of this pool.</Nothing>;
  return <ul class="choices">{teams.map(teamItem)}</ul>;
}

// The team, and below it its workloads.
function teamItem({ team, chips: held, since: began, workloads }: TeamHolder) {
  return (
    <li key={team}>
      <strong>
        <Name name={team} none="(no team)" />
      </strong>{" "}
      holds {(held ?? []).map(heldChips)} {began ? <Since held={began} /> : null}
      <ul>
        {(workloads ?? []).map(({ workload, chip, since: from }) => (
          <li key={workload + "\n" + chip}>
            <Name name={workload} none="(no name)" />{" "}
            <span class="muted">
              <Name name={chip} />
            </span>{" "}
            {from ? <Since held={from} /> : null}
          </li>
        ))}
      </ul>
    </li>
  );
}

function heldChips({ chip, microChips }: HeldChips, i: number): Content {
  return (
    <span key={chip}>
      {i ? ", " : ""}
      {count(chips(microChips))} <Name name={chip} />
    </span>
  );
}

function Since({ held }: { held: HeldSince }) {
  const known = since(held);
  return (
    <span>
      since {known ?? <Unknown why={atLeast(held)} />}. {doubt(held)}
    </span>
  );
}
