import { html, live, nothing, repeat } from '../../vendor/lit-html.js';
import { PAGE_SIZE, Remote, empty, heading, mark, pageNumber, pager } from './list.js';
import {
  correctUpdate,
  deleteIncident,
  editIncident,
  openAfterwards,
  openIncident,
  openUpdate,
} from './incident_form.js';
import { go, route, withQuery } from '../router.js';
import { badge, icon } from '../icon.js';
import { mayWrite } from '../model.js';
import { ago, exact, short, span } from '../time.js';
import { impactTone, stateName } from '../words.js';
import { markdown } from '../markdown.js';
import { notes } from './note.js';
import { declare } from '../nouns.js';
import { t } from '../../language.js';

/** @typedef {import('../types.js').Incident} Incident */
/** @typedef {import('../types.js').View} View */
/** @typedef {import('../types.js').Update} Update */

declare({
  noun: 'incident',
  list: 'incidents',
  name: 'incidents',
  label: t`Incidents`,
  alone: true,
  place: 20,
  show: (view, id) => (id ? incident(view, id) : incidents(view)),
});

/** How many resolved incidents the page's state holds (shared/page, KeepClosed); older ones only the server has. */
const KEPT = 100;
const filters = [
  ['', t`All`],
  ['active', t`Active`],
  ['resolved', t`Resolved`],
];

const older = new Remote();
const single = new Remote();

/** @param {View} view */
export function incidents(view) {
  const { query } = route();
  const status = query.get('status') ?? '';
  const service = query.get('service') ?? '';
  const search = query.get('search') ?? '';
  const open = mayWrite()
    ? html`<button type="button" class="button primary" @click=${() => openIncident()}>${icon('plus')}${t`Open an incident`}</button>`
    : nothing;
  if (!view.incidents.length) {
    return html`${heading(t`Incidents`, open)}${empty(t`No incident yet`, t`When something breaks, open an incident: visitors then read what is wrong, in your words, as you learn more.`, mayWrite() ? html`<p class="faint">${t`The key ${html`<kbd>i</kbd>`} does it from anywhere.`}</p>` : nothing)}`;
  }
  return html`${heading(t`Incidents`, open)}
    <div class="filters">
      <div class="tabs" role="group" aria-label=${t`Status`}>${filters.map(([value, words]) => html`<a href=${withQuery({ status: value, page: '' })} aria-current=${value === status ? 'true' : nothing}>${words}</a>`)}</div>
      <select aria-label=${t`Service`} @change=${(/** @type {Event} */ e) => go(withQuery({ service: /** @type {HTMLSelectElement} */ (e.target).value, page: '' }))}>
        <option value="" .selected=${live(!service)}>${t`Any service`}</option>
        ${view.services.map((s) => html`<option value=${s.id} .selected=${live(s.id === service)}>${s.name}</option>`)}
      </select>
      <input type="search" aria-label=${t`Search`} placeholder=${t`Search`} autocomplete="off" maxlength="254" .value=${search} @change=${(/** @type {Event} */ e) => go(withQuery({ search: /** @type {HTMLInputElement} */ (e.target).value.trim(), page: '' }))} />
    </div>
    ${search ? fromServer(status, service, search) : list(view, status, service)}`;
}

/** From what is here as far as it reaches, then from the server. @param {View} view @param {string} status @param {string} service */
function list(view, status, service) {
  const fits = (/** @type {Incident} */ i) =>
    (!status || (status === 'active') === (i.status !== 'resolved')) &&
    (!service || i.services.some((s) => s.id === service));
  const here = view.incidents.filter(fits);
  const more = status !== 'active' && view.incidents.filter((i) => i.status === 'resolved').length >= KEPT;
  const page = pageNumber();
  const upTo = page * PAGE_SIZE;
  if (!more || upTo <= here.length) {
    const rows = here.slice(upTo - PAGE_SIZE, upTo);
    return html`${rows.length ? table(rows) : nothingHere(status, service)}${pager({ count: here.length, more })}`;
  }
  return fromServer(status, service);
}

