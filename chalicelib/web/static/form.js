// Seasoning for the form: what depends on an answer shows and hides, long texts are counted, what was typed is kept in
// this browser for a day, and a second press of the button does nothing. All of it works without this script too.
// Markup: the .field wrappers of intake/templates/intake/fields.html; of parts.html beside it the words in
// [data-aufruf-says] and the panel [data-aufruf-draft].
(() => {
  "use strict";

  const KEPT_MS = 24 * 60 * 60 * 1000;
  const PAUSE_MS = 1000; // a count is read out when the typing stops
  const SENDING_MS = 10000; // after that the button works again
  const OFF = "aufruf:no-draft";
  const EMPTIED = "aufruf:emptied";

  const store = (() => {
    try {
      localStorage.getItem(OFF);
      return localStorage;
    } catch {
      return null; // switched off by the person
    }
  })();
  const keyOf = (call) => `aufruf:draft:${call}`;

  for (const sent of document.querySelectorAll("[data-aufruf-sent]")) store?.removeItem(keyOf(sent.dataset.aufrufSent));
  for (const form of document.querySelectorAll("[data-aufruf-discard]")) {
    form.addEventListener("submit", () => store?.removeItem(keyOf(form.dataset.aufrufDiscard)));
  }
  for (const form of document.querySelectorAll("form[method=post]")) sendOnce(form);
  for (const form of document.querySelectorAll("[data-aufruf-form]")) season(form);

  function season(form) {
    const panel = form.querySelector("[data-aufruf-draft]");
    const says = form.querySelector("[data-aufruf-says]");
    if (panel && store) keepDraft(form, panel, says);
    for (const field of form.querySelectorAll(".field[data-show-if-field]")) showIf(form, field);
    if (says) for (const field of form.querySelectorAll(".field[data-max]")) count(field, says.dataset, says);
  }

  // What depends on an answer

  function showIf(form, field) {
    const { showIfField: name, showIfHas: has, showIfIs: is } = field.dataset;
    const others = controls(form, name);
    if (!others.length) return; // asked on another page
    const hint = field.querySelector(".when");
    if (hint) hint.hidden = true;
    const update = () => {
      field.hidden = !valuesOf(others).includes(has ?? is);
    };
    form.addEventListener("change", update);
    form.addEventListener(EMPTIED, update);
    addEventListener("pageshow", update); // a browser puts answers back after going back
    update();
  }

  // Counts

  function count(field, words, says) {
    const text = field.querySelector("textarea, input");
    const shown = document.createElement("p");
    shown.className = "count";
    shown.setAttribute("aria-hidden", "true"); // read out below, but not at every letter
    text.after(shown);
    const [least, most] = [Number(field.dataset.min || 0), Number(field.dataset.max)];
    let pause;
    const update = () => {
      const length = [...text.value.normalize("NFC").trim()].length;
      const over = length > most;
      const word = over ? words.over : length && length < least ? words.missing : words.left;
      shown.textContent = word.replace("{n}", String(over ? length - most : word === words.missing ? least - length : most - length));
      shown.classList.toggle("over", over);
    };
    text.addEventListener("input", () => {
      update();
      clearTimeout(pause);
      pause = setTimeout(() => {
        says.textContent = shown.textContent;
      }, PAUSE_MS);
    });
    text.form.addEventListener(EMPTIED, update);
    addEventListener("pageshow", update);
    update();
  }

  // The draft in this browser

  function keepDraft(form, panel, says) {
    const key = keyOf(form.dataset.aufrufForm);
    const [box, remove] = [panel.querySelector("input"), panel.querySelector("button")];
    panel.hidden = false;
    box.checked = store.getItem(OFF) === null;
    const draft = read(key);
    // After an error the page holds what was sent: newer than any draft.
    if (box.checked && draft && !document.querySelector(".errors") && putBack(form, draft.values)) {
      const note = document.createElement("p");
      note.className = "notice";
      note.textContent = panel.dataset.back;
      form.prepend(note);
      setTimeout(() => {
        says.textContent = note.textContent;
      });
    }
    let pause;
    const keep = () => {
      clearTimeout(pause);
      pause = setTimeout(() => {
        if (box.checked) write(key, { at: Date.now(), values: { ...read(key)?.values, ...collect(form) } });
      }, 300);
    };
    form.addEventListener("input", keep);
    form.addEventListener("change", keep);
    box.addEventListener("change", () => {
      if (box.checked) store.removeItem(OFF);
      else write(OFF, 1);
      if (!box.checked) {
        clearTimeout(pause);
        store.removeItem(key);
      }
    });
    remove?.addEventListener("click", () => {
      if (!confirm(panel.dataset.sure)) return;
      clearTimeout(pause);
      store.removeItem(key);
      empty(form);
      form.querySelector(":scope > .notice")?.remove();
      form.dispatchEvent(new Event(EMPTIED));
      says.textContent = panel.dataset.gone;
    });
  }

  function read(key) {
    try {
      const draft = JSON.parse(store.getItem(key));
      if (draft && Date.now() - draft.at < KEPT_MS) return draft;
    } catch {
      // not ours: dropped
    }
    store.removeItem(key);
    return null;
  }

  function write(key, value) {
    try {
      store.setItem(key, JSON.stringify(value));
    } catch {
      // full: then without
    }
  }

  function ours(form) {
    return [...form.querySelectorAll(".field:not([data-private]) :is(input, textarea)[name]")];
  }

  function collect(form) {
    const values = {};
    for (const control of ours(form)) {
      values[control.name] ??= [];
      if (ticks(control) ? control.checked : control.value) values[control.name].push(control.value);
    }
    return values;
  }

  /** Fill what is empty; whether there was anything to fill. */
  function putBack(form, values) {
    let filled = false;
    for (const [name, kept] of Object.entries(values)) {
      const group = ours(form).filter((control) => control.name === name);
      if (valuesOf(group).length) continue;
      for (const control of group) {
        if (ticks(control)) control.checked = kept.includes(control.value);
        else control.value = kept[0] ?? "";
        filled ||= ticks(control) ? control.checked : control.value !== "";
      }
    }
    return filled;
  }

  function empty(form) {
    for (const control of form.querySelectorAll(".field :is(input, textarea)[name]")) {
      if (ticks(control)) control.checked = false;
      else control.value = "";
    }
  }

  // A second press of the button

  function sendOnce(form) {
    let sending = false;
    const button = form.querySelector("button[type=submit]");
    const words = button?.querySelector(".kern-label") ?? button;
    const before = words?.textContent;
    const ready = () => {
      sending = false;
      button?.removeAttribute("aria-disabled");
      if (words) words.textContent = before;
    };
    form.addEventListener("submit", (event) => {
      if (sending) event.preventDefault();
      if (event.defaultPrevented) return;
      sending = true;
      // Not `disabled`: that would take the focus away.
      button?.setAttribute("aria-disabled", "true");
      const says = form.querySelector("[data-aufruf-says]");
      if (words && says) words.textContent = says.dataset.sending;
      setTimeout(ready, SENDING_MS);
    });
    addEventListener("pageshow", (event) => {
      if (event.persisted) ready();
    });
  }

  // Controls

  function controls(form, name) {
    return [...form.elements].filter((control) => control.name === name);
  }

  function ticks(control) {
    return control.type === "checkbox" || control.type === "radio";
  }

  function valuesOf(group) {
    return group.filter((control) => (ticks(control) ? control.checked : control.value)).map((control) => control.value);
  }
})();
