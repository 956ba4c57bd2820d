import { render } from "preact";
import { App } from "./app";
import { HeadEnd } from "./head-end";
import { HeadEndContext } from "./parts/context";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/readout.css";
import "./styles/controls.css";
import "./styles/meters.css";
import "./styles/tiles.css";
import "./styles/meter.css";
import "./styles/charts.css";
import "./styles/lines.css";
import "./styles/cosem.css";
import "./styles/commands.css";

const headEnd = new HeadEnd(new URL(".", document.baseURI));
const place = document.getElementById("app");
if (place) {
  render(
    <HeadEndContext.Provider value={headEnd}>
      <App />
    </HeadEndContext.Provider>,
    place,
  );
}
