// Seasoning for the inbox: keys for those who decide much, a count of what is chosen, a word when the network fails.
// Everything here is a link or a button on the page as well. Markup: organisers/templates/organisers/inbox.html.
(() => {
  "use strict";

  const OFF = "aufruf:no-keys";
  const store = (() => {
    try {
      localStorage.getItem(OFF);
      return localStorage;
    } catch {
      return null; // switched off by the person
    }
  })();
  let place = -1; // of the current row; it outlives the rows, so that deciding goes on where it was

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);
  const rows = () => all("[data-aufruf-row]");
  const picks = () => all("[data-aufruf-row] input[type=checkbox]");
  const chosen = () => picks().filter((pick) => pick.checked);
  const keysOn = () => store?.getItem(OFF) !== "1";

  season();
  document.addEventListener("htmx:afterSettle", () => {
    season();
    if (place >= 0) go(Math.min(place, rows().length - 1));
  });
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers.Accept = "text/html"; // as a browser asks; without it the answer is JSON
  });
  // An answer without a list (the login page, a refusal) is a page of its own.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.responseText.includes('id="inbox"')) return;
    event.detail.shouldSwap = false;
    if (event.detail.xhr.status < 400) location.assign(event.detail.xhr.responseURL);
    else failed(event.detail.xhr.responseText);
  });
  document.addEventListener("htmx:sendError", () => failed(""));
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-aufruf-keys-on]")) {
      if (event.target.checked) store?.removeItem(OFF);
      else store?.setItem(OFF, "1");
    }
    if (event.target.matches("[data-aufruf-row] input")) count();
  });
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("[data-aufruf-row]");
    if (row) mark(rows().indexOf(row));
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-aufruf-all]")) return;
    const every = picks().every((pick) => pick.checked);
    for (const pick of picks()) pick.checked = !every;
    count();
  });
  document.addEventListener("keydown", (event) => {
    if (!keysOn() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]")) return;
    const act = KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  const KEYS = {
    j: () => go(place + 1),
    k: () => go(place - 1),
    a: () => decide("accept"),
    r: () => decide("reject"),
    x: () => {
      const pick = rows()[place]?.querySelector("input[type=checkbox]");
      if (!pick) return;
      pick.checked = !pick.checked;
      count();
    },
    m: () => {
      if (chosen().length < 2) KEYS.x();
      else one("[data-aufruf-merge]").click();
    },
    "?": () => {
      const help = one("[data-aufruf-keys]");
      if (!help) return;
      help.open = !help.open;
      if (help.open) help.querySelector("summary").focus();
    },
  };

  function season() {
    const help = one("[data-aufruf-keys]");
    if (help) {
      help.hidden = false;
      help.querySelector("[data-aufruf-keys-on]").checked = keysOn();
    }
    const everything = one("[data-aufruf-all]");
    if (everything) everything.hidden = false;
    count();
  }

  function count() {
    const words = one("[data-aufruf-chosen]");
    if (!words) return;
    words.textContent = String(chosen().length);
    words.hidden = false;
  }

  function go(to) {
    const there = rows();
    if (!there.length) return;
    mark(Math.max(0, Math.min(to, there.length - 1)));
    const row = there[place];
    row.querySelector("a").focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  function mark(to) {
    place = to;
    rows().forEach((row, number) => row.classList.toggle("row-current", number === place));
  }

  function decide(decision) {
    if (chosen().length) one(`.bulk-bar [name=decision][value=${decision}]`)?.click();
    else rows()[place]?.querySelector(`[data-aufruf-key=${decision[0]}]`)?.click();
  }

  // What the server says when it refuses, in its own words; the list stays as it is.
  function failed(page) {
    const says = new DOMParser().parseFromString(page, "text/html").querySelector("main");
    const box = document.createElement("div");
    box.className = "problem-box";
    box.setAttribute("role", "alert");
    box.textContent = says ? says.textContent.replace(/\s+/g, " ").trim() : one("#inbox").dataset.aufrufFailed;
    one(".problem-box")?.remove();
    one("#inbox").prepend(box);
    box.scrollIntoView({ block: "nearest" });
  }
})();
