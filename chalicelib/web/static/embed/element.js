// <aufruf-form call="…" lang="…">: shows the form of a call, sends it, says what came of it.

// Only while the script runs is it known where it came from, and with it where the calls are.
const SOURCE = document.currentScript?.src || document.querySelector('script[src*="embed.js"]')?.src;
const SLOW_AFTER = 8000; // milliseconds

class AufrufForm extends HTMLElement {
  static observedAttributes = ["call", "lang", "heading"];

  ticket = null;
  busy = false;
  questions = [];

  constructor() {
    super();
    this.shadow = this.attachShadow({ mode: "open" });
    dress(this.shadow);
    this.shadow.addEventListener("click", (event) => this.follow(event));
  }

  connectedCallback() {
    this.stop = new AbortController();
    this.load();
  }

  disconnectedCallback() {
    this.stop.abort();
    this.ticket = null;
  }

  attributeChangedCallback(name, before, after) {
    if (this.isConnected && before !== after && this.stop) {
      if (name === "call") {
        this.definition = null;
        this.ticket = null;
      }
      this.load();
    }
  }

  get language() {
    const asked = this.lang || this.parentElement?.closest("[lang]")?.lang || document.documentElement.lang || "";
    const offered = this.definition?.languages ?? Object.keys(WORDS);
    const short = asked.toLowerCase().split("-")[0];
    return offered.includes(short) ? short : offered[0];
  }

  async load() {
    const call = this.getAttribute("call");
    const kept = this.answers;
    this.desk = new Desk(SOURCE, call, this.language);
    if (!this.definition) {
      this.show(make("p", { role: "status" }, speaker(this.language)("loading")));
      try {
        const definition = await this.desk.definition();
        if (call !== this.getAttribute("call")) {
          return; // another one was asked for meanwhile
        }
        this.definition = definition;
      } catch (refused) {
        this.showUnavailable(refused);
        return;
      }
    }
    this.desk = new Desk(SOURCE, call, this.language);
    this.say = speaker(this.language);
    if (this.definition.phase === "open") {
      this.showForm(kept);
    } else {
      this.showClosed();
    }
  }

  show(...nodes) {
    this.questions = [];
    this.panel = make("div", { class: "panel", lang: this.language }, ...nodes);
    const sheets = this.shadow.querySelectorAll("style");
    this.shadow.replaceChildren(...sheets, this.panel);
  }

  heading(text, deeper = 0, attributes = {}) {
    const top = Math.min(Math.max(parseInt(this.getAttribute("heading"), 10) || 2, 1), 5);
    return make(`h${top + deeper}`, { class: deeper ? "step" : "title", ...attributes }, text);
  }

  /** What the page around has put into the element for this case, or else the way to the form's own page. */
  showUnavailable(refused) {
    const say = speaker(this.language);
    if (refused.problem.code === "unreachable") {
      // eslint-disable-next-line no-console -- for the people who build the page
      console.warn(
        `aufruf-form: ${this.desk.address} cannot be read from here. Is it the right call, and does its policy.origins ` +
          `name ${location.origin}?`,
      );
    }
    this.show(
      make("p", { role: "status" }, refused.problem.title ?? say("notHere")),
      this.firstElementChild ? make("slot") : make("p", {}, make("a", { href: this.desk.page }, say("ownPage"))),
    );
  }

  showClosed() {
    const { title, phase, opens_at: opens, closes_at: closes, time_zone: zone } = this.definition;
    if (phase === "full") {
      this.show(this.heading(title[this.language]), make("p", {}, this.say("full")));
      return;
    }
    const early = phase === "not-yet";
    const when = { moment: moment(early ? opens : closes, this.language, zone) };
    this.show(this.heading(title[this.language]), make("p", {}, this.say(early ? "opens" : "closed", when)));
  }

  showForm(kept) {
    const { title, intro, form, privacy } = this.definition;
    const { language, say } = this;
    const questions = [];
    const steps = form.steps.map((step) => {
      const asked = step.fields.map((field) => new Question(field, language, say));
      questions.push(...asked);
      const nodes = asked.flatMap((one) =>
        one.id === form.consents.privacy ? [notice(privacy.notice[language], say), one.root] : [one.root]);
      const id = `step-${step.id}`;
      const head = this.heading(step.title[language], 1, { id });
      return make("section", { "aria-labelledby": id }, head, ...paragraphs(step.intro?.[language]), ...nodes);
    });
    this.button = make("button", { type: "submit", class: "button", part: "button" }, say("send"));
    this.status = make("p", { role: "status", class: "status" });
    this.summary = make("div", { class: "errors", role: "alert", tabindex: "-1", hidden: true });
    this.form = make(
      "form", { novalidate: true }, ...steps, make("p", {}, say("then")), this.button, this.status,
    );
    this.show(
      this.heading(title[language], 0, { tabindex: "-1" }), ...paragraphs(intro[language]),
      make("p", { class: "quiet" }, say("marked")), this.summary, this.form,
    );
    this.questions = questions;
    for (const question of questions) {
      question.answer = kept[question.id];
    }
    this.form.addEventListener("input", () => this.askWhatHolds());
    // Not before: a page that many only look at asks for no tickets, and no browser calculates for nothing.
    this.form.addEventListener("focusin", () => this.prepare().catch(() => {}), { once: true });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.askWhatHolds();
  }

  /** What is answered, by field; questions that are not asked have no answer. */
  get answers() {
    const given = this.questions.filter((one) => one.asked !== false).map((one) => [one.id, one.answer]);
    return Object.fromEntries(given.filter(([, answer]) => answer !== undefined));
  }

  askWhatHolds() {
    for (const question of this.questions) {
      question.ask(this.answers);
    }
  }

