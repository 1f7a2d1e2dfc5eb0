// What the playground shows: the plane coloured by the network's answer, its hidden units' lines, the loss.

const BLUE = "#0072b2", ORANGE = "#e69f00", BLACK = "#000000", PAPER = [255, 255, 255];
const LOW = [124, 192, 232], HIGH = [242, 195, 91]; // the colours of `bplib.plots.TWO_CLASSES`
const CELLS = 56;

/** One canvas of the given size, sharp on any screen; returns its context in those units. */
function prepare(canvas, width, height) {
  const scale = Math.min(globalThis.devicePixelRatio || 1, 2);
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  return context;
}

export class PlaneView {
  constructor(canvas, side = 280) {
    this.side = side;
    this.context = prepare(canvas, side, side);
    this.raster = document.createElement("canvas");
    this.raster.width = this.raster.height = CELLS;
    this.pixels = this.raster.getContext("2d");
    this.image = this.pixels.createImageData(CELLS, CELLS);
    this.points = new Float64Array(2 * CELLS * CELLS);
  }

  show(training) {
    const { network, data } = training;
    if (this.data !== data) this.adopt(data);
    const { Z } = network.forward(this.points, CELLS * CELLS), bytes = this.image.data;
    for (let i = 0; i < Z.length; i++) {
      const p = 1 / (1 + Math.exp(-Z[i])), end = p < 0.5 ? LOW : HIGH, share = Math.abs(2 * p - 1);
      for (let c = 0; c < 3; c++) bytes[4 * i + c] = PAPER[c] + (end[c] - PAPER[c]) * share;
      bytes[4 * i + 3] = 255;
    }
    this.pixels.putImageData(this.image, 0, 0);
    this.context.imageSmoothingEnabled = true;
    this.context.drawImage(this.raster, 0, 0, this.side, this.side);
    this.border(Z);
    this.unitLines(network.layers[0]);
    this.dots(data);
  }

  /** Take over another set of points and the plane around it. */
  adopt(data) {
    this.data = data;
    const [x0, x1, y0, y1] = data.extent;
    for (let r = 0; r < CELLS; r++)
      for (let c = 0; c < CELLS; c++) {
        this.points[2 * (r * CELLS + c)] = x0 + ((c + 0.5) / CELLS) * (x1 - x0);
        this.points[2 * (r * CELLS + c) + 1] = y1 - ((r + 0.5) / CELLS) * (y1 - y0);
      }
  }

  place(x, y) {
    const [x0, x1, y0, y1] = this.data.extent;
    return [((x - x0) / (x1 - x0)) * this.side, ((y1 - y) / (y1 - y0)) * this.side];
  }

  /** Where the answer is ½: one piece of line in each square of four cells that it crosses. */
  border(Z) {
    const { context } = this, cell = this.side / CELLS;
    context.beginPath();
    for (let r = 0; r < CELLS - 1; r++)
      for (let c = 0; c < CELLS - 1; c++) {
        const at = r * CELLS + c;
        const corners = [[c, r, Z[at]], [c + 1, r, Z[at + 1]], [c + 1, r + 1, Z[at + CELLS + 1]], [c, r + 1, Z[at + CELLS]]];
        const crossings = [];
        for (let e = 0; e < 4; e++) {
          const [xa, ya, za] = corners[e], [xb, yb, zb] = corners[(e + 1) % 4];
          if (za > 0 === zb > 0) continue;
          const t = za / (za - zb);
          crossings.push([(xa + t * (xb - xa) + 0.5) * cell, (ya + t * (yb - ya) + 0.5) * cell]);
        }
        for (let i = 0; i + 1 < crossings.length; i += 2) {
          context.moveTo(...crossings[i]);
          context.lineTo(...crossings[i + 1]);
        }
      }
    context.strokeStyle = BLACK;
    context.lineWidth = 2;
    context.stroke();
  }

  /** Each unit of the first hidden layer is 0 before its activation along a line, w₁x₁ + w₂x₂ + b = 0. */
  unitLines({ k, W, b }) {
    const { context } = this, [x0, x1, y0, y1] = this.data.extent;
    context.save();
    context.setLineDash([5, 4]);
    context.strokeStyle = "#444444";
    context.lineWidth = 1;
    context.beginPath();
    for (let j = 0; j < k; j++) {
      const w1 = W[j], w2 = W[k + j];
      const ends = Math.abs(w2) > Math.abs(w1)
        ? [[x0, -(w1 * x0 + b[j]) / w2], [x1, -(w1 * x1 + b[j]) / w2]]
        : [[-(w2 * y0 + b[j]) / w1, y0], [-(w2 * y1 + b[j]) / w1, y1]];
      if (!ends.flat().every(Number.isFinite)) continue;
      context.moveTo(...this.place(...ends[0]));
      context.lineTo(...this.place(...ends[1]));
    }
    context.stroke();
    context.restore();
  }

  dots({ X, Y, N }) {
    const { context } = this, radius = N > 8 ? 3 : 6;
    context.strokeStyle = BLACK;
    context.lineWidth = 1;
    for (let n = 0; n < N; n++) {
      const [x, y] = this.place(X[2 * n], X[2 * n + 1]);
      context.beginPath();
      if (Y[n] > 0.5) context.rect(x - radius, y - radius, 2 * radius, 2 * radius);
      else context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fillStyle = Y[n] > 0.5 ? ORANGE : BLUE;
      context.fill();
      context.stroke();
    }
  }
}

export class LossView {
  constructor(canvas, width = 300, height = 280) {
    this.width = width;
    this.height = height;
    this.context = prepare(canvas, width, height);
  }

  show(training) {
    const { context, width, height } = this, left = 44, right = width - 8, top = 10, bottom = height - 34;
    const losses = training.trace.map(point => point[1]).filter(loss => loss > 0 && Number.isFinite(loss));
    const low = Math.min(-2, Math.floor(Math.log10(Math.min(...losses)))), high = Math.max(0, Math.ceil(Math.log10(Math.max(...losses))));
    const longest = Math.max(100, roundUp(training.steps));
    const x = step => left + (step / longest) * (right - left);
    const y = loss => bottom - ((Math.log10(Math.max(loss, 1e-12)) - low) / (high - low)) * (bottom - top);
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, width, height);
    context.fillStyle = BLACK;
    context.font = "12px system-ui, sans-serif";
    context.strokeStyle = "#dddddd";
    context.textAlign = "right";
    context.beginPath();
    for (let power = low; power <= high; power++) {
      context.moveTo(left, y(10 ** power));
      context.lineTo(right, y(10 ** power));
      context.fillText(String(Number((10 ** power).toPrecision(1))), left - 5, y(10 ** power) + 4);
    }
    context.stroke();
    context.textAlign = "center";
    for (const step of [0, longest / 2, longest]) context.fillText(String(step), Math.min(x(step), right - 14), bottom + 16);
    context.fillText("step", (left + right) / 2, height - 4);
    context.strokeStyle = BLUE;
    context.lineWidth = 2;
    context.beginPath();
    for (const [step, loss] of training.trace) if (Number.isFinite(loss)) context.lineTo(x(step), y(loss));
    context.stroke();
    context.lineWidth = 1;
  }
}

/** The next of 1, 2, 5 times a power of ten. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 5, 10].map(n => n * power).find(n => n >= value);
}
