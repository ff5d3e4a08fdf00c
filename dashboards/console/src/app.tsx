// The frame of every view: where one is, where one can go, and how it looks.
import { Component, h } from "preact";
import { current, link, onRoute, Params, Route } from "./route";
import { Problem } from "./ui/states";
import { ApiError } from "./api";
import { Lazy, Show } from "./ui/lazy";
import { Now } from "./views/now";

interface View {
  name: string;
  title: string;
  question: string;
  // What most come for is there at once. The others are loaded when they are asked for first.
  show?: Show;
  load?: () => Promise<Show>;
}

const GROUPS: [string, View[]][] = [
  [
    "Fleet",
    [
      { name: "now", title: "Now", question: "Is what was granted used?", show: Now },
      {
        name: "pool",
        title: "Pool",
        question: "Can it admit more, and whom to ask?",
        load: () => import("./views/pool").then((view) => view.PoolView),
      },
      {
        name: "sources",
        title: "Sources",
        question: "Who reports, and who is silent?",
        load: () => import("./views/sources").then((view) => view.Sources),
      },
    ],
  ],
  [
    "Decide",
    [
      {
        name: "plan",
        title: "Plan",
        question: "Does the fleet follow the plan?",
        load: () => import("./views/plan").then((view) => view.Plan),
      },
      {
        name: "requests",
        title: "Requests",
        question: "What waits to be decided?",
        load: () => import("./views/requests").then((view) => view.Requests),
      },
      {
        name: "simulator",
        title: "Simulator",
        question: "What if?",
        load: () => import("./views/simulator").then((view) => view.Simulator),
      },
      {
        name: "sensitivity",
        title: "Sensitivity",
        question: "Which assumption matters?",
        load: () => import("./views/sensitivity").then((view) => view.Sensitivity),
      },
      {
        name: "economics",
        title: "Economics",
        question: "What does an hour earn?",
        load: () => import("./views/economics").then((view) => view.Economics),
      },
      {
        name: "training",
        title: "Training",
        question: "How much training is needed?",
        load: () => import("./views/training").then((view) => view.Training),
      },
    ],
  ],
  [
    "Outcomes",
    [
      {
        name: "margin",
        title: "Margin",
        question: "What does a request earn?",
        load: () => import("./views/margin").then((view) => view.Margin),
      },
      {
        name: "capability",
        title: "Capability",
        question: "What does training teach?",
        load: () => import("./views/capability").then((view) => view.Capability),
      },
    ],
  ],
  ["", [{
  name: "help",
  title: "Help",
  question: "What do the words mean?",
  load: () => import("./views/help").then((view) => view.Help),
}]],
];
const VIEWS = GROUPS.flatMap(([, views]) => views);

interface State {
  route: Route;
  menu: boolean;
}

export class App extends Component<{}, State> {
  state: State = { route: current(), menu: false };
  private forget?: () => void;

  componentDidMount() {
    this.forget = onRoute(() => this.follow());
    this.name();
  }

  componentWillUnmount() {
    this.forget?.();
  }

  // A new view begins at its top, and its heading has the focus, so that it is read out.
  private follow() {
    const route = current();
    const moved = route.view !== this.state.route.view;
    this.setState({ route, menu: moved ? false : this.state.menu });
    if (!moved) return;
    this.name();
    window.scrollTo(0, 0);
    window.setTimeout(() => document.querySelector<HTMLElement>("h1")?.focus(), 0);
  }

  private name() {
    document.title = `${viewOf(this.state.route)?.title ?? "Not found"} – Fleetmeter`;
  }

  render() {
    const { route, menu } = this.state;
    const view = viewOf(route);
    return (
      <div class="app">
        <a class="skip" href="#main" onClick={skip}>
          Skip to the answer
        </a>
        <Head view={view} menu={menu} onMenu={() => this.setState({ menu: !menu })} />
        <Menu route={route} open={menu} />
        <main id="main" tabindex="-1">
          <h1 tabindex="-1">
            {view ? view.title : "Not found"}
            {view ? <small>{view.question}</small> : null}
          </h1>
          {view ? (
            <Shown key={view.name} view={view} params={route.params} />
          ) : (
            <Missing name={route.view} />
          )}
        </main>
      </div>
    );
  }
}

function viewOf(route: Route): View | undefined {
  return VIEWS.find(({ name }) => name === route.view);
}

function skip(event: Event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function Shown({ view, params }: { view: View; params: Params }) {
  if (view.load) return <Lazy name={view.name} load={view.load} params={params} />;
  return view.show ? <view.show params={params} /> : <Missing name={view.name} />;
}

function Missing({ name }: { name: string }) {
  return <Problem error={new ApiError("NOT_FOUND", `The console has no view "${name}".`, 0)} />;
}

function Head({ view, menu, onMenu }: { view?: View; menu: boolean; onMenu: () => void }) {
  return (
    <header>
      <a class="brand" href={link("now")}>
        Fleetmeter
      </a>
      <button
        type="button"
        class="menu-button"
        aria-expanded={menu ? "true" : "false"}
        aria-controls="menu"
        onClick={onMenu}
      >
        Menu<span class="sr">, now at {view?.title}</span>
      </button>
      <ThemeButton />
    </header>
  );
}

function Menu({ route, open }: { route: Route; open: boolean }) {
  return (
    <nav id="menu" class={open ? "open" : ""} aria-label="Views">
      {GROUPS.map(([group, views]) => (
        <ul key={group} aria-label={group || "Help"}>
          {group ? (
            <li class="group" aria-hidden="true">
              {group}
            </li>
          ) : null}
          {views.map(({ name, title }) => (
            <li key={name}>
              <a href={link(name)} aria-current={name === route.view ? "page" : undefined}>
                {title}
              </a>
            </li>
          ))}
        </ul>
      ))}
    </nav>
  );
}

// Light, dark, or as the system has it.
class ThemeButton extends Component<{}, { theme: string }> {
  state = { theme: localStorage.getItem("fleetmeter-theme") ?? "system" };

  componentDidMount() {
    this.apply(this.state.theme);
  }

  private apply(theme: string) {
    document.documentElement.setAttribute("data-theme", theme);
    localStorage.setItem("fleetmeter-theme", theme);
    this.setState({ theme });
  }

  render() {
    const themes = ["system", "light", "dark"];
    const next = themes[(themes.indexOf(this.state.theme) + 1) % themes.length];
    return (
      <button type="button" class="theme" onClick={() => this.apply(next)}>
        Colours: {this.state.theme}
      </button>
    );
  }
}
