// The proof of work (ALTCHA v2, PBKDF2): find the counter whose derived key begins as the challenge says.

const AT_ONCE = 16; // derivations under way together; the browser does them on threads of its own

function bytesOf(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function hexOf(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function derive(parameters, counter) {
  const nonce = bytesOf(parameters.nonce);
  const password = new Uint8Array(nonce.length + 4);
  password.set(nonce);
  new DataView(password.buffer).setUint32(nonce.length, counter);
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const hash = parameters.algorithm.slice("PBKDF2/".length);
  const rule = { name: "PBKDF2", hash, salt: bytesOf(parameters.salt), iterations: parameters.cost };
  return hexOf(await crypto.subtle.deriveBits(rule, key, parameters.keyLength * 8));
}

/**
 * The solution of a challenge, as the server wants it: base64 of JSON. Runs on the main thread without holding it up,
 * since a worker would need a permission in the policy of the page around it. Rejects where the browser cannot do it
 * (no HTTPS, an unknown algorithm) and when `signal` says stop.
 */
async function solve(challenge, signal) {
  const { parameters } = challenge;
  if (!window.crypto?.subtle || !parameters.algorithm.startsWith("PBKDF2/")) {
    throw new Error("This browser cannot solve the challenge.");
  }
  for (let first = 0; ; first += AT_ONCE) {
    signal.throwIfAborted();
    const counters = Array.from({ length: AT_ONCE }, (_, place) => first + place);
    const keys = await Promise.all(counters.map((counter) => derive(parameters, counter)));
    const found = keys.findIndex((key) => key.startsWith(parameters.keyPrefix));
    if (found >= 0) {
      return btoa(JSON.stringify({ challenge, solution: { counter: counters[found], derivedKey: keys[found] } }));
    }
  }
}
