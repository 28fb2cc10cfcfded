// One question of the form: label, help, control, what is wrong with it. The server judges; nothing is checked here.

const INPUTS = {
  email: { type: "email", inputmode: "email", spellcheck: "false" },
  url: { type: "url", inputmode: "url", spellcheck: "false" },
  tel: { type: "tel", inputmode: "tel" },
  date: { type: "date" },
  year: { type: "text", inputmode: "numeric", class: "short" },
};
const COUNT_ALOUD_FROM = 0.8; // of the longest answer
const COUNT_ALOUD_AFTER = 1000; // milliseconds without a key

class Question {
  constructor(field, language, say) {
    this.field = field;
    this.id = field.id;
    this.label = field.label[language];
    this.say = say;
    this.grouped = field.type === "choice" || field.type === "choices";
    this.counted = field.max_length !== null && (field.type === "textarea" || field.min_length !== null);
    this.controls = this.grouped
      ? field.choices.map((choice) => this.tick(choice.id, field.type === "choice" ? "radio" : "checkbox"))
      : [this.control()];
    this.error = make("p", { class: "error", id: `error-${this.id}`, hidden: true });
    const help = field.help?.[language];
    this.notes = [
      help ? make("p", { class: "help", id: `help-${this.id}` }, help) : null,
      this.counted ? make("p", { class: "help", id: `limit-${this.id}` }, this.limit()) : null,
      this.error,
    ];
    const optional = field.required ? null : make("span", { class: "quiet" }, ` (${say("optional")})`);
    this.root = make("div", { class: "field" }, ...this.parts(language, optional));
    this.fail("");
  }

  parts(language, optional) {
    if (this.grouped) {
      const choices = this.field.choices.map((choice, place) =>
        make("label", { class: "choice" }, this.controls[place], make("span", {}, choice.label[language])));
      this.group = make(
        "fieldset",
        this.field.type === "choice" ? { role: "radiogroup", "aria-required": String(this.field.required) } : {},
        make("legend", {}, this.label, optional), ...this.notes,
        make("div", { class: choices.length > 6 ? "choices columns" : "choices" }, ...choices),
      );
      return [this.group];
    }
    const [control] = this.controls;
    if (this.field.type === "consent") {
      const [help, , error] = this.notes;
      return [error, make("label", { class: "choice" }, control, make("span", {}, this.label, optional)), help];
    }
    const label = make("label", { class: "question", for: control.id }, this.label, optional);
    return [label, ...this.notes, control, ...(this.counted ? this.counter(control) : [])];
  }

  tick(value, type) {
    return make("input", { type, name: this.id, value, id: `field-${this.id}-${value}` });
  }

  control() {
    const { field } = this;
    const named = { id: `field-${this.id}`, name: this.id, "aria-required": String(field.required) };
    if (field.type === "consent") {
      return make("input", { ...named, type: "checkbox", value: "true" });
    }
    const autocomplete = field.autocomplete || null;
    if (field.type === "textarea") {
      return make("textarea", { ...named, rows: field.max_length > 400 ? 6 : 4, autocomplete });
    }
    return make("input", { type: "text", ...named, ...INPUTS[field.type], autocomplete });
  }

  limit() {
    const { min_length: least, max_length: most } = this.field;
    return least === null ? this.say("most", { most }) : this.say("range", { least, most });
  }

  /** How much is written: seen at once, told to screen readers in a pause, and only when it gets tight. */
  counter(control) {
    const { min_length: least, max_length: most } = this.field;
    const seen = make("p", { class: "count", "aria-hidden": "true" });
    const heard = make("p", { class: "hidden", role: "status" });
    let timer;
    this.counting = () => {
      // As the server counts: characters, not UTF-16 units, without white space at the ends.
      const count = [...control.value.normalize("NFC").trim()].length;
      const [key, n] = count > most ? ["over", count - most] : count < least ? ["short", least - count] : ["left", most - count];
      const words = this.say(key, { n });
      seen.textContent = words;
      seen.classList.toggle("over", count > most);
      clearTimeout(timer);
      timer = setTimeout(() => {
        heard.textContent = count < least || count >= most * COUNT_ALOUD_FROM ? words : "";
      }, COUNT_ALOUD_AFTER);
    };
    control.addEventListener("input", this.counting);
    this.counting();
    return [seen, heard];
  }

  /** The answer as the server takes it; `undefined` where there is none. */
  get answer() {
    const [control] = this.controls;
    if (this.grouped) {
      const chosen = this.controls.filter((one) => one.checked).map((one) => one.value);
      return this.field.type === "choices" ? (chosen.length ? chosen : undefined) : chosen[0];
    }
    if (this.field.type === "consent") {
      return control.checked || undefined;
    }
    const text = control.value.trim() === "" ? undefined : control.value;
    return this.field.type === "year" && /^\s*\d{1,9}\s*$/.test(text ?? "") ? Number(text) : text;
  }

  set answer(value) {
    for (const control of this.controls) {
      if (this.grouped) {
        control.checked = [value].flat().includes(control.value);
      } else if (this.field.type === "consent") {
        control.checked = value === true;
      } else {
        control.value = value ?? "";
      }
    }
    this.counting?.();
  }

  /** Whether it is asked, given the answers to the other questions. */
  ask(answers) {
    const condition = this.field.show_if;
    const other = condition && answers[condition.field];
    this.asked = !condition || (condition.has !== null ? (other ?? []).includes(condition.has) : other === condition.is);
    this.root.hidden = !this.asked;
  }

  /** Show what is wrong; with an empty message, nothing is. */
  fail(message) {
    this.error.hidden = !message;
    this.error.replaceChildren(make("span", { class: "hidden" }, `${this.say("error")}: `), message);
    this.root.classList.toggle("wrong", Boolean(message));
    const ids = this.notes.filter((note) => note !== null && !note.hidden).map((note) => note.id).join(" ");
    const described = this.group ?? this.controls[0];
    described.toggleAttribute("aria-describedby", Boolean(ids));
    if (ids) {
      described.setAttribute("aria-describedby", ids);
    }
    if (!this.grouped) {
      this.controls[0].setAttribute("aria-invalid", String(Boolean(message)));
    }
  }

  focus() {
    this.controls[0].focus();
  }
}
