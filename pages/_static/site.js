// What scrolls sideways must be reachable without a mouse.
const reach = () => {
  for (const box of document.querySelectorAll(".bd-article :is(pre, table, dt.sig), .math.notranslate"))
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    else if (box.getAttribute("tabindex") === "0") box.removeAttribute("tabindex");
};
addEventListener("load", reach);
addEventListener("resize", reach);
window.MathJax?.startup?.promise?.then(reach);
// The arrows of the side navigation have no name of their own.
addEventListener("DOMContentLoaded", () => {
  for (const arrow of document.querySelectorAll(".bd-sidebar-primary summary")) {
    const part = arrow.closest("li").querySelector("a").textContent.trim();
    arrow.setAttribute("aria-label", `Pages of ${part}`);
  }
});
