// Lets the service worker keep what this page loaded before the worker was there.
const folder = new URL("..", location.href);
const seen = new Set();
const keep = async addresses => {
  for (const address of addresses) {
    const url = new URL(address, folder);
    if (seen.has(url.pathname) || !url.href.startsWith(folder.href) || /\/api\/(drive|stdin)/.test(url.pathname)) continue;
    seen.add(url.pathname);
    await fetch(url).then(found => found.blob()).catch(() => {}); // what cannot be had now comes another time
  }
};
const controlled = () => new Promise(done => {
  if (navigator.serviceWorker.controller) done();
  else navigator.serviceWorker.addEventListener("controllerchange", () => done(), { once: true });
});
if (navigator.serviceWorker && window.caches)
  addEventListener("load", async () => {
    await controlled();
    // the kernel's own files are loaded by a worker, whose requests do not show here
    const lock = await fetch(new URL("static/pyodide/pyodide-lock.json", folder)).then(found => found.json());
    const files = ["pyodide-lock.json", "pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip",
      ...Object.values(lock.packages).map(entry => entry.file_name)];
    const here = [location.href, ...performance.getEntriesByType("resource").map(entry => entry.name)];
    new PerformanceObserver(list => keep(list.getEntries().map(entry => entry.name))).observe({ type: "resource" });
    await keep([...here, ...files.map(name => `static/pyodide/${name}`)]);
    document.documentElement.dataset.kept = "yes";
  });
