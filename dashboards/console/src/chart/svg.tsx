// A scene as SVG, as wide as there is room, with what it shows as a table for those who ask.
import { Component, Content, h } from "preact";
import { Mark, Point, Scene } from "./scene";

interface Props {
  // What the picture says, in a sentence.
  label: string;
  draw: (width: number) => Scene;
  // The same as a table.
  table?: Content;
  // Given a way to make a file of it.
  actions?: (scene: () => Scene) => Content;
}

const NARROWEST = 260;

// What is drawn grows with the page's type: on a wall it is read from afar.
function enlarged(): number {
  return parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
}

export class Chart extends Component<Props, { width: number; enlarged: number }> {
  state = { width: 640, enlarged: 1 };
  private observer?: ResizeObserver;

  componentDidMount() {
    const box = this.base as HTMLElement;
    this.observer = new ResizeObserver(() => this.measure(box));
    this.observer.observe(box);
    this.measure(box);
  }

  componentWillUnmount() {
    this.observer?.disconnect();
  }

  private measure(box: HTMLElement) {
    const by = enlarged();
    const width = Math.max(NARROWEST, Math.floor(box.clientWidth / by));
    if (width !== this.state.width || by !== this.state.enlarged) {
      this.setState({ width, enlarged: by });
    }
  }

  render() {
    const { label, draw, table, actions } = this.props;
    const scene = draw(this.state.width);
    const by = this.state.enlarged;
    return (
      <figure class="chart">
        <svg
          width={scene.width * by}
          height={scene.height * by}
          role="img"
          aria-label={label}
          viewBox={`0 0 ${scene.width} ${scene.height}`}
        >
          <Hatch />
          {scene.marks.map(svgOf)}
        </svg>
        {actions ? <p class="actions">{actions(() => draw(this.state.width))}</p> : null}
        {table ? (
          <details>
            <summary>As a table</summary>
            {table}
          </details>
        ) : null}
      </figure>
    );
  }
}

// Told apart from every colour: what is not known.
function Hatch() {
  return (
    <defs>
      <pattern
        id="hatch"
        width="7"
        height="7"
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(45)"
      >
        <rect width="7" height="7" class="fill-back" />
        <rect width="3" height="7" class="fill-unknown-line" />
      </pattern>
    </defs>
  );
}

function svgOf(mark: Mark): JSX.Element {
  switch (mark.kind) {
    case "rect":
      return (
        <rect
          x={mark.x}
          y={mark.y}
          width={Math.max(0, mark.width)}
          height={Math.max(0, mark.height)}
          class={"fill-" + mark.tone}
        >
          {title(mark.title)}
        </rect>
      );
    case "line":
      return (
        <polyline
          points={mark.points.map((point) => point.join(",")).join(" ")}
          class={"stroke-" + mark.tone}
          fill="none"
          stroke-width={mark.width ?? 1}
          stroke-dasharray={mark.dashed ? "6 5" : "none"}
        >
          {title(mark.title)}
        </polyline>
      );
    case "circle":
      return (
        <circle
          cx={mark.x}
          cy={mark.y}
          r={mark.r}
          class={(mark.hollow ? "hollow stroke-" : "fill-") + mark.tone}
        >
          {title(mark.title)}
        </circle>
      );
    case "text":
      return (
        <text
          x={mark.x}
          y={mark.y}
          text-anchor={mark.anchor ?? "start"}
          class={"fill-" + mark.tone + (mark.bold ? " bold" : "")}
        >
          {mark.text}
        </text>
      );
    case "arc":
      return (
        <path d={arcPath(mark)} class={"fill-" + mark.tone}>
          {title(mark.title)}
        </path>
      );
  }
}

function title(text: string | undefined) {
  return text ? <title>{text}</title> : null;
}

export function onCircle(x: number, y: number, r: number, turn: number): Point {
  const angle = (turn - 0.25) * 2 * Math.PI;
  return [x + r * Math.cos(angle), y + r * Math.sin(angle)];
}

// A part of a ring, from and to in turns of 0 to 1. A whole ring is drawn as nearly whole.
export function arcPath(arc: Extract<Mark, { kind: "arc" }>): string {
  const to = Math.min(arc.to, arc.from + 0.99999);
  const far = to - arc.from > 0.5 ? 1 : 0;
  const at = (r: number, turn: number) => onCircle(arc.x, arc.y, r, turn).join(" ");
  return (
    `M${at(arc.r, arc.from)}A${arc.r} ${arc.r} 0 ${far} 1 ${at(arc.r, to)}` +
    `L${at(arc.hole, to)}A${arc.hole} ${arc.hole} 0 ${far} 0 ${at(arc.hole, arc.from)}Z`
  );
}
