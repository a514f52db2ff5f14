import { html, live, nothing } from '../../vendor/lit-html.js';
import { changed, model } from '../model.js';
import { t } from '../../language.js';

/** @typedef {import('./access.js').Access} Access */
/** @typedef {Access & {name: string, password?: string, typed?: Record<string, string>}} Audience */

/** The audiences as they are typed; null is as the server has them. */
const state = { of: /** @type {Access|null} */ (null), list: /** @type {Audience[]} */ ([]), dirty: false };

/**
 * Audiences of the page: some readers, who alone see the services that are for them.
 * @param {Access} now @param {boolean} busy @param {[string, string, string][]} kinds
 * @param {(access: Record<string, any>, words: string) => void} send
 */
export function audiences(now, busy, kinds, send) {
  if (state.of !== now)
    Object.assign(state, { of: now, list: (now.audiences ?? []).map((a) => ({ ...a })), dirty: false });
  const store = (/** @type {string} */ words, /** @type {string} */ id = '', /** @type {object} */ more = {}) => {
    const list = state.list.map((a) => ({ ...wire(a), ...(id && a.id === id ? more : {}) }));
    send({ kind: now.kind, audiences: list }, words);
  };
  const save = () => store(t`It is so from now on.`);
  const full = busy || state.list.length >= 20;
  return html`<section aria-labelledby="audiences"><h2 id="audiences">${t`Audiences`}</h2>
    <p class="faint">
      ${t`An audience alone sees the services that are for it. Choose that in the form of a service.`}</p>
    ${state.list.map((a, i) => one(a, i, busy, kinds, store))}
    <p class="row">
      <button type="button" class="button small" ?disabled=${full} @click=${add}>${t`Add an audience`}</button>
      ${state.dirty ? saving(busy, save) : nothing}</p></section>`;
}

/** @param {boolean} busy @param {() => void} save */
const saving = (busy, save) =>
  html`<button type="button" class="button small primary" ?disabled=${busy}
    @click=${save}>${t`Save the audiences`}</button>`;

function add() {
  state.list = [...state.list, { kind: 'password', name: '' }];
  state.dirty = true;
  changed();
}

/** What the server is sent of one. @param {Audience} a */
function wire(a) {
  const body = /** @type {Record<string, any>} */ ({ name: a.name, kind: a.kind });
  if (a.id) body.id = a.id;
  if (a.password) body.password = a.password;
  for (const [name, text] of Object.entries(a.typed ?? {}))
    body[name] = text
      .split('\n')
      .map((l) => l.trim())
      .filter(Boolean);
  return body;
}

/**
 * @param {Audience} a @param {number} i @param {boolean} busy @param {[string, string, string][]} kinds
 * @param {(words: string, id?: string, more?: object) => void} store
 */
function one(a, i, busy, kinds, store) {
  const id = `audience-${i}`;
  const edit = (/** @type {Partial<Audience>} */ more) => {
    Object.assign(a, more);
    state.dirty = true;
    changed();
  };
  const value = (/** @type {Event} */ e) => /** @type {HTMLInputElement} */ (e.target).value;
  const typed = (/** @type {'name'|'kind'|'password'} */ name) => (/** @type {Event} */ e) =>
    edit({ [name]: value(e) });
  const lines = (/** @type {'domains'|'emails'|'networks'} */ name, /** @type {string} */ label) =>
    html`<div class="field"><label for="${id}-${name}">${label}</label>
      <textarea id="${id}-${name}" rows="2" spellcheck="false"
        .value=${live(a.typed?.[name] ?? a[name]?.join('\n') ?? '')}
        @input=${(/** @type {Event} */ e) => edit({ typed: { ...a.typed, [name]: value(e) } })}></textarea></div>`;
  const remove = () => {
    state.list = state.list.filter((x) => x !== a);
    state.dirty = true;
    changed();
  };
  return html`<fieldset class="field form inline" ?disabled=${busy}><legend>${a.name || t`New audience`}</legend>
    <div class="field"><label for="${id}-name">${t`Name`}</label>
      <input id="${id}-name" type="text" maxlength="200" .value=${live(a.name)} @input=${typed('name')} /></div>
    <div class="field"><label for="${id}-kind">${t`Who belongs to it`}</label>
      <select id="${id}-kind" @change=${typed('kind')}>
        ${kinds.map(([k, words]) => html`<option value=${k} .selected=${live(k === a.kind)}>${words}</option>`)}
      </select></div>
    ${a.kind === 'password' ? password(a, id, typed('password')) : nothing}
    ${a.kind === 'email' ? [lines('domains', t`Domains`), lines('emails', t`Addresses`)] : nothing}
    ${a.kind === 'networks' ? lines('networks', t`Networks`) : nothing}
    ${a.id ? addresses(a) : nothing}
    <p class="row">${a.id ? changes(a.id, store) : nothing}
      <button type="button" class="button small" aria-label=${t`Remove ${a.name}`}
        @click=${remove}>${t`Remove`}</button></p>
  </fieldset>`;
}

/** @param {Audience} a @param {string} id @param {(e: Event) => void} typed */
const password = (a, id, typed) => html`<div class="field"><label for="${id}-password">${t`Password`}</label>
  <input id="${id}-password" type="text" autocomplete="off" spellcheck="false" maxlength="256"
    aria-describedby="${id}-hint" .value=${live(a.password ?? '')} @input=${typed} />
  <p class="hint" id="${id}-hint">${a.id ? t`Empty leaves it as it is.` : t`6 characters or more.`}</p></div>`;

/** @param {string} id @param {(words: string, id: string, more: object) => void} store */
function changes(id, store) {
  const feed = () => store(t`The secret addresses are others now.`, id, { new_feed: true });
  const out = () => store(t`Every reader must show again that they may.`, id, { sign_out: true });
  return html`<button type="button" class="button small" @click=${feed}>${t`Change the secret address`}</button>
    <button type="button" class="button small" @click=${out}>${t`Sign readers out`}</button>`;
}

/** Where its readers come in, and where members see what they see. @param {Audience} a */
function addresses(a) {
  const page = `/status/${model.identity?.organization?.slug}`;
  const door = `${location.origin}${page}/access?audience=${a.id}`;
  const feed = `${location.origin}${page}/feed.atom?key=${a.feed_key}`;
  const doors = a.kind === 'password' || a.kind === 'email';
  return html`${doors ? html`<p class="faint">${t`Its readers come in here:`} <code>${door}</code></p>` : nothing}
    <p class="faint">${t`Feed readers and calendars find it at a secret address:`} <code>${feed}</code></p>
    <p><a href="${page}?as=${a.id}" target="_blank" rel="noopener">${t`See the page as this audience does`}</a></p>`;
}
