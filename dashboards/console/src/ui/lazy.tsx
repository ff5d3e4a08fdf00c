// A view that is loaded when it is asked for first, so that the first page has little to load.
import { Component, h } from "preact";
import { ApiError } from "../api";
import { Params } from "../route";
import { Problem, Waiting } from "./states";

export type Show = (props: { params: Params }) => JSX.Element;

interface Props {
  name: string;
  load: () => Promise<Show>;
  params: Params;
}

// By name: what was loaded once is there at once.
const loaded = new Map<string, Show>();

export class Lazy extends Component<Props, { failed: boolean }> {
  state = { failed: false };
  private gone = false;

  componentDidMount() {
    const { name, load } = this.props;
    if (loaded.has(name)) return;
    load()
      .then((show) => loaded.set(name, show))
      .catch(() => this.setState({ failed: true }))
      .then(() => {
        if (!this.gone) this.forceUpdate();
      });
  }

  componentWillUnmount() {
    this.gone = true;
  }

  render() {
    const View = loaded.get(this.props.name);
    if (View) return <View params={this.props.params} />;
    if (!this.state.failed) return <Waiting />;
    const why = "The daemon is gone, or it has another version of the console by now.";
    return <Problem error={new ApiError("NOT_LOADED", `${why} Load the page again.`, 0)} />;
  }
}
