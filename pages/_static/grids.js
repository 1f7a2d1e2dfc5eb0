// A slider moves through the pictures of an explorer; the still picture above, which it replaces, is for readers without JavaScript.
for (const box of document.querySelectorAll(".bp-grid[hidden]")) {
  const places = JSON.parse(box.querySelector("script").textContent);
  const [image, slider, value, status] = ["img", "input", "span", "p"].map(name => box.querySelector(name));
  const show = () => {
    const { value: number, picture, text } = places[slider.value];
    image.src = picture;
    value.textContent = number;
    slider.setAttribute("aria-valuetext", number);
    status.textContent = text;
  };
  slider.addEventListener("input", show);
  // the others are loaded when somebody comes near
  box.addEventListener("pointerenter", () => places.forEach(place => { new Image().src = place.picture; }), { once: true });
  slider.addEventListener("focus", () => places.forEach(place => { new Image().src = place.picture; }), { once: true });
  box.hidden = false;
  show();
  box.previousElementSibling?.querySelector(".cell_output img")?.closest("img").remove();
}
