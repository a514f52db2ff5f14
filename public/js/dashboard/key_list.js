import { openSheet } from './dialog.js';
import { html } from '../vendor/lit-html.js';
import { t } from '../language.js';

/** @type {[string, string][]} */
const help = [
  ['i', t`Open an incident`],
  ['g o', t`Overview`],
  ['g s', t`Services`],
  ['g i', t`Incidents`],
  ['g m', t`Maintenance`],
  ['g q', t`What waits to be sent`],
  ['/', t`Search everything, or run a command; Ctrl K does it from a text, too`],
  ['f', t`Filter the list`],
  ['Alt ↑ Alt ↓', t`Move the service whose row has the focus`],
  ['Ctrl Enter', t`Publish the form`],
  ['Esc', t`Close the form; what you typed is kept`],
  ['z', t`Undo what was just published`],
  ['?', t`This list`],
];

/** Shows what each key does. */
export const showKeys = () =>
  openSheet({
    title: t`Keys`,
    body: () =>
      html`<dl class="keys">${help.map(([key, what]) => html`<div><dt>${key.split(' ').map((k) => html`<kbd>${k}</kbd> `)}</dt><dd>${what}</dd></div>`)}</dl>`,
  });
