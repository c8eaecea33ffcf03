// What is live. Without it each page is the same, and is reloaded by hand.
"use strict";

(() => {
  const regions = () => [...document.querySelectorAll("[data-live]")];

  // Counts down to the next attempt.
  const countDown = () => {
    for (const own of document.querySelectorAll("[data-countdown]")) {
      const left = (Date.parse(own.dataset.countdown) - Date.now()) / 1000;
      own.textContent = left > 0 ? own.dataset.text.replace("{}", left.toFixed(1)) : "";
    }
  };
  countDown();
  setInterval(countDown, 100);

  if (regions().length === 0 || !window.EventSource) return;

  // Takes the live parts of the page anew. What is open stays open, and the focus where it was.
  const renew = async () => {
    const answer = await fetch(location.href, { credentials: "same-origin", redirect: "error" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const old of regions()) {
      const fresh = page.getElementById(old.id);
      if (!fresh || fresh.innerHTML === old.innerHTML) continue;
      const open = [...old.querySelectorAll("details")].map((own) => own.open);
      fresh.querySelectorAll("details").forEach((own, index) => { own.open = open[index] ?? own.open; });
      const focusable = "a, button, summary, [tabindex]";
      const focused = [...old.querySelectorAll(focusable)].indexOf(document.activeElement);
      // The status is changed in its place, so that it is read out.
      const [said, says] = [old.querySelector("[role=status]"), fresh.querySelector("[role=status]")];
      if (said && says) {
        if (said.innerHTML !== says.innerHTML) said.innerHTML = says.innerHTML;
        const rest = [...fresh.childNodes].filter((node) => node !== says);
        [...old.childNodes].filter((node) => node !== said).forEach((node) => node.remove());
        old.append(...rest);
      } else {
        old.replaceChildren(...fresh.childNodes);
      }
      if (focused >= 0) old.querySelectorAll(focusable)[focused]?.focus();
    }
    countDown();
  };

  let waiting = false, busy = false;
  const soon = async () => {
    if (waiting) return;
    waiting = true;
    setTimeout(async () => {
      waiting = false;
      if (busy) return soon();
      busy = true;
      try { await renew(); } catch { /* The next update tries again. */ } finally { busy = false; }
    }, 150);
  };

  // A browser has few connections to one server: a page that nobody sees gives its own back.
  let source;
  const follow = () => {
    if (source || document.hidden) return;
    source = new EventSource("/live");
    // What happened before it was open, and while it was not, is asked for.
    source.addEventListener("ready", soon);
    source.addEventListener("missed", soon);
    source.addEventListener("update", (event) => {
      const wanted = regions().map((own) => own.dataset.live);
      if (wanted.includes("all") || wanted.includes(event.data)) soon();
    });
  };
  const leave = () => { source?.close(); source = undefined; };
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : follow()));
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", follow);
  follow();
})();
