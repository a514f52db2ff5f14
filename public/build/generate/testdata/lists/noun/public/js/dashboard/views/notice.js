import { html } from '../../vendor/lit-html.js';
import { declare } from '../nouns.js';
import { empty, heading } from './list.js';

/** @typedef {import('../types.js').Notice} Notice */

declare({
  noun: 'notice',
  list: 'notices',
  name: 'notices',
  label: 'Notices',
  place: 40,
  drawing: html`<svg viewBox="0 0 16 16"><path d="M3 3h10v8H8l-3 3v-3H3Z" /></svg>`,
  show(view) {
    const list = /** @type {Notice[]} */ (view.notices);
    if (!list.length) return html`${heading('Notices', '')}${empty('No notices', 'A notice tells visitors something that breaks nothing.', '')}`;
    return html`${heading('Notices', '')}
      <ul>${list.map((n) => html`<li>${n.title}</li>`)}</ul>`;
  },
});
