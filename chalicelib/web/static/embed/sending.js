// What is fetched and sent. Every post carries a ticket, so sending the same report again is harmless.

const PATIENCE = 40_000; // milliseconds for one answer; the server gives up after 29 s
const SECOND_TRY_AFTER = 1500;
const RENEW = new Set([
  "ticket-expired", "ticket-refused", "ticket-missing", "proof-expired", "proof-wrong", "proof-missing",
]);

/** A refusal of the server (a problem document, RFC 9457), or `unreachable` when there was no answer at all. */
class Refused extends Error {
  constructor(problem, retryAfter = null) {
    super(problem.title);
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

/** The public addresses of one call. */
class Desk {
  constructor(base, call, language) {
    this.address = new URL(`calls/${encodeURIComponent(call)}`, base).href;
    this.language = language;
  }

  /** The form's own page. */
  get page() {
    return `${this.address}/form?lang=${this.language}`;
  }

  async fetch(path, options = {}) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    let answer, document;
    try {
      answer = await fetch(`${this.address}${path}?lang=${this.language}`, {
        ...options,
        headers: { Accept: "application/json", ...options.headers },
        // No cookies, and no word about the page around the form.
        credentials: "omit",
        referrerPolicy: "no-referrer",
        cache: "no-store",
        signal: stop.signal,
      });
      document = await answer.json();
    } catch {
      // No connection, no permission (CORS), or an answer that is not ours, such as a proxy's page.
      throw new Refused({ code: "unreachable" }, Number(answer?.headers.get("Retry-After")) || null);
    } finally {
      clearTimeout(timer);
    }
    if (!answer.ok) {
      throw new Refused(document, Number(answer.headers.get("Retry-After")) || null);
    }
    return document;
  }

  definition() {
    return this.fetch("");
  }

  /** A ticket, and its proof of work under way; `ready` is when the server will take it. */
  async ticket(signal) {
    const asked = performance.now();
    const ticket = await this.fetch("/tickets", { method: "POST" });
    const proof = { promise: null, value: null };
    if (ticket.challenge) {
      proof.promise = solve(ticket.challenge, signal).then((value) => (proof.value = value));
      proof.promise.catch(() => {}); // awaited, and then heard, only where it is needed
    }
    return {
      text: ticket.ticket,
      ready: performance.now() + 1000 * ticket.min_age,
      stale: asked + 1000 * ticket.max_age,
      proof,
    };
  }

  async post(answers, ticket) {
    const body = { answers, ticket: ticket.text };
    if (ticket.proof.value) {
      body.altcha = ticket.proof.value;
    }
    const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    try {
      return await this.fetch("/submissions", options);
    } catch (refused) {
      if (refused.problem.code !== "unreachable" || navigator.onLine === false) {
        throw refused;
      }
      // The reply may be what was lost; the same ticket makes the second try safe.
      await pause(SECOND_TRY_AFTER);
      return this.fetch("/submissions", options);
    }
  }
}
