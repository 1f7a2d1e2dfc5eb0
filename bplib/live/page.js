// The page's part of a panel, itself invisible: sliders get the names that a screen reader says (ipywidgets
// draws a label beside a slider without tying the two), and controls whose kernel has gone say so.
function render({ model, el }) {
  el.style.display = "none";
  let panel = null, tries = 0, dead = false;

  const name = () => {
    for (const slider of panel.querySelectorAll(".widget-slider")) {
      const label = slider.querySelector(".widget-label")?.textContent;
      for (const part of slider.querySelectorAll(".noUi-handle, .widget-readout"))
        if (label && !part.ariaLabel) part.ariaLabel = label;
    }
    for (const field of panel.querySelectorAll(".bp-read-only input")) {
      field.readOnly = true; // a line to be copied: ipywidgets can only disable it, and then it cannot be selected
      field.onfocus = () => field.select();
    }
    if (dead) disable();
  };
  const disable = () => {
    for (const part of panel.querySelectorAll("button, select, input, textarea")) part.disabled = true;
    for (const part of panel.querySelectorAll(".noUi-handle, .widget-readout, [tabindex='0']")) {
      part.tabIndex = -1;
      part.ariaDisabled = "true";
      part.contentEditable = "false";
    }
  };
  const die = () => {
    if (dead || !panel) return;
    dead = true;
    panel.classList.add("bp-dead");
    const notice = document.createElement("div");
    notice.className = "bp-error bp-gone";
    notice.setAttribute("role", "alert");
    const say = (english) => model.get("words")[english] ?? english;
    const code = document.createElement("code");
    code.textContent = model.get("line");
    const cell = model.get("cell");
    const run = cell ? say("Run cell [#] again:").replace("#", cell) : say("Run the cell above again:");
    const what = "These controls are dead: the kernel that answered them was restarted or has stopped.";
    notice.append(`${say(what)} ${run} `, code);
    panel.prepend(notice);
    disable();
  };
  const check = async () => {
    let live = true;
    try { live = (await model.widget_manager.get_model(model.get("me"))).comm_live; } catch { /* ask no more */ }
    if (live === false) die();
  };

  const observer = new MutationObserver(name);
  const start = () => {
    panel = el.closest(".bp-panel");
    if (panel) {
      observer.observe(panel, { childList: true, subtree: true });
      name();
      check();
    } else if (tries++ < 50) setTimeout(start, 100);
  };
  model.on("comm_live_update", check);
  start();
  return () => {
    observer.disconnect();
    model.off("comm_live_update", check);
  };
}

export default { render };
