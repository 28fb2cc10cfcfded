/* The event page comes to life: language, search and filters, one initiative large, the presentation. All of it works on
   what stands in the document; nodes are moved and copied, never made from text. */
(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  const make = (name, classes, ...content) => {
    const made = document.createElement(name);
    made.className = classes;
    made.append(...content);
    return made;
  };
  // A copy of what is in a node, without ids: they are names of one thing.
  const copy = (node) => {
    const made = node.cloneNode(true);
    for (const one of [made, ...all("[id]", made)]) one.removeAttribute("id");
    return made;
  };
  const inside = (node) => [...copy(node).childNodes];

  // Language

  const speakers = all("input[name=language]");
  const speak = (speaker) => {
    speaker.checked = true;
    root.lang = speaker.value;
    document.title = speaker.dataset.title;
  };
  const wanted = [new URLSearchParams(location.search).get("lang"), ...navigator.languages].filter(Boolean);
  const first = wanted.map((one) => speakers.find((speaker) => one.slice(0, 2) === speaker.value)).find(Boolean);
  if (first) speak(first);
  for (const speaker of speakers) speaker.addEventListener("change", () => speak(speaker));

  // Search and filters

  let cards = [];
  const chosen = { theme: "", district: "", words: [] };
  const read = () => {
    cards = all("#cards > .card").map((card) => ({
      card,
      text: plain(all("h3, .summary, .tags, .where, dd", card).map((part) => part.textContent).join(" ")),
      themes: card.dataset.themes.split(" "),
      districts: card.dataset.districts.split(" "),
    }));
    for (const button of all("button[data-district]")) button.disabled = false;
  };
  const fits = (one, theme, district) =>
    (!theme || one.themes.includes(theme)) &&
    (!district || one.districts.includes(district)) &&
    chosen.words.every((word) => one.text.includes(word));
  const shown = () => cards.filter((one) => !one.card.hidden);
  const show = () => {
    if (!$("#cards")) return;
    for (const one of cards) one.card.hidden = !fits(one, chosen.theme, chosen.district);
    $("#shown").textContent = shown().length;
    $("#nothing").hidden = shown().length > 0;
    $("#find .reset").hidden = !(chosen.theme || chosen.district || chosen.words.length);
    for (const button of all("main button[data-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.theme === chosen.theme));
    }
    for (const button of all("main button[data-district]")) {
      const name = button.dataset.district;
      button.setAttribute("aria-pressed", String(name === chosen.district));
      $(".n, b", button).textContent = cards.filter((one) => fits(one, chosen.theme, name)).length;
    }
  };
  const reset = () => {
    Object.assign(chosen, { theme: "", district: "", words: [] });
    $("#search").value = "";
    show();
    $("#search").focus();
  };
  const toggle = (kind, name) => {
    chosen[kind] = chosen[kind] === name ? "" : name;
    show();
  };
  document.addEventListener("input", (event) => {
    if (event.target.id !== "search") return;
    chosen.words = plain(event.target.value).split(/\s+/).filter(Boolean);
    show();
  });
  document.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("reset", (event) => {
    event.preventDefault();
    reset();
  });

  // One initiative, large

  const one = $("#one");
  let open = null;
  const enlarge = (card) => {
    open = card;
    const large = copy(card);
    const details = $("details", large);
    if (details) details.open = true;
    $("h3", large).id = "one-title";
    one.className = [...card.classList].filter((name) => name.startsWith("hue-")).join(" ");
    $("#one-content").replaceChildren(...large.childNodes);
    if (!one.open) one.showModal();
    one.scrollTop = 0;
  };
  const turn = (step) => {
    const list = shown().map((each) => each.card);
    if (list.length) enlarge(list[(list.indexOf(open) + step + list.length) % list.length]);
  };
  // On the document: after a click beside everything the focus is nowhere.
  document.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (one.open && step) turn(step);
  });
  one.addEventListener("click", (event) => {
    if (event.target === one) one.close();
  });

  // The presentation

  const kiosk = $("#kiosk");
  const STAY = { item: 16, other: 10 }; // seconds
  const ON_A_SLIDE = 3;
  const PAGES_OF_A_THEME = 3;
  const LONG_NAME = 44; // letters that fit on one line
  const TICK = 250; // milliseconds
  const LOOK_EVERY = 30; // seconds
  let slides = [];
  let place = 0;
  let round = 0;
  let waited = 0;
  let looked = 0;
  let paused = false;
  let clock = 0;

  const side = (hue, title, big, unit, page) => {
    const panel = make("div", "side", make("h2", "", ...title));
    if (big !== undefined) panel.append(make("p", "big", String(big)), make("p", "unit", ...unit));
    if (page) panel.append(make("p", "page", page));
    return [hue, panel];
  };
  const word = (count) => inside($("#kiosk-words").content.getElementById(count === 1 ? "word-initiative" : "word-initiatives"));
  const split = ([hue, panel], main) => make("div", `slide ${hue}`, panel, make("div", "main", ...main));
  const cover = () => {
    const event = $("#event");
    const when = $(".when", event);
    const parts = [make("h2", "", ...inside($("h1", event))), ...(when ? [copy(when)] : []), copy($("#numbers"))];
    return make("div", "slide whole", make("div", "main", ...parts));
  };
  const themeSlides = (bar) => {
    const name = bar.dataset.choice;
    const list = cards.filter((each) => each.themes.includes(name)).map((each) => each.card);
    const pages = Math.ceil(list.length / ON_A_SLIDE);
    const many = Math.min(pages, PAGES_OF_A_THEME);
    const hue = [...bar.classList].find((each) => each.startsWith("hue-"));
    return Array.from({ length: many }, (_, number) => {
      const page = (round * PAGES_OF_A_THEME + number) % pages; // each round shows others
      const items = list.slice(page * ON_A_SLIDE, (page + 1) * ON_A_SLIDE).map((card) => {
        const parts = all(":scope > h3, :scope > .summary, :scope > .where", card).map(copy);
        return make("div", parts[0].textContent.length > LONG_NAME ? "item long" : "item", ...parts);
      });
      const title = inside($("span", bar));
      const slide = split(side(hue, title, list.length, word(list.length), pages > 1 ? `${page + 1} / ${pages}` : ""), items);
      slide.dataset.stay = STAY.item;
      return slide;
    });
  };
  const prepare = () => {
    slides = [cover()];
    const charts = all("figure.chart");
    const map = $("#map");
    if (map) {
      const tiles = copy($(".map", map));
      for (const tile of all("button", tiles)) {
        tile.replaceWith(make("div", tile.className, ...tile.childNodes));
      }
      slides.push(split(side("hue-1", inside($("h2", map)), cards.length, word(cards.length)), [tiles]));
    }
    charts.slice(0, 2).forEach((chart, number) => {
      slides.push(split(side("hue-1", inside($("figcaption", chart)), cards.length, word(cards.length)), [copy($(".bars", chart))]));
      if (number === 0) slides.push(...all("li", chart).flatMap(themeSlides));
    });
    const code = $("#code");
    if (code && !closed()) {
      const text = make("div", "", make("h2", "", ...inside($("#join h2"))), ...all("#join p", document).map((each) => make("p", "", ...inside(each))));
      slides.push(make("div", "slide whole", make("div", "main join", copy($("svg", code)), text)));
    }
  };
  const closed = () => root.dataset.closes && Date.now() > Date.parse(root.dataset.closes);
  const put = (number, byHand) => {
    if (number >= slides.length) {
      round += 1;
      number = 0;
      prepare();
    }
    place = (number + slides.length) % slides.length;
    waited = 0;
    const slide = slides[place];
    const stage = $("#slide");
    stage.replaceChildren(slide);
    stage.style.animation = "none"; // once more from the beginning
    void stage.offsetWidth;
    stage.style.animation = "";
    // While it runs by itself, a screen reader is left in peace.
    $("#kiosk-status").textContent = byHand || paused ? `${$("h2", slide).innerText} (${place + 1} / ${slides.length})` : "";
  };
  const pause = (whether) => {
    paused = whether;
    $("[data-do=kiosk-pause]").setAttribute("aria-pressed", String(paused));
  };
  const tick = () => {
    const stay = Number(slides[place].dataset.stay) || STAY.other;
    looked += TICK / 1000;
    if (looked > LOOK_EVERY) look();
    if (paused) return;
    waited += TICK / 1000;
    $("#kiosk-progress").value = Math.min(1, waited / stay);
    if (waited >= stay) put(place + 1);
  };
  const present = async (fully) => {
    if (kiosk.open) return;
    if (fully && root.requestFullscreen) await root.requestFullscreen().catch(() => {});
    pause(matchMedia("(prefers-reduced-motion: reduce)").matches);
    prepare();
    kiosk.showModal();
    put(0);
    $("[data-do=kiosk-pause]").focus();
    clock = setInterval(tick, TICK);
  };
  kiosk.addEventListener("close", () => {
    clearInterval(clock);
    if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
  });
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement && kiosk.open) kiosk.close();
  });
  document.addEventListener("keydown", (event) => {
    if (!kiosk.open) return;
    const onButton = event.target.closest("button");
    const step = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 }[event.key];
    if (step) put(place + step, true);
    else if (event.key === "Home") put(0, true);
    else if (event.key === " " && !onButton) pause(!paused);
    else return;
    event.preventDefault();
  });

  // Where it is kept current: look for decisions that were made since, and go on with them at the next picture.
  const look = async () => {
    looked = 0;
    if (!("live" in root.dataset)) return;
    try {
      const answer = await fetch(location.pathname, { cache: "no-cache", headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const now = new DOMParser().parseFromString(await answer.text(), "text/html");
      if ($(".foot", now).textContent === $(".foot").textContent) return;
      for (const part of ["#numbers", "main", ".foot"]) $(part).replaceWith(document.adoptNode($(part, now)));
      read();
      show();
      const where = place;
      prepare();
      place = Math.min(where, slides.length - 1);
    } catch {
      // No network just now: what is there stays.
    }
  };

  const does = {
    kiosk: () => present(true),
    print: () => window.print(),
    reset,
    close: () => one.close(),
    next: () => turn(1),
    previous: () => turn(-1),
    "kiosk-on": () => put(place + 1, true),
    "kiosk-back": () => put(place - 1, true),
    "kiosk-pause": () => pause(!paused),
    "kiosk-close": () => kiosk.close(),
  };
  document.addEventListener("click", (event) => {
    const summary = event.target.closest(".card summary");
    if (summary) {
      event.preventDefault();
      enlarge(summary.closest(".card"));
      return;
    }
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.do) does[button.dataset.do]();
    if (button.dataset.theme) toggle("theme", button.dataset.theme);
    if (button.dataset.district) {
      toggle("district", button.dataset.district);
      // A pointer wants to see what it chose; who uses the keyboard stays where they are.
      if (event.detail && chosen.district) $("#initiatives").scrollIntoView();
    }
  });

  root.classList.add("js");
  read();
  if (closed() && $("#report")) $("#report").hidden = true;
  if (location.hash === "#kiosk") present(false);
})();
