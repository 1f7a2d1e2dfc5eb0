// A picture on one page. It shows the newest frame that has arrived, tells the kernel which one it has painted,
// and whether anybody can see it.
const BEAT = 4000; // ms without a frame, while some are expected, after which the page speaks up

function render({ model, el }) {
  const image = document.createElement("img");
  image.className = "bp-figure";
  image.style.cssText = "display: block; width: 100%; height: auto"; // whatever the number of its dots
  el.replaceChildren(image);
  const view = crypto.randomUUID ? crypto.randomUUID() : String(Math.random());
  let shown = null, url = null, loading = false, inSight = false, visible = false, heard = 0;
  let painted = null, paintedAt = 0, answered = 0, answering = null;

  const say = (message) => {
    try { model.send({ view, visible, ...message }); } catch { /* no kernel any more: nobody to tell */ }
  };
  const answer = () => {
    const now = performance.now();
    answered = now;
    answering = null;
    say({ painted, ago: now - paintedAt });
  };
  const tell = (frame) => {
    painted = frame;
    paintedAt = performance.now();
    // seldom, where nothing waits: each answer costs page, server and kernel three messages
    answering ??= setTimeout(answer, Math.max(0, answered + model.get("answer_every") - paintedAt));
  };
  const look = () => {
    const now = inSight && !document.hidden;
    if (now !== visible) { visible = now; heard = performance.now(); say({}); }
  };
  // What arrives while a frame is being decoded is passed over, but for the newest.
  const paint = () => {
    const frame = model.get("frame"), data = model.get("value");
    if (loading || frame === shown || !data?.byteLength) return;
    loading = true;
    const last = url;
    url = URL.createObjectURL(new Blob([data], { type: `image/${model.get("format")}` }));
    image.onload = image.onerror = () => {
      if (last) URL.revokeObjectURL(last);
      loading = false;
      shown = frame;
      heard = performance.now();
      if (document.hidden) tell(frame);
      else requestAnimationFrame(() => tell(frame));
      paint();
    };
    image.src = url;
  };
  const describe = () => {
    image.alt = model.get("alt");
    image.style.cursor = model.get("clickable") ? "crosshair" : "";
  };
  image.addEventListener("click", (event) => {
    if (!model.get("clickable")) return;
    const box = image.getBoundingClientRect();
    say({ clicked: [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height] });
  });

  const observer = new IntersectionObserver((entries) => { inSight = entries.at(-1).isIntersecting; look(); });
  observer.observe(image);
  const leave = () => { visible = false; say({ gone: true }); };
  const beat = setInterval(() => {
    if (visible && model.get("expected") && performance.now() - heard > BEAT) {
      heard = performance.now();
      say({});
    }
  }, BEAT / 2);
  document.addEventListener("visibilitychange", look);
  window.addEventListener("pagehide", leave);
  model.on("change:frame", paint);
  model.on("change:alt change:clickable", describe);
  describe();
  paint();
  return () => {
    observer.disconnect();
    clearInterval(beat);
    clearTimeout(answering);
    document.removeEventListener("visibilitychange", look);
    window.removeEventListener("pagehide", leave);
    model.off("change:frame", paint);
    model.off("change:alt change:clickable", describe);
    leave();
    if (url) URL.revokeObjectURL(url);
  };
}

export default { render };
