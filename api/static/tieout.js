// What pages do beyond forms. Everything else works without this file.
(() => {
  "use strict";
  // A mailed link carries its secret after '#', which browsers send to nobody: hand it over by POST.
  const exchange = document.querySelector("form[data-exchange]");
  if (exchange && location.hash.length > 1) {
    exchange.querySelector("input[name=token]").value = location.hash.slice(1);
    history.replaceState(null, "", location.pathname);
    exchange.submit();
  }
  // "Choose all" of a bulk form.
  document.addEventListener("change", (event) => {
    const all = event.target.closest("input[data-all]");
    if (all) document.querySelectorAll(`input[name="${all.dataset.all}"]`).forEach((box) => { box.checked = all.checked; });
  });
  // One press, one request: the second press of an impatient finger is not sent.
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post" || event.submitter?.formTarget) return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));
  // Shows what is being written in the frame beside it, half a second after the last key.
  const live = document.querySelector("form[data-live]");
  if (live) {
    let soon = 0;
    if (live.dataset.live) live.requestSubmit(live.querySelector("button[formtarget]"));
    live.addEventListener("input", (event) => {
      const shown = event.target.closest("fieldset")?.querySelector("button[formtarget]");
      clearTimeout(soon);
      if (shown) soon = setTimeout(() => live.requestSubmit(shown), 500);
    });
  }
  // Notes once that a person, not a scanner, opened the page.
  const opened = document.querySelector("meta[name=opened]");
  if (opened) fetch(opened.content, { method: "POST", mode: "same-origin" }).catch(() => {});
})();
