// Names that others chose: always text, kept apart from what stands around them, with characters
// that cannot be seen written out.
import { h } from "preact";
import { link, Params } from "../route";

// Control characters, and those that turn the direction of writing.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

export function printable(name: string): string {
  return name.replace(
    UNSEEN,
    (character) => "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

export function Name({ name, none }: { name: string; none?: string }) {
  return <bdi class="name">{name === "" ? (none ?? "(no name)") : printable(name)}</bdi>;
}

export function PoolLink({ pool, more }: { pool: string; more?: Params }) {
  return (
    <a href={link("pool", { pool, ...more })}>
      <Name name={pool} />
    </a>
  );
}

// Whom to ask.
export function Owner({ owner, contact }: { owner: string; contact: string }) {
  if (!owner && !contact) return <span class="muted">no owner</span>;
  return (
    <span class="owner">
      <Name name={owner || contact} />
      {owner && contact ? (
        <span class="muted">
          {" "}
          <Name name={contact} />
        </span>
      ) : null}
    </span>
  );
}
