// The switch that leaves this browser uncounted. The trackers leave a browser alone that holds one
// of these marks: Plausible's know the first, ours (tracker/script.js) both. A mark is the
// browser's own, and counts for this origin only.
(() => {
  "use strict";
  const MARKS = ["plausible_ignore", "analytics_ignore"];

  for (const section of document.querySelectorAll("[data-opt-out]")) {
    const button = section.querySelector("button");
    const state = section.querySelector("[data-state]");
    const note = section.querySelector("[data-note]");
    const show = () => {
      const out = MARKS.some((mark) => localStorage.getItem(mark) === "true");
      button.setAttribute("aria-checked", out);
      state.textContent = out
        ? "Visits of this browser are not counted here."
        : "This browser has not opted out here.";
    };
    try {
      show();
    } catch {
      // Storage is forbidden by the browser's settings.
      note.textContent = "This browser allows no storage, so it can't remember the choice.";
      continue;
    }
    button.addEventListener("click", () => {
      try {
        if (button.getAttribute("aria-checked") === "true") {
          for (const mark of MARKS) localStorage.removeItem(mark);
        } else {
          localStorage.setItem(MARKS[0], "true");
        }
        show();
      } catch {
        note.textContent = "This browser's storage is full, so it can't remember the choice.";
        note.hidden = false;
      }
    });
    button.parentElement.hidden = false;
    section.querySelector("[data-hint]").hidden = false;
    note.hidden = true;
  }
})();
