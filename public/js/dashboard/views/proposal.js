import { html, nothing, repeat } from '../../vendor/lit-html.js';
import { choose, field, tick } from '../form.js';
import { mayWrite, model, toast } from '../model.js';
import { Remote } from './list.js';
import { ago, exact } from '../time.js';
import { call } from '../request.js';
import { openForm } from '../dialog.js';
import { stateName } from '../words.js';
import { t } from '../../language.js';

/** @typedef {{id: string, kind: 'open'|'resolve', state: string, source: {kind: string, id: string}, service: string|null, to_state: string|null, title: string, body: string, incident: string|null, created_at: string, updated_at: string}} Proposal */

/** How old what is shown of monitors may become while somebody looks, in milliseconds. */
export const FRESH = 10_000;

const waiting = new Remote();

/** Those that wait for somebody to say yes or no. @returns {{count: number, results: Proposal[]}|null} */
export const open = () =>
  model.identity?.organization && model.view
    ? waiting.show('/proposals/?state=open&page_size=50').fresh(FRESH).data
    : null;

/** For the menu. */
export const proposed = () => (mayWrite() ? (open()?.count ?? 0) : 0);

/** What monitors and alerts would do, and the way to let them. */
export function proposals() {
  const found = open();
  if (!found?.count) return nothing;
  return html`<section class="strip warn column" aria-labelledby="proposed"><h2 id="proposed">${t`Waiting for your yes or no`}</h2>
    <ul class="plain">${repeat(
      found.results,
      (p) => p.id,
      (
        p,
      ) => html`<li class="line"><span class="grow"><span class="strong">${p.kind === 'resolve' ? t`Resolve` : t`Open`}: ${p.title}</span>
        <span class="faint block">${about(p)} · ${p.source.kind} · <time title=${exact(p.created_at)}>${ago(p.created_at)}</time></span></span>
      ${
        mayWrite()
          ? html`<button type="button" class="button small primary" aria-label=${t`Accept: ${p.title}`} @click=${() => accept(p)}>${t`Accept…`}</button>
            <button type="button" class="button small" aria-label=${t`Dismiss: ${p.title}`} @click=${() => settle(p, 'dismiss', {}, t`Dismissed.`)}>${t`Dismiss`}</button>`
          : nothing
      }</li>`,
    )}</ul></section>`;
}

/** @param {Proposal} p */
function about(p) {
  const service = model.view?.services.find((s) => s.id === p.service)?.name ?? t`No service is named`;
  return p.kind === 'resolve' || !p.to_state ? service : `${service} → ${stateName(p.to_state)}`;
}

/** @param {Proposal} p @param {'accept'|'dismiss'} how @param {object} body @param {string} words */
async function settle(p, how, body, words) {
  try {
    await call('POST', `/proposals/${p.id}/${how}/`, { body });
    toast(words, 'good');
  } catch (error) {
    if (how === 'accept') throw error;
    toast(/** @type {Error} */ (error).message, 'bad');
  }
  waiting.load();
}

/** @param {Proposal} p */
function accept(p) {
  const opens = p.kind === 'open';
  openForm({
    key: `proposal:${p.id}`,
    title: opens ? t`Open this incident?` : t`Resolve this incident?`,
    action: opens ? t`Open the incident` : t`Resolve the incident`,
    plain: true,
    values: {
      title: p.title,
      body: p.body,
      service: p.service ?? '',
      to_state: p.to_state ?? 'major_outage',
      notify: true,
    },
    body: (form) => html`${opens ? field(form, { name: 'title', label: t`Title`, max: 200 }) : nothing}
      ${field(form, { name: 'body', label: t`Message`, rows: 5, max: 20000, focus: true })}
      ${
        opens
          ? html`<div class="pair">${choose(form, { name: 'service', label: t`Service`, options: serviceOptions(t`Choose one`) })}${choose(form, { name: 'to_state', label: t`Is now`, options: downStates })}</div>`
          : nothing
      }
      ${tick(form, 'notify', t`Tell the subscribers`)}`,
    send: ({ title, body, service, to_state, notify }) =>
      settle(p, 'accept', opens ? { title, body, service, to_state, notify } : { body, notify }, t`Published.`),
  });
}

/** @type {[string, string][]} */
export const downStates = ['degraded_performance', 'partial_outage', 'major_outage'].map((s) => [s, stateName(s)]);

/** @param {string} none @returns {[string, string][]} */
export const serviceOptions = (none) => [
  ['', none],
  ...(model.view?.services ?? []).map((s) => /** @type {[string, string]} */ ([s.id, s.name])),
];
