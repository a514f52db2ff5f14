import { html, nothing } from '../../vendor/lit-html.js';
import { changed } from '../model.js';
import { Unreachable, call } from '../request.js';
import { icon } from '../icon.js';
import { model } from '../model.js';
import { route, withQuery } from '../router.js';
import { t } from '../../language.js';

export const PAGE_SIZE = 25;

/** @param {string} title @param {unknown} [actions] @param {unknown} [under] */
export const heading = (title, actions = nothing, under = nothing) =>
  html`<div class="heading"><div><h1 tabindex="-1">${title}</h1>${under}</div><div class="actions">${actions}</div></div>`;

/** What stands where a list would, and what to do about it. @param {string} title @param {unknown} text @param {unknown} [action] */
export const empty = (title, text, action = nothing) =>
  html`<div class="empty"><h2>${title}</h2><p>${text}</p>${action}</div>`;

export const pageNumber = () => Math.max(1, Number(route().query.get('page')) || 1);

/** @param {{count: number, more?: boolean}} list count of all, and whether there may be more than that */
export function pager({ count, more = false }) {
  const page = pageNumber();
  const pages = Math.max(1, Math.ceil(count / PAGE_SIZE));
  if (pages <= 1 && !more && page === 1) return nothing;
  const link = (/** @type {number} */ to, /** @type {string} */ words, /** @type {string} */ name) =>
    to < 1 || (to > pages && !more)
      ? html`<span class="button small off" aria-hidden="true">${icon(name)}${words}</span>`
      : html`<a class="button small" href=${withQuery({ page: to === 1 ? '' : String(to) })}>${icon(name)}${words}</a>`;
  return html`<nav class="pager" aria-label=${t`Pages`}>${link(page - 1, t`Newer`, 'left')}<span class="faint">${more ? t`Page ${page}` : t`Page ${page} of ${pages}`}</span>${link(page + 1, t`Older`, 'right')}</nav>`;
}

/** A word beside an object that a queued command is about. @param {string} id */
export function mark(id) {
  const state = model.marks.get(id);
  if (!state) return nothing;
  const words = {
    pending: model.link === 'live' ? t`Sending` : t`Waiting to be sent`,
    sent: t`Sent`,
    refused: t`Refused`,
  }[state];
  return html`<a class="pip ${state}" href="/dashboard/queue">${words}</a>`;
}

/**
 * A list that only the server has: loaded when it is looked at, kept while its address stays the same.
 */
export class Remote {
  #key = '';
  #asked = 0;
  /** @type {{count: number, results: any[]}|null} */ data = null;
  failure = '';
  loading = false;

  /** @param {string} path with its query */
  show(path) {
    if (this.#key !== path) {
      this.#key = path;
      this.data = null;
      this.load();
    }
    return this;
  }

  /** Asks again by itself when what is here has become old while somebody looks at it. @param {number} age in milliseconds */
  fresh(age) {
    if (!this.loading && Date.now() - this.#asked > age && model.link === 'live' && !document.hidden) this.load(true);
    return this;
  }

  /** Asks again; what is shown stays until the answer is there. @param {boolean} [quiet] and after it, when there is none */
  async load(quiet = false) {
    const key = this.#key;
    this.#asked = Date.now();
    this.loading = true;
    if (!quiet) this.failure = '';
    try {
      const { data } = await call('GET', key);
      if (key === this.#key) {
        this.data = data;
        this.failure = '';
      }
    } catch (error) {
      if (key !== this.#key) return;
      if (quiet && this.data) {
        this.loading = false;
        return;
      }
      this.failure =
        error instanceof Unreachable
          ? t`This list is kept at the server, which we cannot reach now.`
          : /** @type {Error} */ (error).message;
    }
    this.loading = false;
    changed();
  }

  /** @param {(data: {count: number, results: any[]}) => unknown} draw */
  draw(draw) {
    if (this.failure) {
      return empty(
        t`Not here`,
        this.failure,
        html`<button type="button" class="button" @click=${() => this.load()}>${t`Try again`}</button>`,
      );
    }
    return this.data ? draw(this.data) : html`<div class="skeleton" aria-busy="true" aria-label=${t`Loading`}></div>`;
  }
}
