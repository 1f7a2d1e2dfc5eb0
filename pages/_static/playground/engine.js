// The mathematics of the playground on the pages: affine layers, activations, binary cross-entropy, one step.
//
// A second implementation of what `bplib` does, tied to it by tests/web/test_playground.py. Each formula carries
// the name of the claim in `bplib.derive` that proves it. Rows are examples; an array holds row after row.

export const ACTIVATIONS = {
  sigmoid: { f: sigmoid, slope: a => a * (1 - a) }, // claim: sigmoid_derivative
  tanh: { f: Math.tanh, slope: a => 1 - a * a }, // claim: tanh_derivative
  relu: { f: z => Math.max(z, 0), slope: a => (a > 0 ? 1 : 0) }, // claims: relu_slope_open, relu_slope_closed
};

export function sigmoid(z) {
  return 1 / (1 + Math.exp(-z));
}

/** Affine layers of the given widths with an activation after each but the last; the output is a logit. */
export class Network {
  constructor(sizes, activation) {
    if (!(activation in ACTIVATIONS))
      throw new RangeError(`Network: activation must be ${Object.keys(ACTIVATIONS).join(", ")}, got ${activation}`);
    if (sizes.length < 2 || !sizes.every(n => Number.isInteger(n) && n > 0))
      throw new RangeError(`Network: sizes must be two or more whole numbers above 0, got ${sizes}`);
    this.sizes = sizes;
    this.activation = ACTIVATIONS[activation];
    this.he = activation === "relu";
    this.layers = sizes.slice(1).map((k, l) => ({
      d: sizes[l], k, W: new Float64Array(sizes[l] * k), b: new Float64Array(k),
    }));
  }

  /** Draw W from N(0, sd²): He before ReLU, Xavier otherwise; b starts at 0. Claims: he, xavier_both_ways. */
  draw(random) {
    this.layers.forEach(({ d, k, W, b }, l) => {
      const he = this.he && l < this.layers.length - 1;
      const sd = Math.sqrt(2 / (he ? d : d + k));
      for (let i = 0; i < W.length; i++) W[i] = sd * random.normal();
      b.fill(0);
    });
    return this;
  }

  /** The logits of N rows, and the activations of every layer, which backward needs. */
  forward(X, N) {
    const activations = [X];
    let A = X;
    this.layers.forEach(({ d, k, W, b }, l) => {
      const last = l === this.layers.length - 1, out = new Float64Array(N * k);
      for (let n = 0; n < N; n++)
        for (let j = 0; j < k; j++) {
          let z = b[j];
          for (let i = 0; i < d; i++) z += A[n * d + i] * W[i * k + j]; // Z = XW + b
          out[n * k + j] = last ? z : this.activation.f(z);
        }
      if (!last) activations.push(out);
      A = out;
    });
    return { Z: A, activations };
  }

  /** L = −1/N Σ [y log ŷ + (1 − y) log(1 − ŷ)] with ŷ = σ(z). Claims: bce_stable_positive, bce_stable_negative. */
  loss(X, Y, N) {
    return meanLoss(this.forward(X, N).Z, Y, N);
  }

  /** The loss and, for each layer, dW and db: the chain rule from the last layer to the first. */
  gradients(X, Y, N) {
    const { Z, activations } = this.forward(X, N);
    let dZ = Z.map((z, i) => (sigmoid(z) - Y[i]) / N); // claims: bce_by_logit, mean_over_rows
    const grads = [];
    for (let l = this.layers.length - 1; l >= 0; l--) {
      const { d, k, W } = this.layers[l], A = activations[l];
      const dW = new Float64Array(d * k), db = new Float64Array(k), dA = new Float64Array(N * d);
      for (let n = 0; n < N; n++)
        for (let j = 0; j < k; j++) {
          const dz = dZ[n * k + j];
          db[j] += dz; // claim: affine_db
          for (let i = 0; i < d; i++) {
            dW[i * k + j] += A[n * d + i] * dz; // Xᵀ dZ, claim: affine_dW
            dA[n * d + i] += dz * W[i * k + j]; // dZ Wᵀ, claim: affine_dX
          }
        }
      grads[l] = { W: dW, b: db };
      if (l > 0) dZ = dA.map((da, i) => da * this.activation.slope(A[i])); // claim: hidden_delta
    }
    return { loss: meanLoss(Z, Y, N), grads };
  }

