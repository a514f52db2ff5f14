import { openSheet } from './dialog.js';
import { html } from '../vendor/lit-html.js';

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

/** Shows what each key does. */
export const showKeys = () =>
  openSheet({
    title: 'Keys',
    body: () =>
      html`<dl class="keys">${help.map(([key, what]) => html`<div><dt>${key.split(' ').map((k) => html`<kbd>${k}</kbd> `)}</dt><dd>${what}</dd></div>`)}</dl>`,
  });
