import { busy, openSheet } from './dialog.js';
import { html } from '../vendor/lit-html.js';
import { go } from './router.js';
import { mayWrite } from './model.js';
import { openIncident } from './views/incident_form.js';

/** @type {[string, string][]} */
const help = [
  ['i', 'Open an incident'],
  ['g o', 'Overview'],
  ['g s', 'Services'],
  ['g i', 'Incidents'],
  ['g m', 'Maintenance'],
  ['g q', 'What waits to be sent'],
  ['/', 'Filter the list'],
  ['Alt ↑ Alt ↓', 'Move the service whose row has the focus'],
  ['Ctrl Enter', 'Publish the form'],
  ['Esc', 'Close the form; what you typed is kept'],
  ['?', 'This list'],
];

/** @type {Record<string, string>} */
const places = { o: '/dashboard', s: '/dashboard/services', i: '/dashboard/incidents', m: '/dashboard/maintenance', q: '/dashboard/queue' };

export const showKeys = () =>
  openSheet({
    title: 'Keys',
    body: () => html`<dl class="keys">${help.map(([key, what]) => html`<div><dt>${key.split(' ').map((k) => html`<kbd>${k}</kbd> `)}</dt><dd>${what}</dd></div>`)}</dl>`,
  });

/** Whether what is pressed goes into a text. @param {EventTarget|null} target */
const typing = (target) => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export function start() {
  let going = 0;
  document.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || typing(e.target) || busy()) return;
    if (Date.now() - going < 1200 && places[e.key]) {
      going = 0;
      go(places[e.key]);
    } else if (e.key === 'g') {
      going = Date.now();
      return;
    } else if (e.key === 'i' && mayWrite()) openIncident();
    else if (e.key === '?') showKeys();
    else if (e.key === '/') /** @type {HTMLElement|null} */ (document.querySelector('main [type=search], main .filters select'))?.focus();
    else return;
    e.preventDefault();
  });
}
