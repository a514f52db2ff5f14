import { changed, model, set } from './model.js';

// Whether the browser will keep what waits here when its disk fills up.

let asked = false;

/** What is so already, without asking anybody. */
export async function learn() {
  if (!navigator.storage?.persisted) return;
  set({ kept: (await navigator.storage.persisted().catch(() => false)) ? 'promised' : 'unasked' });
  changed();
}

/** Asks for it, once, when there is something to keep: a browser may ask the person, who then knows why. */
export async function askToKeep() {
  if (asked || model.kept === 'promised' || !navigator.storage?.persist) return;
  asked = true;
  set({ kept: (await navigator.storage.persist().catch(() => false)) ? 'promised' : 'refused' });
  changed();
}
