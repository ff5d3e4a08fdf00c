// The frame of a view: the answer first, then evidence, each with a heading.
import { Content, h } from "preact";
import { Basis } from "../wire/query";

export function Answer({ children, more }: { children?: Content; more?: Content }) {
  return (
    <div class="answer">
      <p class="first">{children}</p>
      {more ? <div class="second">{more}</div> : null}
    </div>
  );
}

interface SectionProps {
  title: string;
  // What the words mean, behind the title.
  about?: Content;
  children?: Content;
  wide?: boolean;
}

export function Section({ title, about, children, wide }: SectionProps) {
  return (
    <section class={wide ? "card wide" : "card"} aria-label={title}>
      <h2>{title}</h2>
      {about ? (
        <details class="about">
          <summary>What is this?</summary>
          <p>{about}</p>
        </details>
      ) : null}
      {children}
    </section>
  );
}

export function BasisLine({ basis }: { basis?: Basis }) {
  if (!basis) return null;
  return (
    <p class="basis">
      Plan {basis.plan}, version {basis.planVersion}; catalog version {basis.catalogVersion}.
    </p>
  );
}
