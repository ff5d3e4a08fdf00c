// Questions to the simulator: asked when the reader pauses, all together; the latest one counts.
import { Component, Content, h } from "preact";
import { ApiError, post } from "../api";
import { SimulateRequest, SimulateResponse } from "../wire/plan";

const PAUSE_MS = 120;

// In the order of the questions; undefined: that one does not fit.
export type Answers = (SimulateResponse | undefined)[];

interface Props {
  requests: SimulateRequest[];
  // `answers` are the latest that were given; undefined: none was yet. `error` says why the first
  // of the latest questions has none.
  show: (answers: Answers | undefined, error: ApiError | undefined, busy: boolean) => Content;
}

interface State {
  answers?: Answers;
  error?: ApiError;
  busy: boolean;
}

export class Simulate extends Component<Props, State> {
  state: State = { busy: true };
  private abort?: AbortController;
  private timer = 0;

  componentDidMount() {
    this.begin();
  }

  componentDidUpdate(before: Props) {
    if (JSON.stringify(before.requests) === JSON.stringify(this.props.requests)) return;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.begin(), PAUSE_MS);
    this.setState({ busy: true });
  }

  componentWillUnmount() {
    window.clearTimeout(this.timer);
    this.abort?.abort();
  }

  private begin() {
    this.abort?.abort();
    const abort = (this.abort = new AbortController());
    const done = (state: Partial<State>) => {
      if (!abort.signal.aborted) this.setState({ ...state, busy: false });
    };
    Promise.allSettled(
      this.props.requests.map((request) =>
        post<SimulateResponse>("simulate", request, abort.signal),
      ),
    ).then((settled) =>
      done({
        answers: settled.map((one) => (one.status === "fulfilled" ? one.value : undefined)),
        error: settled[0]?.status === "rejected" ? (settled[0].reason as ApiError) : undefined,
      }),
    );
  }

  render() {
    const { answers, error, busy } = this.state;
    return <div aria-busy={busy ? "true" : "false"}>{this.props.show(answers, error, busy)}</div>;
  }
}
