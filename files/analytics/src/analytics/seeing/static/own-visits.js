// The switch for the owner's own visits. The tracker leaves a browser alone that holds this mark
// (tracker/script.js). The mark is the browser's own, and counts for this origin only.
(() => {
  "use strict";
  const MARK = "analytics_ignore";

  for (const section of document.querySelectorAll("[data-own-visits]")) {
    const button = section.querySelector("button");
    const note = section.querySelector("[data-note]");
    const show = () => button.setAttribute("aria-checked", localStorage.getItem(MARK) === "true");
    try {
      show();
    } catch {
      // Storage is forbidden by the browser's settings.
      note.textContent = "This browser allows no storage, so it can't remember the choice.";
      continue;
    }
    button.addEventListener("click", () => {
      try {
        if (button.getAttribute("aria-checked") === "true") localStorage.removeItem(MARK);
        else localStorage.setItem(MARK, "true");
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
