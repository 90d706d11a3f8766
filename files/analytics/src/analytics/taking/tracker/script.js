// The tracker: tells the service which page is read, for how long, and how far down. It sets no
// cookie and stores nothing. What it sends is what Plausible's own trackers send:
// https://plausible.io/docs/events-api
//
// All of it must fit into 1,000 bytes when minified and gzipped (tests/taking/test_tracker.py).
// That is why a thing is said the same way each time, and why there is nothing for browsers before
// 2020.
{
  const { dataset: data, src } = document.currentScript;
  // What the page said before this script was there: its calls, and Plausible's options.
  const stub = window.plausible || {};
  const hash = "hash" in data;

  // The page view that was sent last, and where it was.
  let view, path;
  // How it is read: see measure() and engage(). Not numbers until there is a page view, so that
  // every comparison with them is false.
  let active, since, time, depth, sent;

  // Asked for each event, because somebody may opt out while the page is open.
  const ignored = () => {
    try {
      if (localStorage.plausible_ignore == "true" || localStorage.analytics_ignore == "true") {
        return true;
      }
    } catch {
      // The browser forbids storage. Then nobody has opted out by it.
    }
    return (
      // As with Plausible, for the tests of a site.
      (navigator.webdriver && !window.__plausible) ||
      // A file has no host.
      (!("local" in data) && /^(localhost|127\.[\d.]+|\[::1])?$/.test(location.hostname))
    );
  };

  // The callback is called in any case: pages go on to the next one from there.
  const send = async (event, callback) => {
    let result;
    if (!ignored()) {
      try {
        result = await fetch(data.api || new URL("/api/event", src), {
          method: "POST",
          // A string goes as text/plain, for which no browser asks the server first.
          body: JSON.stringify(event),
          // Outlives the page.
          keepalive: true,
        });
      } catch (error) {
        result = { error };
      }
    }
    callback?.(result);
  };

  // Adds up the time in which the page was visible and had the focus, in milliseconds, and keeps
  // the lowest line seen, in pixels. Not by Date.now(): a clock is set, and runs while a laptop
  // sleeps.
  const measure = () => {
    const now = performance.now();
    if (active) time += now - since;
    since = now;
    active = !document.hidden && document.hasFocus();
    depth = Math.max(depth, scrollY + innerHeight);
  };

  // Sends what is new since the last time, but no three seconds by themselves. The page's height
  // is asked for late, because a page grows while it loads. Beyond its end the service takes for
  // the end.
  const engage = () => {
    const sd = Math.round((depth / document.documentElement.scrollHeight) * 100);
    if (sd > sent || time >= 3000) {
      send({ ...view, n: "engagement", sd, e: Math.round(time) });
      sent = sd;
      time = 0;
    }
  };

  const track = (n, options) => {
    const event = {
      n,
      // A fragment can hold a secret, and no browser sends it with a request.
      u: options?.u || options?.url || (hash ? location.href : location.href.split("#")[0]),
      d: data.domain || location.hostname,
      r: document.referrer,
      p: options?.props,
      i: options?.interactive,
      h: hash,
    };
    if (n == "pageview") {
      measure();
      engage();
      view = event;
      time = depth = sent = 0;
    }
    send(event, options?.callback);
  };

  // After anything that may have changed what is seen. A page in a tab behind, or one that the
  // browser only prepares, is counted when it is shown.
  const look = (event) => {
    measure();
    if (!active) engage();
    // Back from the browser's memory: the same page is read once more.
    if (event.persisted) path = 0;
    const now = location.pathname + (hash ? location.hash : "");
    // A page that tells of its views by itself would else have each of them counted twice.
    if (!document.hidden && now != path && stub.o?.autoCapturePageviews !== false) {
      path = now;
      track("pageview");
    }
  };

  const click = (event) => {
    // What is clicked may be the document itself, and a link in a drawing (SVG) has no host.
    const link = event.target.closest?.("a");
    // 1 is the middle button, which opens a tab; 2 only opens a menu.
    if (link?.host && event.button < 2) {
      if ("outbound" in data && link.host != location.host) {
        track("Outbound Link: Click", { props: { url: link.href } });
      } else if (data.downloads?.split(/\W+/).includes(link.pathname.split(".").pop())) {
        track("File Download", { props: { url: link.origin + link.pathname } });
      }
    }
  };

  // A page may hold the script twice, or run it anew for each page that it shows: the first one
  // goes on alone, or every view would be counted by each of them. That of another host is another.
  if (stub.t != src) {
    // A page that changes its own address says so to nobody.
    ["pushState", "replaceState"].forEach((name) => {
      const original = history[name];
      history[name] = (...values) => {
        original.call(history, ...values);
        look(values);
      };
    });

    // The first is also for a change of the fragment. The third comes at the end of a page too;
    // unload would keep it out of the browser's memory.
    ["popstate", "pageshow", "visibilitychange", "focus", "blur"].forEach((name) =>
      addEventListener(name, look),
    );
    addEventListener("scroll", measure);
    addEventListener("click", click);
    addEventListener("auxclick", click);

    window.plausible = track;
    track.t = src;
    look(stub);
    stub.q?.forEach((call) => track(...call));
  }
}
