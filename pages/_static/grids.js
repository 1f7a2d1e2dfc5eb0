// Sliders and menus move through the pictures of an explorer, on a page or a slide; the still picture above,
// which they replace, is for readers without JavaScript.
for (const box of document.querySelectorAll(".bp-grid[hidden]")) {
  const places = JSON.parse(box.querySelector("script").textContent);
  const [image, status] = ["img", "p"].map(name => box.querySelector(name));
  const hands = [...box.querySelectorAll("input, select")];
  const show = () => {
    let place = 0;
    for (const hand of hands) {
      const names = hand.dataset.names?.split(" ");
      place = place * (names ?? hand.options).length + Number(hand.value);
      if (!names) continue;
      hand.setAttribute("aria-valuetext", names[hand.value]);
      hand.nextElementSibling.textContent = names[hand.value];
    }
    image.src = places[place].picture;
    status.textContent = places[place].text;
  };
  // the others are loaded when somebody comes near
  const load = () => places.forEach(place => { new Image().src = place.picture; });
  box.addEventListener("pointerenter", load, { once: true });
  for (const hand of hands) {
    hand.addEventListener("input", show);
    hand.addEventListener("focus", load, { once: true });
  }
  box.hidden = false;
  show();
  const before = [...(box.closest(".slides section")?.querySelectorAll("img") ?? [])].filter(image =>
    !image.closest(".bp-grid") && image.compareDocumentPosition(box) & Node.DOCUMENT_POSITION_FOLLOWING);
  (before.at(-1) ?? box.previousElementSibling?.querySelector(".cell_output img"))?.remove();
}
