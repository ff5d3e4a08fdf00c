// Help: the words, what to do for each alert, and how numbers are worked out.
import { Component, h } from "preact";
import { unreachable } from "../api";
import { Document, Page, PAGES } from "../help/document";
import { link, Params } from "../route";
import { Answer } from "../ui/page";
import { Problem, Waiting } from "../ui/states";

export function Help({ params }: { params: Params }) {
  const page = PAGES.find(({ name }) => name === params.page) ?? PAGES[0];
  return (
    <div>
      <Answer>One sentence for each word, a section for each alert, and the methods.</Answer>
      <nav class="tabs" aria-label="Documents">
        {PAGES.map(({ name, title }) => (
          <a
            key={name}
            href={link("help", { page: name })}
            aria-current={name === page.name ? "page" : undefined}
          >
            {title}
          </a>
        ))}
        <a href="api/v1/openapi.json">API for programs (OpenAPI)</a>
      </nav>
      <Loaded key={page.name} page={page} section={params.section} />
    </div>
  );
}

interface State {
  text?: string;
  failed: boolean;
}

// The documents lie beside the console's files.
class Loaded extends Component<{ page: Page; section?: string }, State> {
  state: State = { failed: false };

  componentDidMount() {
    fetch("help/" + this.props.page.name + ".txt")
      .then((response) => (response.ok ? response.text() : Promise.reject()))
      .then(
        (text) => this.setState({ text }),
        () => this.setState({ failed: true }),
      );
  }

  render() {
    if (this.state.failed) return <Problem error={unreachable()} />;
    if (this.state.text === undefined) return <Waiting />;
    const { page, section } = this.props;
    return <Document text={this.state.text} page={page.name} section={section} />;
  }
}
