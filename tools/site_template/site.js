// The theme is the reader's system's until the button is pressed; then it is remembered.
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
const stored = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
const isDark = () => (stored() ?? (system.matches ? "dark" : "light")) === "dark";
const show = () => {
  root.dataset.theme = isDark() ? "dark" : "light";
  document.getElementById("theme")?.setAttribute("aria-pressed", isDark());
};
show();
system.addEventListener("change", show);
addEventListener("DOMContentLoaded", () => {
  show();
  document.getElementById("theme").addEventListener("click", () => {
    try { localStorage.setItem("theme", isDark() ? "light" : "dark"); } catch { return; }
    show();
  });
  reach();
});
// What scrolls sideways must be reachable without a mouse.
const reach = () => {
  for (const box of document.querySelectorAll("pre, math[display=block], .table"))
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
};
addEventListener("resize", reach);
addEventListener("change", reach); // the reference unfolds its sources
