import { html } from '../vendor/lit-html.js';
import { shownIn } from './nouns.js';
import { toneOf } from './words.js';

// One set, 16 by 16, drawn in the colour of the text around it. They repeat what a word beside them says.

/** @type {Record<string, any>} */
const drawings = {
  operational: html`<svg viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.25" /><path d="m5.2 8.2 1.9 1.9 3.7-4" /></svg>`,
  degraded: html`<svg viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.25" /><path d="M5.2 8h5.6" /></svg>`,
  partial: html`<svg viewBox="0 0 16 16"><path d="M8 2.2 14.4 13.4H1.6Z" /><path d="M8 6.6v3.1M8 11.5v.1" /></svg>`,
  major: html`<svg viewBox="0 0 16 16"><path d="M5.4 1.75h5.2l3.65 3.65v5.2l-3.65 3.65H5.4L1.75 10.6V5.4Z" /><path d="m5.9 5.9 4.2 4.2m0-4.2-4.2 4.2" /></svg>`,
  maintenance: html`<svg viewBox="0 0 16 16"><path d="M10.3 5.7a.7.7 0 0 0 0 .9l1 1a.7.7 0 0 0 .9 0l2-2a3.9 3.9 0 0 1-5.1 5.1l-4.2 4.2a1.4 1.4 0 0 1-2-2l4.2-4.2a3.9 3.9 0 0 1 5.1-5.1Z" /></svg>`,
  quiet: html`<svg viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.25" /><path d="M8 4.6V8l2.2 1.4" /></svg>`,
  overview: html`<svg viewBox="0 0 16 16"><path d="M1.75 9h3L6.5 3.5l3 9L11.25 7.5h3" /></svg>`,
  services: html`<svg viewBox="0 0 16 16"><rect x="2" y="2.5" width="12" height="4.5" rx="1.2" /><rect x="2" y="9" width="12" height="4.5" rx="1.2" /><path d="M4.6 4.75h.1M4.6 11.25h.1" /></svg>`,
  incidents: html`<svg viewBox="0 0 16 16"><path d="M8 2.2 14.4 13.4H1.6Z" /><path d="M8 6.6v3.1M8 11.5v.1" /></svg>`,
  subscribers: html`<svg viewBox="0 0 16 16"><rect x="1.75" y="3.25" width="12.5" height="9.5" rx="1.4" /><path d="m2.2 4.4 5.8 4.3 5.8-4.3" /></svg>`,
  team: html`<svg viewBox="0 0 16 16"><circle cx="6" cy="5.4" r="2.4" /><path d="M1.75 13.2c.3-2.6 2-4 4.25-4s3.95 1.4 4.25 4M10.6 3.2a2.4 2.4 0 0 1 0 4.4M12 9.6c1.3.5 2.1 1.7 2.25 3.6" /></svg>`,
  keys: html`<svg viewBox="0 0 16 16"><circle cx="5.2" cy="10.8" r="3.2" /><path d="m7.5 8.5 6-6M11 5l2 2M9.2 6.8l1.3 1.3" /></svg>`,
  monitors: html`<svg viewBox="0 0 16 16"><path d="M1.25 8S3.75 3.5 8 3.5 14.75 8 14.75 8 12.25 12.5 8 12.5 1.25 8 1.25 8Z" /><circle cx="8" cy="8" r="1.9" /></svg>`,
  audit: html`<svg viewBox="0 0 16 16"><path d="M3.25 1.75h6.5l3 3v9.5h-9.5Z" /><path d="M5.5 7h5M5.5 9.5h5M5.5 12h3" /></svg>`,
  template: html`<svg viewBox="0 0 16 16"><rect x="2" y="2.5" width="12" height="11" rx="1.4" /><path d="M5 6h6M5 9h3.5" /></svg>`,
  settings: html`<svg viewBox="0 0 16 16"><path d="M2 4.5h7M12.5 4.5H14M2 11.5h1.5M7 11.5h7" /><circle cx="10.75" cy="4.5" r="1.75" /><circle cx="5.25" cy="11.5" r="1.75" /></svg>`,
  queue: html`<svg viewBox="0 0 16 16"><path d="M8 10.5V2.5M5 5.2 8 2.2l3 3M2.25 9.5v4h11.5v-4" /></svg>`,
  plus: html`<svg viewBox="0 0 16 16"><path d="M8 3v10M3 8h10" /></svg>`,
  search: html`<svg viewBox="0 0 16 16"><circle cx="7" cy="7" r="4.5" /><path d="m10.5 10.5 3.5 3.5" /></svg>`,
  up: html`<svg viewBox="0 0 16 16"><path d="M8 13V3.5M4 7l4-4 4 4" /></svg>`,
  down: html`<svg viewBox="0 0 16 16"><path d="M8 3v9.5M4 9l4 4 4-4" /></svg>`,
  edit: html`<svg viewBox="0 0 16 16"><path d="m2.5 13.5.6-3L10.6 3a1.3 1.3 0 0 1 1.9 0l.5.5a1.3 1.3 0 0 1 0 1.9l-7.5 7.5Z" /></svg>`,
  trash: html`<svg viewBox="0 0 16 16"><path d="M2.5 4.25h11M6 4.25v-2h4v2M4 4.25l.6 9.5h6.8l.6-9.5M6.7 7v4M9.3 7v4" /></svg>`,
  menu: html`<svg viewBox="0 0 16 16"><path d="M2 4.25h12M2 8h12M2 11.75h12" /></svg>`,
  close: html`<svg viewBox="0 0 16 16"><path d="m3.5 3.5 9 9m0-9-9 9" /></svg>`,
  out: html`<svg viewBox="0 0 16 16"><path d="M6.5 3H3v10h10V9.5M9 2.5h4.5V7M13 3 7.5 8.5" /></svg>`,
  leave: html`<svg viewBox="0 0 16 16"><path d="M9.5 2.5h-6v11h6M6.5 8H14m-2.7-2.8L14 8l-2.7 2.8" /></svg>`,
  again: html`<svg viewBox="0 0 16 16"><path d="M13.5 3v3.5H10M13.2 6.5a5.75 5.75 0 1 0 .3 3" /></svg>`,
  person: html`<svg viewBox="0 0 16 16"><circle cx="8" cy="5.4" r="2.6" /><path d="M2.75 13.6c.4-2.9 2.5-4.4 5.25-4.4s4.85 1.5 5.25 4.4" /></svg>`,
  left: html`<svg viewBox="0 0 16 16"><path d="M10 3 5 8l5 5" /></svg>`,
  right: html`<svg viewBox="0 0 16 16"><path d="m6 3 5 5-5 5" /></svg>`,
};

/** @param {string} name */
export const icon = (name) =>
  html`<span class="icon" aria-hidden="true">${drawings[name] ?? shownIn(name)?.drawing}</span>`;

/** An organisation's logo, or the first letter of its name. @param {{name?: string, slug?: string, logo?: string}|undefined} org */
export const face = (org) =>
  org?.logo
    ? html`<img class="face" src="/status/${org.slug}/logo/${org.logo}" alt="" />`
    : html`<span class="mark" aria-hidden="true">${(org?.name ?? '·').slice(0, 1)}</span>`;

/** A state in words, with its colour and icon. @param {string} state @param {string} words @param {string} [tone] */
export const badge = (state, words, tone = toneOf(state)) =>
  html`<span class="badge tone-${tone}">${icon(tone)}${words}</span>`;