/** @param {string} status @param {string} service @param {string} [search] words and "phrases" of its texts */
function fromServer(status, service, search = '') {
  const query = new URLSearchParams({ page: String(pageNumber()), page_size: String(PAGE_SIZE) });
  if (status === 'active') query.set('active', 'true');
  else if (status) query.set('status', status);
  if (service) query.set('service', service);
  if (search) query.set('search', search);
  return older
    .show(`/incidents/?${query}`)
    .draw((data) => html`${data.results.length ? table(data.results) : nothingHere(status, service)}${pager(data)}`);
}

/** @param {string} status @param {string} service */
function nothingHere(status, service) {
  if (status === 'active' && !service)
    return empty(
      t`Nothing is broken`,
      t`No incident is active now.`,
      html`<a class="button" href="/dashboard/incidents">${t`Show all`}</a>`,
    );
  return empty(
    t`Nothing found`,
    t`No incident is like that.`,
    html`<a class="button" href="/dashboard/incidents">${t`Show all`}</a>`,
  );
}

/** @param {Incident[]} rows */
function table(rows) {
  return html`<div class="scroll"><table class="list incidents">
    <thead><tr><th scope="col">${t`Incident`}</th><th scope="col">${t`Status`}</th><th scope="col" class="wide-only">${t`Opened`}</th><th scope="col" class="wide-only">${t`Lasted`}</th></tr></thead>
    <tbody>${repeat(rows, (i) => i.id, row)}</tbody>
  </table></div>`;
}

/** @param {Incident} i */
function row(i) {
  const end = i.resolved_at ? Date.parse(i.resolved_at) : Date.now();
  return html`<tr>
    <td class="main"><a class="strong" href="/dashboard/incidents/${i.id}">${i.title}</a> ${mark(i.id)}<span class="faint block clip">${i.services.map((s) => s.name).join(', ')}<span class="narrow-only"> · ${ago(i.created_at)}</span></span></td>
    <td class="state">${badge(i.status, stateName(i.status), i.status === 'resolved' ? 'operational' : impactTone(i.impact))}</td>
    <td class="wide-only nowrap"><time title=${exact(i.created_at)}>${short(i.created_at)}</time></td>
    <td class="wide-only nowrap faint">${i.resolved_at ? span(end - Date.parse(i.created_at)) : t`${span(end - Date.parse(i.created_at))} so far`}</td>
  </tr>`;
}

/** One incident with its timeline. @param {View} view @param {string} id */
export function incident(view, id) {
  const here = view.incidents.find((i) => i.id === id);
  if (here) return detail(here, false);
  return html`${single.show(`/incidents/${encodeURIComponent(id)}/`).draw((data) => detail(/** @type {any} */ (data), true))}`;
}

/** @param {Incident} i @param {boolean} remote */
function detail(i, remote) {
  const next = i.next ?? (i.status === 'resolved' ? [] : ['resolved']);
  const actions = mayWrite()
    ? html`${next.length ? html`<button type="button" class="button primary" @click=${() => openUpdate(i, { remote })}>${t`Update`}</button>` : nothing}
        ${next.includes('resolved') ? html`<button type="button" class="button" @click=${() => openUpdate(i, { status: 'resolved', remote })}>${t`Resolve`}</button>` : nothing}
        <button type="button" class="button" @click=${() => editIncident(i, { remote })}>${icon('edit')}${t`Correct`}</button>
        <button type="button" class="button" @click=${() => deleteIncident(i, remote)}>${icon('trash')}${t`Delete`}</button>`
    : nothing;
  const lasting = span((i.resolved_at ? Date.parse(i.resolved_at) : Date.now()) - Date.parse(i.created_at));
  return html`<p class="crumb"><a href="/dashboard/incidents">${icon('left')}${t`Incidents`}</a></p>
    ${heading(i.title, actions, html`<p class="facts">${badge(i.status, stateName(i.status), i.status === 'resolved' ? 'operational' : impactTone(i.impact))}<span class="faint">${t`Opened ${html`<time title=${exact(i.created_at)}>${ago(i.created_at)}</time>`}`} · ${i.resolved_at ? t`lasted ${lasting}` : t`lasts ${lasting}`}</span>${mark(i.id)}</p>`)}
    <div class="split">
      <div class="stack">${postmortem(i, remote)}
        <section aria-labelledby="timeline"><h2 id="timeline">${t`Timeline`}</h2>${timeline(i.updates, mayWrite() ? (u) => correctUpdate(i, u, { remote }) : undefined)}</section>
        ${notes(i)}</div>
      <section class="panel" aria-labelledby="affected"><h2 id="affected">${t`Affected`}</h2>
        <ul class="plain">${i.services.map((s) => html`<li class="affected"><span class="strong">${s.name}</span><span class="shift">${shift(i, s)}</span></li>`)}</ul>
        ${excluded(i, remote)}
      </section>
    </div>`;
}

