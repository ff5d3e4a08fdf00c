// A question to the daemon, and what is shown while it waits, when it fails, and when it answers.
import { Component, Content, h } from "preact";
import { ApiError, ask, Query } from "../api";
import { Problem, Waiting } from "./states";

interface Props<T> {
  call: string;
  query?: Query;
  // Asked again after so many seconds; never, if it is absent.
  every?: number;
  show: (answer: T) => Content;
  // Instead of the daemon's words for an error; undefined: its words.
  instead?: (error: ApiError) => Content;
}

interface State<T> {
  answer?: T;
  error?: ApiError;
}

export class Ask<T> extends Component<Props<T>, State<T>> {
  state: State<T> = {};
  private abort?: AbortController;
  private timer = 0;

  componentDidMount() {
    this.begin();
  }

  componentDidUpdate(before: Props<T>) {
    if (key(before) !== key(this.props)) this.begin();
  }

  componentWillUnmount() {
    this.stop();
  }

  private stop() {
    window.clearTimeout(this.timer);
    this.abort?.abort();
  }

  private begin() {
    this.stop();
    const abort = (this.abort = new AbortController());
    const done = (state: State<T>) => {
      if (!abort.signal.aborted) this.finish(state);
    };
    ask<T>(this.props.call, this.props.query, abort.signal)
      .then((answer) => done({ answer, error: undefined }))
      .catch((error) => done({ error: error as ApiError }));
  }

  private finish(state: State<T>) {
    this.setState(state);
    if (this.props.every)
      this.timer = window.setTimeout(() => this.begin(), this.props.every * 1000);
  }

  // An answer stays while a later question is out. If that one fails, both are shown.
  render() {
    const { answer, error } = this.state;
    if (error) {
      const instead = this.props.instead?.(error);
      if (instead) return <div>{instead}</div>;
    }
    if (!answer) return error ? <Problem error={error} /> : <Waiting />;
    return (
      <div>
        {error ? <Problem error={error} /> : null}
        {this.props.show(answer)}
      </div>
    );
  }
}

function key<T>(props: Props<T>): string {
  return JSON.stringify([props.call, props.query]);
}