  /** One step of gradient descent on these rows, w ← w − ηg; returns the loss before it. Claim: downhill. */
  step(X, Y, N, learningRate) {
    const { loss, grads } = this.gradients(X, Y, N);
    this.layers.forEach((layer, l) => {
      for (const name of ["W", "b"])
        for (let i = 0; i < layer[name].length; i++) layer[name][i] -= learningRate * grads[l][name][i];
    });
    return loss;
  }
}

function meanLoss(Z, Y, N) {
  let sum = 0;
  for (let i = 0; i < Z.length; i++)
    sum += Math.max(Z[i], 0) - Z[i] * Y[i] + Math.log1p(Math.exp(-Math.abs(Z[i])));
  return sum / N;
}

/** Random numbers from a seed (mulberry32), so that an experiment can be repeated. */
export class Random {
  constructor(seed) {
    this.state = (seed * 2654435761 + 1) >>> 0;
  }

  uniform() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  normal() {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }
}

// The sets of `bplib.datasets`, drawn anew: N rows, classes in turn.
const TWO_CLASSES = {
  circles: (y, random) => {
    const radius = y ? 0.5 : 1, angle = 2 * Math.PI * random.uniform();
    return [radius * Math.cos(angle) + 0.1 * random.normal(), radius * Math.sin(angle) + 0.1 * random.normal()];
  },
  spiral: (y, random) => {
    const radius = 0.1 + 0.9 * Math.sqrt(random.uniform()), angle = 3 * Math.PI * radius + Math.PI * y;
    return [radius * Math.cos(angle) + 0.03 * random.normal(), radius * Math.sin(angle) + 0.03 * random.normal()];
  },
  blobs: (y, random) => [2 * y - 1 + 0.4 * random.normal(), 2 * y - 1 + 0.4 * random.normal()],
};

/** X (N, 2), Y (N, 1) and N; the plane they lie in as [x0, x1, y0, y1]. */
export function dataset(name) {
  if (name === "xor")
    return { X: Float64Array.of(0, 0, 0, 1, 1, 0, 1, 1), Y: Float64Array.of(0, 1, 1, 0), N: 4, extent: [-0.15, 1.15, -0.15, 1.15] };
  const N = 200, random = new Random(1), X = new Float64Array(2 * N), Y = new Float64Array(N);
  for (let n = 0; n < N; n++) {
    Y[n] = n % 2;
    X.set(TWO_CLASSES[name](Y[n], random), 2 * n);
  }
  const reach = 1.1 * Math.max(...X.map(Math.abs));
  return { X, Y, N, extent: [-reach, reach, -reach, reach] };
}

/** Training in progress: batches in turn from shuffled rows, as `bplib.train` takes them. */
export class Training {
  constructor({ data, hidden, layers, activation, seed, batch_size }) {
    this.data = dataset(data);
    this.random = new Random(seed + 17);
    this.network = new Network([2, ...Array(layers).fill(hidden), 1], activation).draw(this.random);
    this.size = Math.min(batch_size, this.data.N);
    this.steps = 0;
    this.rows = [];
    this.trace = [[0, this.loss()]];
  }

  loss() {
    return this.network.loss(this.data.X, this.data.Y, this.data.N);
  }

  /** The share of points on the right side of ½. */
  accuracy() {
    const { Z } = this.network.forward(this.data.X, this.data.N);
    return Z.reduce((sum, z, i) => sum + (z > 0 === this.data.Y[i] > 0.5), 0) / this.data.N;
  }

  step(learningRate) {
    const { X, Y, N } = this.data;
    if (this.rows.length < this.size) {
      this.rows = Array.from({ length: N }, (_, n) => n);
      for (let n = N - 1; n > 0; n--) {
        const m = Math.floor(this.random.uniform() * (n + 1));
        [this.rows[n], this.rows[m]] = [this.rows[m], this.rows[n]];
      }
    }
    const batch = this.rows.splice(0, this.size);
    const x = Float64Array.from(batch.flatMap(n => [X[2 * n], X[2 * n + 1]]));
    const y = Float64Array.from(batch, n => Y[n]);
    const loss = this.network.step(x, y, batch.length, learningRate);
    this.steps += 1;
    // 300 points of the curve for the first 300 steps, and as many for each doubling from there on: two steps
    // in a row at a time, as every second step alone would show one side of a swing to and fro
    const every = 1 << Math.max(0, Math.floor(Math.log2(this.steps / 300)));
    if (this.steps % (2 * every) < 2) this.trace.push([this.steps, this.loss()]);
    return loss;
  }
}