/** What it did to a service: where that stands, or, once it is over, the worst of it. @param {Incident} i @param {import('../types.js').Affected} s */
function shift(i, s) {
  if (i.status !== 'resolved')
    return html`${badge(s.from_state, stateName(s.from_state))}${icon('right')}${badge(s.to_state, stateName(s.to_state))}`;
  const states = i.updates.flatMap((u) =>
    u.status === 'resolved' ? [] : (u.services ?? []).filter((x) => x.id === s.id).map((x) => x.to_state),
  );
  const worst = [s.to_state, ...states].reduce((a, b) => (worse.indexOf(b) > worse.indexOf(a) ? b : a));
  return html`<span class="faint">${t`was ${stateName(worst)}`}</span>`;
}

/** From well to worst. */
const worse = ['operational', 'under_maintenance', 'degraded_performance', 'partial_outage', 'major_outage'];

/** Why it happened: written once it is over. @param {Incident} i @param {boolean} remote */
function postmortem(i, remote) {
  if (i.status !== 'resolved' || (!i.postmortem && !mayWrite())) return nothing;
  const write = html`<button type="button" class="button small" @click=${() => openAfterwards(i, 'postmortem', { remote })}>${i.postmortem ? t`Edit` : t`Write a post-mortem`}</button>`;
  return html`<section class="panel" aria-labelledby="postmortem"><h2 id="postmortem">${t`Post-mortem`}</h2>
    ${i.postmortem ? markdown(i.postmortem) : html`<p class="faint">${t`Visitors like to know why it happened, and what you changed.`}</p>`}
    ${mayWrite() ? html`<div>${write}</div>` : nothing}</section>`;
}

/** Whether its time counts. @param {Incident} i @param {boolean} remote */
function excluded(i, remote) {
  if (i.status !== 'resolved') return nothing;
  const change = mayWrite()
    ? html`<button type="button" class="link" @click=${() => openAfterwards(i, 'excluded_reason', { remote })}>${i.excluded_reason ? t`Change` : t`Leave it out`}</button>`
    : nothing;
  return html`<p class="faint">${i.excluded_reason ? html`${t`Left out of the uptime: ${i.excluded_reason}`}` : t`Its time counts in the uptime.`} ${change}</p>`;
}

/** Newest first, as visitors read it. @param {Update[]} updates @param {(update: Update) => void} [correct] */
export const timeline = (updates, correct) =>
  updates.length
    ? html`<ol class="timeline">${repeat(
        [...updates].reverse(),
        (u) => u.id,
        (u) => html`<li>
        <p class="facts">${badge(u.status, stateName(u.status))}<time class="faint" title=${ago(u.created_at)}>${exact(u.created_at)}</time>${u.edited_at ? html`<span class="faint" title=${exact(u.edited_at)}>${t`corrected`}</span>` : nothing}${mark(u.id)}${correct ? html`<button type="button" class="quiet-button small" aria-label=${t`Correct the message of ${exact(u.created_at)}`} title=${t`Correct`} @click=${() => correct(u)}>${icon('edit')}</button>` : nothing}</p>
        ${u.services?.length ? html`<p class="shift">${u.services.map((s) => html`<span class="strong">${s.name}</span>${icon('right')}${badge(s.to_state, stateName(s.to_state))}`)}</p>` : nothing}
        ${u.body ? markdown(u.body) : u.services?.length ? nothing : html`<p class="faint">${t`Without a message.`}</p>`}</li>`,
      )}</ol>`
    : html`<p class="faint">${t`No message yet.`}</p>`;