  /** A ticket that is still good. One request at a time, whoever asks. */
  prepare() {
    this.preparing ??= (async () => {
      if (!this.ticket || performance.now() > this.ticket.stale) {
        this.ticket = await this.desk.ticket(this.stop.signal);
      }
      return this.ticket;
    })().finally(() => {
      this.preparing = null;
    });
    return this.preparing;
  }

  async send() {
    if (this.busy) {
      return; // a second click on the way
    }
    this.working(true);
    const slow = setTimeout(() => this.tell("slow"), SLOW_AFTER);
    try {
      this.succeed(await this.deliver());
    } catch (refused) {
      if (!(refused instanceof Refused)) {
        throw refused;
      }
      this.showRefusal(refused);
    } finally {
      clearTimeout(slow);
      this.working(false);
    }
  }

  working(busy) {
    this.busy = busy;
    // Not `disabled`: that would take the focus away.
    this.button.setAttribute("aria-disabled", String(busy));
    this.tell(busy ? "sending" : null);
  }

  tell(key) {
    this.status.textContent = key ? this.say(key) : "";
  }

  /** Send; a ticket or proof that is not good any more is renewed once, without a word. */
  async deliver(renewed = false) {
    const ticket = await this.prepare();
    await this.prove(ticket);
    await pause(ticket.ready - performance.now());
    try {
      return await this.desk.post(this.answers, ticket);
    } catch (refused) {
      const { code } = refused.problem ?? {};
      if (code === "not-confirmed-in-time" || RENEW.has(code)) {
        this.ticket = null;
      }
      if (renewed || !(RENEW.has(code) || code === "ticket-too-young")) {
        throw refused;
      }
      if (code === "ticket-too-young") {
        await pause(1000 * (refused.retryAfter ?? 1));
      }
      return this.deliver(true);
    }
  }

  /** Wait for the proof of work where the call wants one; where it does not, what is there is sent along. */
  async prove(ticket) {
    if (this.definition.policy.proof_of_work !== "required" || ticket.proof.value || !ticket.proof.promise) {
      return;
    }
    this.tell("proving");
    try {
      await ticket.proof.promise;
    } catch {
      throw new Refused({ code: "no-proof", title: this.say("noProof"), link: this.desk.page });
    }
    this.tell("sending");
  }

  showRefusal({ problem, retryAfter }) {
    const offline = navigator.onLine === false;
    const unreachable = problem.code === "unreachable";
    const title = unreachable ? this.say(offline ? "offline" : "unreachable") : problem.title;
    const detail = unreachable ? this.say(offline ? "whenBack" : "again") : problem.detail;
    const wrong = new Map((problem.errors ?? []).map((error) => [error.field, error.message]));
    for (const question of this.questions) {
      question.fail(wrong.get(question.id) ?? "");
    }
    const labels = new Map(this.questions.map((one) => [one.id, one.label]));
    const items = [...wrong].map(([field, message]) => {
      const label = labels.get(field) ?? field;
      const words = `${label}${/[?!.:]$/.test(label) ? "" : ":"} ${message}`;
      return make("li", {}, labels.has(field) ? make("a", { href: `#field-${field}`, "data-field": field }, words) : words);
    });
    this.summary.replaceChildren(
      ...[
        this.heading(title, 1),
        detail ? make("p", {}, detail) : null,
        retryAfter ? make("p", {}, this.say("wait", { seconds: retryAfter })) : null,
        items.length ? make("ul", {}, ...items) : null,
        problem.link ? make("p", {}, make("a", { href: problem.link }, this.say("ownPage"))) : null,
        problem.code === "idempotency-mismatch" ? this.secondButton() : null,
      ].filter((node) => node !== null),
    );
    this.summary.hidden = false;
    this.summary.focus();
  }

  secondButton() {
    const button = make("button", { type: "button", class: "button" }, this.say("second"));
    button.addEventListener("click", () => {
      this.ticket = null;
      this.send();
    });
    return button;
  }

  /** A link of the summary leads to its field. */
  follow(event) {
    const field = event.target.closest?.("a[data-field]")?.dataset.field;
    if (field) {
      event.preventDefault();
      this.questions.find((one) => one.id === field).focus();
    }
  }

  succeed({ reference }) {
    const { say } = this;
    const days = this.definition.policy.unconfirmed_days;
    const { email } = this.definition.contact;
    const [before, after] = say("noMail", { address: "\n" }).split("\n");
    const again = make("button", { type: "button", class: "button plain" }, say("another"));
    const head = this.heading(say("thanks"), 0, { tabindex: "-1" });
    this.ticket = null;
    this.show(
      make("div", { class: "done" }, head, make("p", {}, say("reference")), make("p", { class: "reference" }, reference)),
      this.heading(say("next"), 1),
      make("ol", {}, ...["mailComes", "confirm", "read"].map((key) => make("li", {}, say(key, { days })))),
      make("p", {}, before, make("a", { href: `mailto:${email}` }, email), after ?? ""),
      make("p", {}, again),
    );
    again.addEventListener("click", () => {
      this.showForm({});
      this.panel.querySelector(".title").focus();
    });
    head.focus();
    this.dispatchEvent(new CustomEvent("aufruf-sent", { bubbles: true, composed: true, detail: { reference } }));
  }
}

function notice(text, say) {
  return make("details", {}, make("summary", {}, say("privacy")), ...paragraphs(text));
}

/** The styles as a sheet of the shadow root: needs no permission in the policy of the page around. */
function dress(shadow) {
  if ("adoptedStyleSheets" in shadow) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    shadow.adoptedStyleSheets = [sheet];
  } else {
    shadow.append(make("style", {}, STYLE));
  }
}

if (!customElements.get("aufruf-form")) {
  customElements.define("aufruf-form", AufrufForm);
}
