// The settings of the playground: their limits, the page's address, and the line of Python that makes the same.

export const SETTINGS = {
  data: { label: "Data", choices: { xor: "XOR", circles: "circles", spiral: "spiral", blobs: "two blobs" } },
  learning_rate: { label: "Learning rate η", low: 0.001, high: 10, log: true },
  hidden: { label: "Hidden units", low: 1, high: 8 },
  layers: { label: "Hidden layers", low: 1, high: 4 },
  activation: { label: "Activation", choices: { sigmoid: "sigmoid", tanh: "tanh", relu: "ReLU" } },
  batch_size: { label: "Batch size", low: 1, high: 200, hidden: true },
  seed: { label: "Seed", low: 0, high: 20 },
};
export const DEFAULTS = {
  data: "xor", learning_rate: 0.5, hidden: 4, layers: 1, activation: "tanh", batch_size: 4, seed: 0,
};

/** The settings that an address holds; what is missing or out of bounds keeps its default. */
export function fromAddress(query) {
  const found = new URLSearchParams(query), settings = { ...DEFAULTS };
  for (const [name, { choices, low, high, log }] of Object.entries(SETTINGS)) {
    const text = found.get(name);
    if (text === null) continue;
    const value = choices ? text : Number(text);
    if (choices ? Object.hasOwn(choices, value) : value >= low && value <= high && (log || Number.isInteger(value)))
      settings[name] = value;
  }
  return settings;
}

/** The same as the query of an address. */
export function toAddress(settings) {
  return `?${new URLSearchParams(Object.keys(SETTINGS).map(name => [name, String(settings[name])]))}`;
}

/** A line that makes the experiment in a lesson, with the fields that differ from the defaults. */
export function toPython(settings) {
  const fields = Object.keys(SETTINGS).filter(name => settings[name] !== DEFAULTS[name]);
  const shown = fields.map(name => {
    const value = settings[name];
    return `${name}=${typeof value === "string" ? `"${value}"` : name === "learning_rate" && Number.isInteger(value) ? `${value}.0` : value}`;
  });
  return `XORPlayground(XORSettings(${shown.join(", ")}))`;
}

/** A slider with a logarithmic scale stands at 0 … 100. */
export function toSlider({ low, high, log }, value) {
  return log ? Math.round((100 * Math.log(value / low)) / Math.log(high / low)) : value;
}

export function fromSlider({ low, high, log }, place) {
  return log ? Number((low * (high / low) ** (place / 100)).toPrecision(2)) : Number(place);
}
