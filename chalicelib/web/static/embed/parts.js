// Small things: elements and texts. Nothing here ever parses HTML, so pages with strict policies can use it.

/** An element with attributes (`null` and `false` leave one out, `true` sets it) and children (nodes or texts). */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(key, value === true ? "" : value);
    }
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** The words of `language`: `say("range", {least: 3, most: 9})`. */
function speaker(language) {
  const words = WORDS[language] ?? WORDS.en;
  return (key, details = {}) => words[key].replace(/%\((\w+)\)s|\{(\w+)\}/g, (_, one, other) => details[one ?? other]);
}

/** A call's plain text as paragraphs; a blank line parts them. */
function paragraphs(text) {
  return (text ?? "").split(/\r?\n\s*\n/).filter((part) => part.trim()).map((part) => make("p", {}, part.trim()));
}

/** A point in time for people, in the call's own time zone. */
function moment(stamp, language, timeZone) {
  const locale = language === "en" ? "en-GB" : language;
  return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short", timeZone }).format(new Date(stamp));
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
}
