import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/parts.css";
import { render } from "preact";
import { App } from "./app";
import { watch } from "./state/connection";
import { begin } from "./state/session";

const root = document.getElementById("page");
if (root) render(<App />, root);
watch();
void begin();
