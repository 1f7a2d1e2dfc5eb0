// A pad to draw on, what the network sees of it, and its answers as bars. Computes nothing about digits.
const PAD = 140, SHOWN = 224, PEN = 11, CELL = 8; // PEN in pad pixels: two of the 20 a digit is scaled to

function element(tag, parent, properties = {}) {
  const node = Object.assign(document.createElement(tag), properties);
  parent.append(node);
  return node;
}

function canvas(parent, size, label) {
  const node = element("canvas", parent, { width: size, height: size });
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", label);
  return node;
}

function render({ model, el }) {
  el.classList.add("bp-draw");
  const say = (english) => model.get("words")[english] ?? english;
  const [drawn, sees, says] = ["your drawing", "what the network gets, with ∂L/∂X", ""].map((title) => {
    const box = element("div", el);
    element("div", box, { className: "title", textContent: say(title) });
    return box;
  });
  const pad = canvas(drawn, PAD, say("Drawing area for mouse, pen or finger; without one, choose a sample digit above"));
  pad.className = "pad";
  const seen = canvas(sees, SHOWN, "");
  element("div", sees, { className: "key" }).innerHTML =
    `<b class=plus>+</b> ${say("blue: more ink raises L")} &nbsp; <b class=minus>−</b> ${say("orange: lowers it")}`;
  const rows = Array.from({ length: 10 }, (_, digit) => {
    const row = element("div", says, { className: "bar" });
    element("span", row, { textContent: digit });
    const bar = element("i", element("span", row, { className: "track" }));
    return { row, bar, number: element("span", row, { className: "number" }) };
  });

  // Drawing
  const ink = pad.getContext("2d", { willReadFrequently: true });
  let last = null, sending = false, mine = false;

  function showDrawing() {
    if (mine) return;
    const bytes = model.get("drawing"), image = ink.createImageData(PAD, PAD);
    for (let i = 0; i < PAD * PAD; i++) image.data[4 * i + 3] = bytes.getUint8(i);
    ink.putImageData(image, 0, 0);
  }

  function send() {
    sending = false;
    const { data } = ink.getImageData(0, 0, PAD, PAD), bytes = new DataView(new ArrayBuffer(PAD * PAD));
    for (let i = 0; i < PAD * PAD; i++) bytes.setUint8(i, data[4 * i + 3]);
    mine = true;
    model.set("drawing", bytes);
    mine = false;
    model.save_changes();
  }

  function stroke(event) {
    const place = pad.getBoundingClientRect();
    Object.assign(ink, { lineWidth: PEN, lineCap: "round", lineJoin: "round" });
    for (const e of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) {
      const point = [((e.clientX - place.left) / place.width) * PAD, ((e.clientY - place.top) / place.height) * PAD];
      ink.beginPath();
      if (last) {
        ink.moveTo(...last);
        ink.lineTo(...point);
        ink.stroke();
      } else {  // a line without a length leaves no ink, but a pen that is set down does
        ink.arc(...point, PEN / 2, 0, 2 * Math.PI);
        ink.fill();
      }
      last = point;
    }
    if (!sending) {
      sending = true;
      setTimeout(send, 50);
    }
  }

  pad.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    pad.setPointerCapture(event.pointerId);
    last = null;
    stroke(event);
    event.preventDefault();
  });
  pad.addEventListener("pointermove", (event) => {
    if (pad.hasPointerCapture(event.pointerId)) stroke(event);
  });

  // Showing: grey for ink, a coloured wash for the gradient, and + or − on the strongest pixels
  function showSeen() {
    const { image, gradient } = model.get("seen"), g = seen.getContext("2d");
    g.fillStyle = "white";
    g.fillRect(0, 0, SHOWN, SHOWN);
    Object.assign(g, { font: "bold 11px sans-serif", textAlign: "center", textBaseline: "middle" });
    const wash = gradient.byteLength > 0;
    for (let i = 0; i < image.byteLength; i++) {
      const x = (i % 28) * CELL, y = Math.floor(i / 28) * CELL, v = image.getUint8(i) / 255;
      g.fillStyle = `rgba(0, 0, 0, ${wash ? 0.5 * v : v})`;
      g.fillRect(x, y, CELL, CELL);
      if (!wash) continue;
      const d = gradient.getInt8(i) / 127, color = d > 0 ? "0, 114, 178" : "213, 94, 0";
      g.fillStyle = `rgba(${color}, ${0.75 * Math.abs(d)})`;
      g.fillRect(x, y, CELL, CELL);
      if (Math.abs(d) < 0.45) continue;
      g.fillStyle = "white";
      g.fillText(d > 0 ? "+" : "−", x + CELL / 2, y + CELL / 2);
    }
    const what = say(image.byteLength ? "The drawing, cut out, scaled and centred" : "Nothing yet");
    seen.setAttribute("aria-label", what + (wash ? `, ${say("each pixel coloured by the gradient of the loss")}` : ""));
    sees.querySelector(".key").style.visibility = wash ? "visible" : "hidden";
  }

  function showBars() {
    const { values, texts, best, title } = model.get("bars");
    says.firstChild.textContent = title;
    rows.forEach(({ row, bar, number }, digit) => {
      row.classList.toggle("best", digit === best);
      bar.style.width = `${100 * values[digit]}%`;
      number.textContent = texts[digit] + (digit === best ? " ◂" : "");
    });
  }

  const views = { drawing: showDrawing, seen: showSeen, bars: showBars };
  for (const [name, show] of Object.entries(views)) {
    show();
    model.on(`change:${name}`, show);
  }
  return () => Object.entries(views).forEach(([name, show]) => model.off(`change:${name}`, show));
}

export default { render };
