// Draws the scene that bplib/playgrounds/xray/scene.py describes. Computes nothing.
const SVG = "http://www.w3.org/2000/svg";

function make(tag, attributes, parent) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  parent.append(node);
  return node;
}

const shapes = {
  path(s, group) {
    let d = `M${s.d[0]} ${s.d[1]}`;
    for (let i = 2; i < s.d.length; i += 6) d += `C${s.d.slice(i, i + 6).join(" ")}`;
    const dash = s.dashed ? { "stroke-dasharray": "7 4" } : {};
    make("path", { d, class: s.look, "stroke-width": s.width, ...dash }, group);
    make("path", { d, class: "hit" }, group);
  },
  box(s, group) {
    make("rect", { x: s.x, y: s.y, width: s.w, height: s.h, rx: 6, class: s.look }, group);
  },
  text(s, group) {
    const attributes = { x: s.x, y: s.y, class: s.look, "text-anchor": s.anchor, "font-size": s.size };
    make("text", attributes, group).textContent = s.s;
  },
};

function render({ model, el }) {
  el.classList.add("bp-xray");
  let home = null; // the one item that Tab reaches; arrow keys move it

  function draw() {
    const scene = model.get("scene");
    const focused = el.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${scene.width} ${scene.height}`);
    svg.setAttribute("role", "group");
    svg.setAttribute("aria-label", scene.label);
    const pickable = scene.items.filter((item) => item.id);
    const selected = pickable.find((item) => item.selected);
    if (!pickable.some((item) => item.id === home)) home = null;
    home = focused ?? selected?.id ?? home ?? pickable.find((item) => item.column === 0).id;
    for (const item of scene.items) {
      const group = make("g", {}, svg);
      for (const state of ["selected", "lit", "faded", "now"]) group.classList.toggle(state, !!item[state]);
      for (const shape of item.shapes) shapes[shape.t](shape, group);
      if (!item.id) continue;
      group.classList.add("item");
      Object.assign(group.dataset, { id: item.id, column: item.column, y: item.y });
      group.setAttribute("role", "button");
      group.setAttribute("aria-label", item.aria);
      group.setAttribute("aria-pressed", !!item.selected);
      group.setAttribute("tabindex", item.id === home ? 0 : -1);
    }
    el.replaceChildren(svg);
    if (focused) go(focused);
  }

  function go(id) {
    for (const group of el.querySelectorAll(".item")) {
      group.setAttribute("tabindex", group.dataset.id === id ? 0 : -1);
      if (group.dataset.id === id) group.focus({ preventScroll: true });
    }
    home = id;
  }

  // The nearest item above, below, or in the next column that has any.
  function neighbour(group, key) {
    const items = [...el.querySelectorAll(".item")];
    const at = (g) => [Number(g.dataset.column), Number(g.dataset.y)];
    const [column, y] = at(group);
    const sideways = { ArrowLeft: -1, ArrowRight: 1 }[key];
    const near = (a, b) => Math.abs(at(a)[1] - y) - Math.abs(at(b)[1] - y);
    if (sideways) return items.filter((g) => at(g)[0] === column + sideways).sort(near)[0];
    const sign = key === "ArrowUp" ? -1 : 1;
    return items.filter((g) => at(g)[0] === column && sign * (at(g)[1] - y) > 0).sort(near)[0];
  }

  const chosen = (event) => event.target.closest?.(".item");
  const pick = (group) => model.send({ select: group.dataset.id });

  el.addEventListener("click", (event) => {
    const group = chosen(event);
    if (group) {
      go(group.dataset.id);
      pick(group);
    }
  });
  el.addEventListener("keydown", (event) => {
    const group = chosen(event);
    if (!group || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") pick(group);
    else if (event.key.startsWith("Arrow")) {
      const next = neighbour(group, event.key);
      if (next) go(next.dataset.id);
    } else return;
    // The notebook would take these keys for its own: edit the cell, go to the next.
    event.preventDefault();
    event.stopPropagation();
  });

  model.on("change:scene", draw);
  draw();
  return () => model.off("change:scene", draw);
}

export default { render };
