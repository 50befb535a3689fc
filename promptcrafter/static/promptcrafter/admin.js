"use strict";

// Names for what the admin's own scripts leave without one.
{
  const nameAutocompletes = () => {
    for (const select of document.querySelectorAll("select.admin-autocomplete")) {
      const shown = document.getElementById(`select2-${select.id}-container`);
      const [label] = select.labels;
      if (shown && label) {
        label.id ||= `${select.id}_label`;
        shown.setAttribute("aria-labelledby", label.id);
        shown.parentElement.setAttribute("aria-labelledby", `${label.id} ${shown.id}`);
      }
    }
  };
  const nameHints = () => {
    for (const hint of document.querySelectorAll(".help-tooltip[aria-label]")) {
      hint.setAttribute("role", "img");
    }
  };
  // Each after the script that makes them: jQuery may be ready later than the page.
  window.django?.jQuery?.(nameAutocompletes);
  window.addEventListener("load", nameHints);
}
