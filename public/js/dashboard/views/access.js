import { changed, mayWrite, model, toast } from '../model.js';
import { html, live, nothing } from '../../vendor/lit-html.js';
import { audiences } from './audience.js';
import { call } from '../request.js';
import { t } from '../../language.js';

/** @typedef {{kind: string, id?: string, domains?: string[], emails?: string[], networks?: string[], feed_key?: string, audiences?: (Access & {name: string})[]}} Access */

const kinds = /** @type {[string, string, string][]} */ ([
  ['public', t`Everybody`, ''],
  ['password', t`Whoever knows its password`, t`Readers keep it for 30 days. Another password signs them all out.`],
  ['members', t`Members of the team`, ''],
  ['email', t`Certain e-mail addresses`, t`Whoever has such an address is mailed a link that works once.`],
  ['networks', t`Certain networks`, t`By the address from which somebody comes.`],
]);

/** What the server said last, and what was typed over it. */
const state = {
  of: '',
  busy: false,
  problem: '',
  known: /** @type {Access|null} */ (null),
  typed: /** @type {Record<string, string>} */ ({}),
};

/** Who may see the page. It is set on the server at once, never from a queue: passwords are kept by no browser. */
export function access() {
  const org = model.identity?.organization?.id ?? '';
  if (!mayWrite()) return nothing;
  if (state.of !== org) {
    Object.assign(state, { of: org, known: null, typed: {}, problem: '' });
    read();
  }
  const now = state.known;
  const kind = state.typed.kind ?? now?.kind ?? 'public';
  const about = kinds.find(([k]) => k === kind)?.[2];
  return html`<section aria-labelledby="access"><h2 id="access">${t`Who may see the page`}</h2>
    <form class="form inline" novalidate @submit=${save}>
      <div class="field"><label for="access-kind">${t`Seen by`}</label>
        <select id="access-kind" ?disabled=${!now || state.busy} aria-describedby="access-hint" @change=${(/** @type {Event} */ e) => type('kind', e)}>
          ${kinds.map(([k, words]) => html`<option value=${k} .selected=${live(k === kind)}>${words}</option>`)}</select>
        <p class="hint" id="access-hint">${about} ${kind === 'public' ? '' : t`Its members always see it. Search engines keep nothing of it.`}</p></div>
      ${kind === 'password' ? input('password', t`Password`, now?.kind === 'password' ? t`Empty leaves it as it is.` : t`6 characters or more.`) : nothing}
      ${kind === 'email' ? [lines('domains', t`Domains`, now?.domains, t`One a line, such as example.com.`), lines('emails', t`Addresses`, now?.emails, t`One a line.`)] : nothing}
      ${kind === 'networks' ? lines('networks', t`Networks`, now?.networks, t`One a line, such as 192.0.2.0/24 or 2001:db8::/32.`) : nothing}
      ${state.problem ? html`<p class="note bad" role="alert">${state.problem}</p>` : nothing}
      <footer><button type="submit" class="button primary" ?disabled=${!now || state.busy}>${t`Save who may see it`}</button></footer>
    </form>
    ${now?.feed_key ? secret(now) : nothing}</section>
    ${now ? audiences(now, state.busy, kinds.slice(1), send) : nothing}`;
}

/** @param {Access} now */
function secret(now) {
  const slug = model.identity?.organization?.slug;
  return html`<p class="faint">${t`Feed readers and calendars find it at a secret address:`} <code>${location.origin}/status/${slug}/feed.atom?key=${now.feed_key}</code></p>
    <p class="row"><button type="button" class="button small" ?disabled=${state.busy} @click=${() => send({ kind: now.kind, new_feed: true }, t`The secret addresses are others now.`)}>${t`Change the secret address`}</button>
      <button type="button" class="button small" ?disabled=${state.busy} @click=${() => send({ kind: now.kind, sign_out: true }, t`Every reader must show again that they may.`)}>${t`Sign readers out`}</button></p>`;
}

/** @param {string} name @param {string} label @param {string} hint */
const input = (name, label, hint) => html`<div class="field"><label for="access-${name}">${label}</label>
  <input id="access-${name}" type="text" autocomplete="off" spellcheck="false" maxlength="256" aria-describedby="access-${name}-hint" .value=${live(state.typed[name] ?? '')} @input=${(/** @type {Event} */ e) => type(name, e)} />
  <p class="hint" id="access-${name}-hint">${hint}</p></div>`;

/** @param {string} name @param {string} label @param {string[]|undefined} list @param {string} hint */
const lines = (name, label, list, hint) => html`<div class="field"><label for="access-${name}">${label}</label>
  <textarea id="access-${name}" rows="3" spellcheck="false" aria-describedby="access-${name}-hint" .value=${live(state.typed[name] ?? list?.join('\n') ?? '')} @input=${(/** @type {Event} */ e) => type(name, e)}></textarea>
  <p class="hint" id="access-${name}-hint">${hint}</p></div>`;

/** @param {string} name @param {Event} event */
function type(name, event) {
  state.typed[name] = /** @type {HTMLInputElement} */ (event.target).value;
  if (name === 'kind') changed();
}

async function read() {
  try {
    state.known = (await call('GET', '/organization/')).data.access;
  } catch {
    state.of = ''; // looked at again when the view is drawn anew
    return;
  }
  changed();
}

/** @param {Event} event */
function save(event) {
  event.preventDefault();
  const body = /** @type {Record<string, any>} */ ({ kind: state.typed.kind ?? state.known?.kind ?? 'public' });
  if (state.typed.password) body.password = state.typed.password;
  for (const name of ['domains', 'emails', 'networks']) {
    if (state.typed[name] !== undefined)
      body[name] = state.typed[name]
        .split('\n')
        .map((l) => l.trim())
        .filter(Boolean);
  }
  send(body, t`It is so from now on.`);
}

/** @param {Record<string, any>} access @param {string} words */
async function send(access, words) {
  Object.assign(state, { busy: true, problem: '' });
  changed();
  try {
    state.known = (await call('PATCH', '/organization/', { body: { access } })).data.access;
    state.typed = {};
    toast(words, 'good');
  } catch (error) {
    state.problem = /** @type {Error} */ (error).message;
  }
  state.busy = false;
  changed();
}
