// Keeps for the next visit, on or off line, what this one has loaded before the service worker was there.
const folder = new URL("..", location.href);
const keep = async addresses => {
  await navigator.serviceWorker.ready;
  const cache = await caches.open("precache");
  for (const address of addresses) {
    const url = new URL(address, folder);
    if (url.href.startsWith(folder.href) && !url.pathname.includes("/api/drive") && !(await cache.match(url)))
      await cache.add(url.href).catch(() => {}); // what cannot be had now comes another time
  }
};
if (navigator.serviceWorker && window.caches)
  addEventListener("load", () => {
    keep([location.href]);
    new PerformanceObserver(list => keep(list.getEntriesByType("resource").map(entry => entry.name)))
      .observe({ type: "resource", buffered: true });
    // the kernel's own files are loaded by a worker, whose requests do not show here
    navigator.serviceWorker.ready.then(() => fetch(new URL("static/pyodide/pyodide-lock.json", folder)))
      .then(answer => answer.json())
      .then(lock => keep(["pyodide-lock.json", "pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip",
        ...Object.values(lock.packages).map(entry => entry.file_name)].map(name => `static/pyodide/${name}`)))
      .then(() => { document.documentElement.dataset.kept = "yes"; });
  });
