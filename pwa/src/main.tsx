import { render } from "preact";
import { App } from "./app";
import { keepShell } from "./lib/shell";
import { countUnread } from "./lib/unread";
import { startSending } from "./queue/sending";
import "./style.css";

render(<App />, document.getElementById("app")!);
startSending();
keepShell();
countUnread();
