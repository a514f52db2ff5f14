import { busy, openSheet } from './dialog.js';
import { openPalette } from './palette.js';
import { html } from '../vendor/lit-html.js';
import { go } from './router.js';
import { mayWrite, model } from './model.js';
import { openIncident } from './views/incident_form.js';

/** @type {[string, string][]} */
const help = [
  ['i', 'Open an incident'],
  ['g o', 'Overview'],
  ['g s', 'Services'],
  ['g i', 'Incidents'],
  ['g m', 'Maintenance'],
  ['g q', 'What waits to be sent'],
  ['/', 'Search everything, or run a command; Ctrl K does it from a text, too'],
  ['f', 'Filter the list'],
  ['Alt ↑ Alt ↓', 'Move the service whose row has the focus'],
  ['Ctrl Enter', 'Publish the form'],
  ['Esc', 'Close the form; what you typed is kept'],
  ['z', 'Undo what was just published'],
  ['?', 'This list'],
];

/** @type {Record<string, string>} */
const places = {
  o: '/dashboard',
  s: '/dashboard/services',
  i: '/dashboard/incidents',
  m: '/dashboard/maintenance',
  q: '/dashboard/queue',
};

export const showKeys = () =>
  openSheet({
    title: 'Keys',
    body: () =>
      html`<dl class="keys">${help.map(([key, what]) => html`<div><dt>${key.split(' ').map((k) => html`<kbd>${k}</kbd> `)}</dt><dd>${what}</dd></div>`)}</dl>`,
  });

/** Whether what is pressed goes into a text. @param {EventTarget|null} target */
const typing = (target) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** What a key does, if it does anything now. @param {string} key @param {boolean} going whether g was pressed just before @returns {(() => void)|undefined} */
function meaning(key, going) {
  if (going && places[key]) return () => go(places[key]);
  if (key === 'i' && mayWrite()) return () => openIncident();
  if (key === 'z' && model.undo) return model.undo.run;
  if (key === '?') return showKeys;
  if (key === '/') return openPalette;
  if (key === 'f')
    return () =>
      /** @type {HTMLElement|null} */ (document.querySelector('main [type=search], main .filters select'))?.focus();
  return undefined;
}

/** Keys act when they are let go: what they open must not take them for text. */
export function start() {
  let gone = 0;
  /** @type {{key: string, act: () => void}|null} */
  let held = null;
  document.addEventListener('keydown', (e) => {
    held = null;
    if (e.key === 'k' && (e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey && !busy()) {
      e.preventDefault();
      return openPalette();
    }
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || e.repeat || typing(e.target) || busy()) return;
    const act = meaning(e.key, Date.now() - gone < 1200);
    gone = e.key === 'g' ? Date.now() : 0;
    if (!act) return;
    held = { key: e.key, act };
    e.preventDefault();
  });
  document.addEventListener('keyup', (e) => {
    if (held?.key !== e.key) return;
    const { act } = held;
    held = null;
    act();
  });
}
