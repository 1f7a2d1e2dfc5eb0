// Backpropagation in plain loops over numbers, as TensorFlow Playground does it, for `speed.py`:
//   node plain_loops.js '{"sizes": [2, 2, 1], "batch": 1, "activation": "sigmoid"}'
// For each line of standard input, seconds, it trains that long and prints [steps a second, peak MB].
"use strict";
const { sizes, batch, activation } = JSON.parse(process.argv[2]);
const RATE = 0.1, XOR = sizes[0] === 2;
const N = XOR ? 4 : 10240;
const X = [], Y = [];
for (let n = 0; n < N; n++) {
  if (XOR) {
    X.push(Float64Array.of(...[[1, 1], [0, 1], [1, 0], [0, 0]][n]));
    Y.push(Float64Array.of([0, 1, 1, 0][n]));
  } else {
    X.push(Float64Array.from({ length: sizes[0] }, () => 5 * Math.max(Math.random() - 0.8, 0)));
    Y.push(Float64Array.from({ length: 10 }, (_, k) => +(k === n % 10)));
  }
}
const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
const layers = sizes.slice(1).map((n_out, l) => {
  const n_in = sizes[l], W = new Float64Array(n_in * n_out).map(() => normal() / Math.sqrt(n_in));
  return { n_in, n_out, W, b: new Float64Array(n_out), dW: new Float64Array(n_in * n_out),
           db: new Float64Array(n_out), a: new Float64Array(n_out), d: new Float64Array(n_out) };
});

function forward(x) {
  let a = x;
  layers.forEach(({ n_in, n_out, W, b, a: out }, l) => {
    const last = l === layers.length - 1;
    for (let j = 0; j < n_out; j++) {
      let z = b[j];
      for (let i = 0; i < n_in; i++) z += W[j * n_in + i] * a[i];
      if (last && n_out > 1) out[j] = z;
      else out[j] = last || activation === "sigmoid" ? 1 / (1 + Math.exp(-z)) : Math.max(z, 0);
    }
    if (last && n_out > 1) {
      const top = Math.max(...out);
      let sum = 0;
      for (let j = 0; j < n_out; j++) sum += out[j] = Math.exp(out[j] - top);
      for (let j = 0; j < n_out; j++) out[j] /= sum;
    }
    a = out;
  });
  return a;
}

function backward(x, y) {
  const last = layers.at(-1);
  for (let j = 0; j < last.n_out; j++) last.d[j] = last.a[j] - y[j];
  for (let l = layers.length - 1; l >= 0; l--) {
    const { n_in, n_out, W, dW, db, d } = layers[l], a = l ? layers[l - 1].a : x;
    for (let j = 0; j < n_out; j++) {
      db[j] += d[j];
      for (let i = 0; i < n_in; i++) dW[j * n_in + i] += d[j] * a[i];
    }
    if (!l) break;
    const below = layers[l - 1].d;
    for (let i = 0; i < n_in; i++) {
      let sum = 0;
      for (let j = 0; j < n_out; j++) sum += W[j * n_in + i] * d[j];
      below[i] = sum * (activation === "sigmoid" ? a[i] * (1 - a[i]) : +(a[i] > 0));
    }
  }
}

let order = [], at = N;
function step() {
  if (at >= N) {
    order = Array.from({ length: N }, (_, n) => n);
    for (let n = N - 1; n > 0; n--) {
      const m = Math.floor(Math.random() * (n + 1));
      [order[n], order[m]] = [order[m], order[n]];
    }
    at = 0;
  }
  const end = Math.min(at + batch, N), size = end - at;
  for (; at < end; at++) {
    forward(X[order[at]]);
    backward(X[order[at]], Y[order[at]]);
  }
  for (const { W, b, dW, db } of layers) {
    for (let k = 0; k < W.length; k++) W[k] -= RATE * dW[k] / size;
    for (let k = 0; k < b.length; k++) b[k] -= RATE * db[k] / size;
    dW.fill(0);
    db.fill(0);
  }
}

require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const seconds = Number(line), begin = performance.now();
  let count = 0, now = begin;
  for (; now - begin < 1000 * seconds; now = performance.now()) {
    for (let k = 0; k < (XOR ? 64 : 1); k++) { step(); count++; }
  }
  console.log(JSON.stringify([1000 * count / (now - begin), process.resourceUsage().maxRSS / 1024]));
});
