// What the dashboard can do beyond links: keys, menus that close, and numbers that stay fresh.
// htmx turns its links into changes in place. Without either the page is whole.
"use strict";

const keys = document.getElementById("keys");
const keysOn = document.getElementById("keys-on");
const FRESH_MS = 60_000;
const WAITING_MS = 5_000;
const STORED = "freehold_keys";
const IN_PLACE = { target: "#page", select: "#page", swap: "outerMorph show:none" };

// Whoever speaks to the browser may press keys without wanting to: they can be switched off.
// https://www.w3.org/WAI/WCAG22/Understanding/character-key-shortcuts
function stored() {
  try {
    return localStorage.getItem(STORED) !== "off";
  } catch {
    return true; // storage is forbidden
  }
}

keysOn.checked = stored();
keysOn.addEventListener("change", () => {
  try {
    localStorage.setItem(STORED, keysOn.checked ? "on" : "off");
  } catch {
    // It holds for this page then.
  }
});

function isTyping(element) {
  return element.closest("input, select, textarea, dialog") !== null;
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(except)) menu.open = false;
  }
}

// Something that fills in a field is focused; all else is clicked.
function press(element) {
  if (element.matches("input")) element.focus();
  else element.click();
  if (element.matches("summary")) element.parentElement.querySelector("select")?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const open = document.querySelector("details.menu[open]");
    closeMenus(null);
    open?.querySelector("summary").focus();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  // With Shift the arrows extend what is selected.
  if (!keysOn.checked || (event.shiftKey && event.key.startsWith("Arrow"))) return;
  if (event.key === "?") {
    keys.showModal();
    return;
  }
  // A region that scrolls has use for the arrows itself.
  if (event.target.closest(".scroll, pre")) return;
  const wanted = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!wanted) return;
  event.preventDefault();
  press(wanted);
});

document.addEventListener("click", (event) => {
  closeMenus(event.target);
  if (event.target.closest("#keys-button")) keys.showModal();
});

// htmx takes only links of HTML for its own, and the map's are SVG's.
document.addEventListener("click", (event) => {
  const country = event.target.closest(".world a");
  const another = event.ctrlKey || event.metaKey || event.shiftKey;
  if (!country || another || !window.htmx) return;
  event.preventDefault();
  htmx.ajax("GET", country.getAttribute("href"), { ...IN_PLACE, push: "true" });
});

// The number under the pointer at once, where a title takes its time.
document.addEventListener("pointerover", (event) => {
  const readout = document.querySelector(".readout");
  if (!readout || !(event.target instanceof Element)) return;
  const title = event.target.closest(".points g")?.querySelector("title");
  readout.textContent = title ? title.textContent.replaceAll("\n", " · ") : "";
});

function showKeysButton() {
  const button = document.getElementById("keys-button");
  if (button) button.hidden = false;
}

showKeysButton();
document.addEventListener("htmx:after:swap", showKeysButton);

// A link to a card's other list ends in the card's name, for browsers that load the page anew. What
// changes in place must stay where it is.
document.addEventListener("htmx:config:request", (event) => {
  event.detail.ctx.request.anchor = null;
});

function here() {
  return location.pathname + location.search;
}

function isBusy() {
  return document.querySelector("details[open], dialog[open], :is(input, select):focus") !== null;
}

// htmx swaps in whatever comes back. What is no page of ours, as after the end of a session or while
// the service starts, would leave nothing here: it is shown by itself if somebody asked for it. A
// refresh, that nobody asked for, rather keeps the numbers that there are, and tries again; the same
// if it comes late, when somebody has gone on to another view or is in the middle of something.
document.addEventListener("htmx:after:request", (event) => {
  const { fresh, response, text } = event.detail.ctx;
  const isPage = text.includes('id="page"');
  const isWanted = response.raw.ok && fresh === here() && !isBusy();
  if (isPage && (!fresh || isWanted)) return;
  event.preventDefault();
  if (!fresh) location.assign(response.raw.url);
  else if (response.status === 401 && !isBusy()) location.reload();
});

// As long as nobody is in the middle of something, the page follows what happens on the site.
function keepFresh(selector, ms) {
  setInterval(() => {
    if (document.hidden || isBusy() || !window.htmx || !document.querySelector(selector)) return;
    htmx.ajax("GET", here(), { ...IN_PLACE, fresh: here() });
  }, ms);
}

keepFresh(".headline", FRESH_MS);
keepFresh(".waiting", WAITING_MS);
