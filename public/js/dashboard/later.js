import { html } from '../vendor/lit-html.js';
import { ask } from './ask.js';
import { changed } from './model.js';
import { empty } from './views/list.js';
import { reload } from './update.js';
import { t } from '../language.js';

// Views that come in a file of their own (seldom.js), asked for when the first of them is shown. The service worker keeps
// the file from the first visit on, so that they are there without a network, too.

/** @typedef {typeof import('./seldom.js')} Parts */

/** @type {Parts|null} */
let parts = null;
/** @type {Promise<Parts>|null} */
let asked = null;
let failed = false;

/** @returns {Promise<Parts>} */
export function load() {
  asked ??= import('./seldom.js').then((all) => {
    parts = all;
    changed();
    return all;
  });
  asked.catch(() => {
    asked = null;
    failed = true;
    changed();
  });
  return asked;
}

ask.load = load;

/** What has come; null as long as nothing was asked for. */
export const loaded = () => parts;

/** One of the views. @param {'account'|'audit'|'drafts'|'factorGate'|'keys'|'monitors'|'settings'|'subscribers'|'team'|'templates'} name */
export const later = (name) => (/** @type {import('./types.js').View|null} */ view, /** @type {string} */ id) => {
  if (parts) return /** @type {any} */ (parts[name])(view, id);
  if (!asked && !failed) load();
  return failed
    ? empty(
        t`This part could not be loaded`,
        t`It comes from the server when it is first opened, and the server could not be reached or has a newer version.`,
        html`<button type="button" class="button" @click=${reload}>${t`Load it again`}</button>`,
      )
    : html`<div class="skeleton tall" role="status" aria-busy="true" aria-label=${t`Loading`}></div>`;
};
