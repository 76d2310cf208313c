// The inbox beyond forms: keys on the desk, and decisions pressed without a network. Everything works without this file.
(() => {
  "use strict";
  const KEPT = "tieout-offline";
  const told = document.getElementById("offline");
  const read = () => { try { return JSON.parse(localStorage.getItem(KEPT)) || []; } catch { return []; } };
  const write = (queue) => localStorage.setItem(KEPT, JSON.stringify(queue));
  const say = (words, title, more = "") => {
    const line = document.createElement("p");
    line.textContent = `${title}: ${words}${more ? ` ${more}` : ""}`;
    told.append(line);
    told.hidden = false;
  };

  // A decision keeps the key, digest and stage of its card: sent late or twice it counts once, on what was seen, or not at all.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (navigator.onLine || !form.matches("form[data-decide]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const fields = new FormData(form, event.submitter);
    write([...read(), { action: form.action, title: form.dataset.decide, fields: [...fields] }]);
    form.closest("article").setAttribute("aria-disabled", "true");
    say(told.dataset.kept, form.dataset.decide);
  }, true);

  const send = async (one) => {
    const answer = await fetch(one.action, { method: "POST", body: new URLSearchParams(one.fields), mode: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const problem = page.querySelector("[role=alert]");
    if (answer.url.includes("/sign-in")) return say(told.dataset.signin, one.title);
    if (answer.ok && !problem) return say(told.dataset.done, one.title);
    say(told.dataset.refused, one.title, problem ? problem.textContent.trim() : "");
  };

  let sending = false;
  const sendAll = async () => {
    if (sending || !navigator.onLine) return;
    sending = true;
    try {
      for (let queue = read(); queue.length; queue = read()) {
        await send(queue[0]);
        write(read().slice(1));
      }
    } catch { /* the network went away again: what is left waits for the next time */ } finally { sending = false; }
  };
  window.addEventListener("online", sendAll);
  sendAll();

  // j and k: next and previous card; x: choose it; a, r, t: to its buttons. Pressing stays a key press of its own.
  const cards = () => [...document.querySelectorAll(".cards > article")];
  const buttons = { a: "approve", r: "reject", t: "return" };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
    const list = cards();
    const here = list.indexOf(document.activeElement.closest(".cards > article"));
    const card = list[here];
    if (event.key === "j" || event.key === "k") {
      const next = list[Math.min(list.length - 1, Math.max(0, here + (event.key === "j" ? 1 : -1)))];
      if (next) { next.tabIndex = -1; next.focus(); next.scrollIntoView({ block: "nearest" }); }
    } else if (card && event.key === "x") card.querySelector("input[name=choice]")?.click();
    else if (card && buttons[event.key]) card.querySelector(`button[value=${buttons[event.key]}]`)?.focus();
  });
})();
