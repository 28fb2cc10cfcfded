// The check against robots in our own forms: loads ALTCHA's widget when somebody starts to fill in the form, and holds
// the form back until the calculation is done. It never keeps anybody from sending: when the check fails, the server
// decides, in words. Markup: intake/templates/intake/proof.html.

const box = document.querySelector(".proof");
const form = box.closest("form");
const wait = box.querySelector(".proof-wait");
const DONE = new Set(["verified", "error", "expired"]);
const MOST_WORKERS = 4; // enough for a second's work, and leaves the machine its other cores

let widget; // a promise of the element, once it is needed
let state = "unverified"; // as the widget last said; by then its hidden field is filled, too
let holding = false;
let passed = false;

const address = (name) => new URL(name, document.baseURI).href;

async function load() {
  for (const name of box.dataset.styles.split(" ")) {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = name;
    document.head.append(link);
  }
  await import(address(box.dataset.widget));
  const { algorithms, i18n } = globalThis.$altcha;
  const language = document.documentElement.lang;
  const challenge = JSON.parse(box.dataset.challenge);
  algorithms.set(challenge.parameters.algorithm, () => new Worker(address(box.dataset.worker)));
  i18n.set(language, { ...i18n.get("en"), ...JSON.parse(box.dataset.words) });

  const element = document.createElement("altcha-widget");
  element.setAttribute("language", language);
  element.setAttribute("name", "_altcha");
  // "onsubmit": the box is not marked as required, it ticks itself. No pointer movements, no cookie, no link elsewhere.
  element.setAttribute("auto", "onsubmit");
  element.setAttribute("challenge", box.dataset.challenge);
  element.setAttribute("workers", String(Math.min(MOST_WORKERS, navigator.hardwareConcurrency || 2)));
  const settings = { hideFooter: true, hideLogo: true, humanInteractionSignature: false, minDuration: 0 };
  element.setAttribute("configuration", JSON.stringify(settings));
  element.addEventListener("statechange", (event) => (state = event.detail.state));
  const loaded = new Promise((resolve) => element.addEventListener("load", resolve, { once: true }));
  box.prepend(element);
  box.hidden = false;
  await loaded;
  element.verify();
  return element;
}

function start() {
  widget ??= load();
  widget.catch(() => {}); // offline, too old: sent without
  return widget;
}

async function finished() {
  const element = await start();
  while (!DONE.has(state)) {
    if (element.getState() === "unverified") element.verify(); // after going back, or unticked
    await new Promise((resolve) => element.addEventListener("statechange", resolve, { once: true }));
  }
}

async function hold(event) {
  if (passed || state === "verified") return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (holding) return;
  holding = true;
  const { submitter } = event;
  box.hidden = false;
  wait.textContent = wait.dataset.words;
  await finished().catch(() => {});
  // After the submit event: while it is being handled, a browser ignores requestSubmit (HTML, 4.10.22.3).
  await new Promise((resolve) => setTimeout(resolve));
  wait.textContent = "";
  holding = false;
  passed = true;
  form.requestSubmit(submitter);
}

form.addEventListener("submit", hold, { capture: true });
addEventListener("pageshow", (event) => {
  if (event.persisted) passed = false; // back again: the widget starts anew as well
});
if ("atOnce" in box.dataset) start();
// Not when it is the button that is pressed (after going back, everything is filled in already): the widget would push
// the button away from under the pointer, and the click would be lost. Sending starts the check as well.
const entered = ({ target }) => target.closest("[type=submit]") || start();
for (const event of ["focusin", "pointerdown", "keydown"]) form.addEventListener(event, entered);
