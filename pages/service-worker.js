// Keeps what a visit has loaded: the next one comes from the cache, and works without a network.
//
// JupyterLite's own worker, which it also needs for files and input, is asked for everything but the files of the
// site. One version of the site has one cache, and a new version waits until no page uses the old one, so that
// a kernel never meets wheels of another version than its list of them.
{ // JupyterLite's script has names of its own
  const CACHE = "course-@VERSION@";
  const scope = new URL("./", location.href);

  const isFile = request => {
    const { href, pathname } = new URL(request.url);
    return request.method === "GET" && href.startsWith(scope.href)
      && !/\/(api\/(drive|stdin|service-worker-heartbeat)|service-worker\.js$)/.test(pathname);
  };

  const answer = async (event, url) => {
    const cache = await caches.open(CACHE), kept = await cache.match(url);
    if (kept) return kept;
    try {
      const found = await fetch(event.request);
      if (found.status === 200) event.waitUntil(cache.put(url, found.clone()).catch(() => {})); // e.g. the disk is full
      return found;
    } catch {
      return new Response("", { status: 404, statusText: "not kept, and there is no network" });
    }
  };

  addEventListener("fetch", event => {
    if (!isFile(event.request)) return;
    event.stopImmediatePropagation();
    const { origin, pathname } = new URL(event.request.url);
    event.respondWith(answer(event, origin + pathname)); // a query names a lesson or a build, not another file
  });
  addEventListener("install", event => event.stopImmediatePropagation()); // JupyterLite's would not wait
  addEventListener("activate", event => event.waitUntil(
    caches.keys().then(names => Promise.all(names.filter(name => name !== CACHE).map(name => caches.delete(name)))),
  ));
}
importScripts("jupyterlite-service-worker.js");
