// Counts this page view: the page's address and the page that led here, and nothing else.
// No cookie, no storage, no second request. Says nothing if you asked not to be tracked.
(function () {
  "use strict";
  var nav = navigator;
  if (nav.doNotTrack === "1" || nav.globalPrivacyControl || !window.fetch) return;

  function count() {
    fetch("/api/event", {
      method: "POST",
      headers: { "Content-Type": "text/plain" },
      credentials: "omit",
      keepalive: true,
      body: JSON.stringify({
        name: "pageview",
        url: location.href.split("#")[0],
        domain: location.hostname,
        referrer: document.referrer,
      }),
    }).catch(function () {});
  }

  // A page that the browser only prepares has not been read yet.
  if (document.prerendering) {
    document.addEventListener("prerenderingchange", count, { once: true });
  } else {
    count();
  }
})();
