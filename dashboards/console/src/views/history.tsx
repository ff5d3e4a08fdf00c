import { h } from "preact";
import { Params } from "../route";
export function History(_: { pool: string; allocated: number; params: Params }) { return <div />; }
