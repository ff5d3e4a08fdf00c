// Answers that change by themselves: shown as they come, and marked when they stop coming.
import { Component, Content, h } from "preact";
import { Query } from "../api";
import { clock } from "../say/time";
import { Connection, Stream } from "../stream";
import { Problem, Waiting } from "./states";

interface Props<T> {
  call: string;
  query?: Query;
  show: (answer: T) => Content;
}

interface State<T> {
  answer?: T;
  connection: Connection;
}

export class Watch<T> extends Component<Props<T>, State<T>> {
  state: State<T> = { connection: { state: "waiting" } };
  private stream?: Stream<T>;
  private readonly onVisible = () => (document.hidden ? this.stream?.close() : this.begin());

  componentDidMount() {
    this.begin();
    document.addEventListener("visibilitychange", this.onVisible);
  }

  componentDidUpdate(before: Props<T>) {
    if (key(before) === key(this.props)) return;
    this.setState({ answer: undefined, connection: { state: "waiting" } });
    this.begin();
  }

  componentWillUnmount() {
    document.removeEventListener("visibilitychange", this.onVisible);
    this.stream?.close();
  }

  // A tab that nobody sees asks for nothing.
  private begin() {
    this.stream?.close();
    this.stream = new Stream<T>(
      this.props.call,
      this.props.query ?? {},
      (answer) => this.setState({ answer }),
      (connection) => this.setState({ connection }),
    );
    this.stream.open();
  }

  render() {
    const { answer, connection } = this.state;
    if (!answer) {
      return connection.error ? <Problem error={connection.error} /> : <Waiting />;
    }
    return (
      <div>
        {this.props.show(answer)}
        <Standing connection={connection} />
      </div>
    );
  }
}

function key<T>(props: Props<T>): string {
  return JSON.stringify([props.call, props.query]);
}

function Standing({ connection }: { connection: Connection }) {
  const at = connection.heard ? clock(connection.heard) : "";
  return connection.state === "live" ? (
    <p class="standing live">
      <span class="dot" aria-hidden="true" />
      Live. Latest change {at}.
    </p>
  ) : (
    <p class="standing lost" role="status">
      No connection to the daemon. These are the numbers of {at}. The page tries again by itself.
    </p>
  );
}
