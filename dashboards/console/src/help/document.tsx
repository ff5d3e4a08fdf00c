// A document as the page shows it. All of it becomes text; nothing of it is markup.
import { Component, Content, h } from "preact";
import { link } from "../route";
import { anchorOf, Block, blocksOf, cellsOf, Span, spansOf } from "./markdown";

export interface Page {
  name: string;
  title: string;
  // The file beside the console's own.
  file: string;
}

export const PAGES: Page[] = [
  { name: "glossary", title: "Glossary", file: "GLOSSARY.md" },
  { name: "runbook", title: "Runbook", file: "RUNBOOK.md" },
  { name: "margin", title: "Method: margin", file: "MARGIN.md" },
  { name: "capability", title: "Method: capability", file: "CAPABILITY.md" },
  { name: "reasons", title: "Why a report is rejected", file: "REASONS.md" },
];

interface Props {
  text: string;
  page: string;
  // The heading to begin at.
  section?: string;
}

export class Document extends Component<Props> {
  componentDidMount() {
    this.find();
  }

  componentDidUpdate(before: Props) {
    if (before.section !== this.props.section || before.page !== this.props.page) this.find();
  }

  private find() {
    const heading = this.props.section ? document.getElementById(this.props.section) : null;
    heading?.scrollIntoView();
    heading?.focus();
  }

  render() {
    const { text, page } = this.props;
    const blocks = blocksOf(text);
    return (
      <article class="document">
        <Sections blocks={blocks} page={page} />
        {blocks.map(show(page))}
      </article>
    );
  }
}

function Sections({ blocks, page }: { blocks: Block[]; page: string }) {
  const headings = blocks.filter(({ kind, level }) => kind === "heading" && level === 2);
  return (
    <details class="sections">
      <summary>{headings.length} sections</summary>
      <ul class="choices">
        {headings.map(({ lines: [text] }) => (
          <li key={text}>
            <a href={link("help", { page, section: anchorOf(text) })}>{text}</a>
          </li>
        ))}
      </ul>
    </details>
  );
}

const show =
  (page: string) =>
  (block: Block, index: number): Content => {
    const spans = (text: string) => spansOf(text).map(showSpan(page));
    if (block.kind === "heading") return heading(block, spans);
    if (block.kind === "code")
      return (
        <pre key={index} tabindex="0">
          {block.lines.join("\n")}
        </pre>
      );
    if (block.kind === "text") return <p key={index}>{spans(block.lines[0])}</p>;
    if (block.kind === "table") return table(block, index, spans);
    const items = block.lines.map((item, i) => <li key={i}>{spans(item)}</li>);
    return block.level ? <ol key={index}>{items}</ol> : <ul key={index}>{items}</ul>;
  };

type Spans = (text: string) => Content;

// The view has the heading of the first level already.
function heading(block: Block, spans: Spans): Content {
  const id = anchorOf(block.lines[0]);
  return block.level <= 2 ? (
    <h2 key={id} id={id} tabindex="-1">
      {spans(block.lines[0])}
    </h2>
  ) : (
    <h3 key={id} id={id} tabindex="-1">
      {spans(block.lines[0])}
    </h3>
  );
}

function table(block: Block, index: number, spans: Spans): Content {
  const [head, ...rows] = block.lines.map(cellsOf);
  return (
    <div key={index} class="scroll" tabindex="0" role="region" aria-label={head.join(", ")}>
      <table>
        <thead>
          <tr>
            {head.map((cell) => (
              <th key={cell} scope="col">
                {spans(cell)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>
              {row.map((cell, j) => (
                <td key={j}>{spans(cell)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const showSpan =
  (page: string) =>
  (span: Span, index: number): Content => {
    if (span.kind === "code") return <code key={index}>{span.text}</code>;
    if (span.kind === "bold") return <strong key={index}>{span.text}</strong>;
    if (span.kind === "text") return span.text;
    const address = addressOf(span.target ?? "", page);
    return address ? (
      <a key={index} href={address}>
        {span.text}
      </a>
    ) : (
      span.text
    );
  };

// Links within the documents that are here. Others lead out of the console, and are text.
function addressOf(target: string, page: string): string | undefined {
  const [path, section = ""] = target.split("#");
  const file = path.split("/").pop() ?? "";
  const name = path === "" ? page : PAGES.find((known) => known.file === file)?.name;
  return name && link("help", { page: name, section });
}
