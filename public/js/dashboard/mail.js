import { changed, mayWrite, model, set } from './model.js';
import { call } from './request.js';

// Whether mail gets through, which admins are told wherever they are.

const EVERY = 60_000;

/** Asks now and once a minute, as long as somebody looks. */
export function start() {
  setInterval(learn, EVERY);
  document.addEventListener('visibilitychange', learn);
  learn();
}

/** What was known stays where the server cannot be asked. */
export async function learn() {
  if (document.hidden || !model.identity || !mayWrite() || model.expired) return;
  try {
    const { data } = await call('GET', '/mail/');
    set({ mail: data });
    changed();
  } catch {
    // It is asked again in a minute.
  }
}

/** Sends whoever is signed in a mail, and keeps what became of it. */
export async function test() {
  set({ mailTest: { running: true } });
  changed();
  try {
    const { data } = await call('POST', '/mail/test/');
    set({ mailTest: { result: data } });
  } catch (error) {
    set({ mailTest: { failure: /** @type {Error} */ (error).message } });
  }
  changed();
  learn();
}
