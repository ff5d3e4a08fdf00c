// Reads the documents that come with the console, as they are in the repository: headings,
// paragraphs, lists, tables and code. Whatever else stands there is text.

export interface Block {
  kind: "heading" | "text" | "list" | "code" | "table";
  // Of a heading: 1 to 6. Of a list: 1 if it is numbered.
  level: number;
  // Paragraphs are one line; lists and tables have a line for each item or row.
  lines: string[];
}

const ITEM = /^ *(?:[-*]|(\d+)\.) +/;
const RULE = /^\|[-:| ]+\|?$/;

export function blocksOf(text: string): Block[] {
  const reader = new Reader();
  text.split("\n").forEach((line) => reader.take(line));
  return reader.blocks;
}

class Reader {
  readonly blocks: Block[] = [];
  // What the next line may go on with.
  private open?: Block;

  take(line: string) {
    if (this.open?.kind === "code") this.code(line, this.open);
    else if (/^ *```/.test(line)) this.begin("code", 0, []);
    else if (line.trim() === "") this.blank();
    else if (/^#{1,6} /.test(line)) this.heading(line);
    else if (line.startsWith("|")) this.row(line);
    else if (ITEM.test(line)) this.item(line);
    else this.words(line.trim());
  }

  private begin(kind: Block["kind"], level: number, lines: string[]) {
    this.open = { kind, level, lines };
    this.blocks.push(this.open);
  }

  private code(line: string, block: Block) {
    if (/^ *```/.test(line)) this.open = undefined;
    else block.lines.push(line);
  }

  // A list goes on after an empty line; a paragraph does not.
  private blank() {
    if (this.open?.kind !== "list") this.open = undefined;
  }

  private heading(line: string) {
    const level = line.indexOf(" ");
    this.begin("heading", level, [line.slice(level + 1)]);
    this.open = undefined;
  }

  private row(line: string) {
    if (RULE.test(line)) return;
    if (this.open?.kind === "table") this.open.lines.push(line);
    else this.begin("table", 0, [line]);
  }

  private item(line: string) {
    const numbered = ITEM.exec(line)?.[1] ? 1 : 0;
    const text = line.replace(ITEM, "");
    if (this.open?.kind === "list" && this.open.level === numbered) this.open.lines.push(text);
    else this.begin("list", numbered, [text]);
  }

  // A line that is indented belongs to the item above it.
  private words(text: string) {
    const lines = this.open?.lines;
    if (lines && (this.open?.kind === "text" || this.open?.kind === "list")) {
      lines[lines.length - 1] += " " + text;
    } else {
      this.begin("text", 0, [text]);
    }
  }
}

export function cellsOf(row: string): string[] {
  return row
    .replace(/^\||\|\s*$/g, "")
    .split("|")
    .map((cell) => cell.trim());
}

export interface Span {
  kind: "text" | "code" | "bold" | "link";
  text: string;
  target?: string;
}

const SPAN = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)\s]+)\)/g;

export function spansOf(text: string): Span[] {
  const spans: Span[] = [];
  let at = 0;
  for (const match of text.matchAll(SPAN)) {
    const [whole, code, bold, link, target] = match;
    if ((match.index as number) > at)
      spans.push({ kind: "text", text: text.slice(at, match.index) });
    spans.push(
      code
        ? { kind: "code", text: code }
        : bold
          ? { kind: "bold", text: bold }
          : { kind: "link", text: link, target },
    );
    at = (match.index as number) + whole.length;
  }
  if (at < text.length) spans.push({ kind: "text", text: text.slice(at) });
  return spans;
}

// What a link to a heading calls it.
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .trim()
    .replace(/ /g, "-");
}
