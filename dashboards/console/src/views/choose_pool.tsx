// Which pool? A list to choose from, a page at a time.
import { h } from "preact";
import { BRIEF, filtered } from "../model/fleet";
import { Params } from "../route";
import { h100e, plural } from "../say/number";
import { Ask } from "../ui/ask";
import { Search } from "../ui/fields";
import { Figure } from "../ui/figure";
import { Owner, PoolLink } from "../ui/name";
import { Answer, Section } from "../ui/page";
import { Column, Table } from "../ui/table";
import { ListPoolsResponse, Pool } from "../wire/query";

export function Choose({ params }: { params: Params }) {
  return (
    <Ask<ListPoolsResponse>
      call="pools"
      query={BRIEF}
      show={({ pools }) => (
        <div class="stack">
          <Answer>Choose one of {plural(pools?.length ?? 0, "pool")}.</Answer>
          <Section title="Pools" wide>
            <div class="fields">
              <Search name="find" label="Find" params={params} hint="pool, owner or team" />
            </div>
            <Table<Pool>
              caption="Pools"
              rows={filtered(pools ?? [], { text: params.find })}
              id={(pool) => pool.pool}
              params={params}
              columns={choices()}
              empty={params.find ? "No pool of the plan matches." : "The plan has no pool."}
            />
          </Section>
        </div>
      )}
    />
  );
}

function choices(): Column<Pool>[] {
  return [
    {
      key: "pool",
      title: "Pool",
      order: (pool) => pool.pool,
      cell: (pool) => <PoolLink pool={pool.pool} />,
    },
    {
      key: "category",
      title: "Category",
      order: (pool) => pool.category,
      cell: (pool) => `${pool.category} ${pool.tier}`,
    },
    {
      key: "headroom",
      title: "Headroom",
      number: true,
      order: (pool) => pool.headroomH100e,
      cell: (pool) => <Figure value={pool.headroomH100e} say={h100e} unit="H100e" />,
    },
    {
      key: "owner",
      title: "Whom to ask",
      order: (pool) => pool.owner,
      cell: (pool) => <Owner owner={pool.owner} contact={pool.contact} />,
    },
  ];
}
