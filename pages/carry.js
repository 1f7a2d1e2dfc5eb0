// An experiment in the address, as the playground on the pages writes it, becomes a cell of the live lesson.
import { SETTINGS, fromAddress, toPython } from "./settings.js";

const asked = location.search, query = new URLSearchParams(asked); // JupyterLite may change the address

const when = async condition => {
  for (;;) {
    const found = condition();
    if (found) return found;
    await new Promise(done => setTimeout(done, 200));
  }
};

const carry = async () => {
  // only settings within their bounds pass: a link cannot bring other code
  const code = `from bplib.playgrounds.xor import XORPlayground, XORSettings\n\n${toPython(fromAddress(asked))}`;
  const panel = await when(() => window.jupyterapp?.shell.currentWidget);
  await panel.context.ready;
  await panel.sessionContext.ready;
  const notebook = await when(() => panel.content?.widgets?.length > 3 && panel.content);
  const sources = notebook.widgets.map(cell => cell.model.sharedModel.getSource());
  let at = sources.indexOf(code);
  if (at < 0) {
    at = sources.findIndex(source => source.includes("XORPlayground(XORSettings"));
    if (at < 0) return;
    notebook.model.sharedModel.insertCell(at, { cell_type: "code", source: code });
  }
  // the lesson's first cell of code says in which language the playground speaks
  for (const place of [notebook.widgets.findIndex(cell => cell.model.type === "code"), at]) {
    notebook.activeCellIndex = place;
    window.jupyterapp.commands.execute("notebook:run-cell");
  }
  notebook.widgets[at].node.scrollIntoView({ block: "start" });
};

if (Object.keys(SETTINGS).some(name => query.has(name))) carry();
