// The playground on a page: controls, the loop of frames, the status line, and the address.

import { Training } from "./engine.js";
import { DEFAULTS, SETTINGS, fromAddress, fromSlider, toAddress, toPython, toSlider } from "./settings.js";
import { LossView, PlaneView } from "./view.js";

const STEPS_A_FRAME = 3, LONGEST = 20000, STANDS_STILL = 1e-3;

class Playground {
  constructor(root) {
    this.root = root;
    this.settings = fromAddress(location.search);
    root.querySelector(".bp-still")?.remove();
    this.part("live").hidden = false;
    this.plane = new PlaneView(this.part("plane"));
    this.curve = new LossView(this.part("loss"));
    this.frames = 0;
    this.buildControls();
    for (const name of ["play", "step", "reset"]) this.part(name).addEventListener("click", () => this[name]());
    this.part("copy").addEventListener("click", () => this.copy());
    // nobody watches a picture that is out of sight
    new IntersectionObserver(([seen]) => { this.inSight = seen.isIntersecting; this.request(); }).observe(root);
    this.reset();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (root.dataset.autoplay !== undefined && !still) this.play();
  }

  part(name) {
    return this.root.querySelector(`[data-part=${name}]`);
  }

  buildControls() {
    const box = this.part("controls");
    for (const [name, setting] of Object.entries(SETTINGS)) {
      if (setting.hidden) continue;
      const label = document.createElement("label"), id = `bp-${name}`;
      label.htmlFor = id;
      label.textContent = setting.label;
      const control = document.createElement(setting.choices ? "select" : "input");
      control.id = id;
      if (setting.choices) {
        for (const [value, text] of Object.entries(setting.choices)) control.append(new Option(text, value));
        control.value = this.settings[name];
      } else {
        const [low, high] = setting.log ? [0, 100] : [setting.low, setting.high];
        Object.assign(control, { type: "range", min: low, max: high, step: 1, value: toSlider(setting, this.settings[name]) });
      }
      const readout = document.createElement("span");
      readout.ariaHidden = "true"; // the slider says it itself
      const say = () => {
        readout.textContent = setting.choices ? "" : this.settings[name];
        if (!setting.choices) control.setAttribute("aria-valuetext", this.settings[name]);
      };
      control.addEventListener("input", () => {
        this.settings[name] = setting.choices ? control.value : fromSlider(setting, control.value);
        say();
        this.changed(name);
      });
      say();
      box.append(label, control, readout);
    }
  }

  /** Another learning rate is adopted in the middle of a run; anything else needs another network. */
  changed(name) {
    if (name === "data") this.settings.batch_size = this.settings.data === "xor" ? 4 : 16;
    if (name !== "learning_rate") this.reset();
    this.remember();
  }

  remember() {
    const address = toAddress(this.settings);
    try {
      history.replaceState(null, "", address + location.hash);
    } catch { /* a file's address may not be changed */ }
    for (const link of this.root.querySelectorAll("a[data-carries]")) {
      const to = link.dataset.carries; // a page, or the lesson with a kernel, whose address has a query already
      link.href = to.includes("?") ? `${to}&${address.slice(1)}` : `${to}${address}#playground`;
    }
    this.part("code").textContent = toPython(this.settings);
  }

  reset() {
    this.training = new Training(this.settings);
    if (Object.entries(this.settings).some(([name, value]) => value !== DEFAULTS[name])) this.remember();
    else this.part("code").textContent = toPython(this.settings);
    this.trouble = "";
    this.draw();
    this.say();
  }

  play() {
    this.playing = !this.playing;
    this.part("play").textContent = this.playing ? "Pause" : "Play";
    this.say();
    this.request();
  }

  step() {
    if (this.playing) this.play();
    this.advance(1);
    this.draw();
    this.say();
  }

  advance(n) {
    for (let i = 0; i < n; i++) {
      const loss = this.training.step(this.settings.learning_rate);
      if (!Number.isFinite(loss) || loss > 1000) {
        this.trouble = `The loss rose to ${loss.toPrecision(2)}: each step overshoots. Try a smaller learning rate, then Reset.`;
        return false;
      }
    }
    const { steps, trace } = this.training;
    return steps < LONGEST && trace.at(-1)[1] > STANDS_STILL;
  }

  request() {
    if (this.playing && this.inSight && !this.waiting) this.waiting = requestAnimationFrame(() => this.frame());
  }

  frame() {
    this.waiting = 0;
    if (!this.playing) return;
    const goesOn = this.advance(STEPS_A_FRAME);
    this.draw();
    this.frames += 1;
    if (!goesOn) return this.play();
    if (performance.now() - (this.said ?? 0) > 1000) this.say();
    this.request();
  }

  draw() {
    this.plane.show(this.training);
    this.curve.show(this.training);
  }

  /** The status line; while it plays once a second, for a screen reader's sake. */
  say() {
    this.said = performance.now();
    const { steps } = this.training, right = Math.round(100 * this.training.accuracy());
    const text = `step ${steps} · loss ${this.training.loss().toPrecision(3)} · ${right} % of the points right`;
    this.part("status").textContent = this.trouble || text;
    this.part("plane").setAttribute("aria-label", `The plane, coloured by the network's answer; ${right} % of the points lie in their own colour`);
  }

  async copy() {
    const { line } = this.root.dataset, code = `${line}${toPython(this.settings)}`;
    try {
      await navigator.clipboard.writeText(code);
      this.part("status").textContent = "Copied: paste it into a cell of a lesson.";
    } catch {
      this.part("status").textContent = "The browser does not let this page copy; select the line and copy it yourself.";
    }
  }
}

const start = () => document.querySelectorAll(".bp-playground").forEach(root => { root.playground = new Playground(root); });
start();
