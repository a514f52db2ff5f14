import { html, live, nothing, repeat } from '../../vendor/lit-html.js';
import { choose, field } from '../form.js';
import { empty, heading, mark } from './list.js';
import { go, route, withQuery } from '../router.js';
import { mayWrite, model, say, toast } from '../model.js';
import { badge, icon } from '../icon.js';
import { exact, short } from '../time.js';
import { openForm } from '../dialog.js';
import { openIncident } from './incident_form.js';
import { stateName } from '../words.js';
import { submit } from '../submit.js';
import * as rules from '../rules.js';

/** @typedef {import('../types.js').Service} Service */
/** @typedef {import('../types.js').View} View */
/** @typedef {import('../types.js').Command} Command */

const DAYS = 90;
const states = ['operational', 'degraded_performance', 'partial_outage', 'major_outage', 'under_maintenance'];

/** @param {View} view */
export function services(view) {
  const { query } = route();
  const wanted = (query.get('search') ?? '').toLowerCase();
  const status = query.get('status') ?? '';
  const shown = view.services.filter((s) => (!status || s.status === status) && `${s.name} ${s.group} ${s.description}`.toLowerCase().includes(wanted));
  const add = mayWrite() ? html`<button type="button" class="button" @click=${() => openService()}>${icon('plus')}Add a service</button>` : nothing;
  if (!view.services.length) {
    return html`${heading('Services', add)}${empty('No services yet', 'A service is one thing that your customers can see working or not: an API, a website, a payment step.', mayWrite() ? html`<button type="button" class="button primary" @click=${() => openService()}>Add a service</button>` : nothing)}`;
  }
  return html`${heading('Services', add)}
    <div class="filters" role="search">
      <input type="search" aria-label="Find a service" placeholder="Find a service" autocomplete="off" .value=${live(query.get('search') ?? '')} @input=${(/** @type {Event} */ e) => go(withQuery({ search: /** @type {HTMLInputElement} */ (e.target).value }), { replace: true })} />
      <select aria-label="State" @change=${(/** @type {Event} */ e) => go(withQuery({ status: /** @type {HTMLSelectElement} */ (e.target).value }))}>
        <option value="" .selected=${live(!status)}>Any state</option>
        ${states.map((s) => html`<option value=${s} .selected=${live(s === status)}>${stateName(s)}</option>`)}
      </select>
    </div>
    ${shown.length ? table(shown, view, !wanted && !status) : empty('Nothing found', 'No service is like that.', html`<a class="button" href="/dashboard/services">Show all</a>`)}`;
}

/** @param {Service[]} shown @param {View} view @param {boolean} whole */
function table(shown, view, whole) {
  const groups = [...new Set(shown.map((s) => s.group))];
  return html`<div class="scroll"><table class="list services">
    <thead><tr>
      <th scope="col">Service</th><th scope="col">State</th><th scope="col" class="wide-only">Since</th><th scope="col" class="number wide-only">${DAYS} days</th><th scope="col"><span class="sr">Actions</span></th>
    </tr></thead>
    ${groups.map((group) => {
      const members = shown.filter((s) => s.group === group);
      return html`<tbody>
        ${group || groups.length > 1 ? html`<tr class="group"><th scope="rowgroup" colspan="5">${group || 'Without a group'}</th></tr>` : nothing}
        ${repeat(members, (s) => s.id, (s, i) => row(s, view, { up: whole && i > 0, down: whole && i < members.length - 1 }))}
      </tbody>`;
    })}
  </table></div>`;
}

/** @param {Service} s @param {View} view @param {{up: boolean, down: boolean}} may */
function row(s, view, may) {
  const keys = (/** @type {KeyboardEvent} */ e) => {
    if (!e.altKey || !mayWrite()) return;
    if (e.key === 'ArrowUp' && may.up) move(s, view, -1);
    else if (e.key === 'ArrowDown' && may.down) move(s, view, 1);
    else return;
    e.preventDefault();
  };
  return html`<tr id="row-${s.id}" @keydown=${keys}>
    <td class="main"><span class="strong">${s.name}</span> ${mark(s.id)}${s.description ? html`<span class="faint block clip">${s.description}</span>` : nothing}</td>
    <td class="state">${state(s)}</td>
    <td class="wide-only faint nowrap"><time title=${exact(s.status_since)}>${short(s.status_since)}</time></td>
    <td class="number wide-only">${rules.uptime(s.id, DAYS)?.uptime ?? '–'} %</td>
    <td class="tools">${mayWrite()
      ? html`<button type="button" class="quiet-button" aria-label="Move ${s.name} up" title="Up (Alt ↑)" ?disabled=${!may.up} @click=${() => move(s, view, -1)}>${icon('up')}</button
          ><button type="button" class="quiet-button" aria-label="Move ${s.name} down" title="Down (Alt ↓)" ?disabled=${!may.down} @click=${() => move(s, view, 1)}>${icon('down')}</button
          ><button type="button" class="quiet-button" aria-label="Edit ${s.name}" title="Edit" @click=${() => openService(s)}>${icon('edit')}</button
          ><button type="button" class="quiet-button" aria-label="Delete ${s.name}" title="Delete" @click=${() => deleteService(s, view)}>${icon('trash')}</button>`
      : nothing}</td>
  </tr>`;
}

/** The state; for those who may, with the moves that the rules allow now and no others. @param {Service} s */
function state(s) {
  const next = s.next ?? states.filter((x) => x !== s.status);
  const shown = badge(s.status, s.status_display);
  if (!mayWrite()) return shown;
  if (!next.length) return html`<span title="An incident holds this service. Update or resolve the incident.">${shown}</span>`;
  return html`<span class="move">${shown}<select aria-label="State of ${s.name}" @change=${(/** @type {Event} */ e) => setState(s, /** @type {HTMLSelectElement} */ (e.target))}>
    <option value=${s.status} .selected=${live(true)}>${s.status_display}</option>
    ${next.map((n) => html`<option value=${n} .selected=${live(false)}>${stateName(n)}</option>`)}
  </select></span>`;
}

/** @param {Service} s @param {HTMLSelectElement} select */
async function setState(s, select) {
  const to = select.value;
  const { problem } = await submit({ kind: 'edit_service', id: s.id, status: to });
  if (problem) {
    select.value = s.status;
    toast(problem.detail, 'bad');
  } else if (to !== 'operational' && to !== 'under_maintenance') {
    say(`${s.name} is set to ${stateName(to)}. Visitors see it without words; open an incident to explain.`);
  }
}

/** Moves a service past its neighbour of the same group. Positions are swapped; where they tie, the list is numbered anew. @param {Service} s @param {View} view @param {number} by */
async function move(s, view, by) {
  const order = [...view.services];
  const group = order.filter((x) => x.group === s.group);
  const other = group[group.indexOf(s) + by];
  if (!other) return;
  const from = order.indexOf(s);
  const to = order.indexOf(other);
  [order[from], order[to]] = [order[to], order[from]];
  const positions = view.services.map((x) => x.position);
  const distinct = new Set(positions).size === positions.length;
  for (const [i, x] of order.entries()) {
    const position = distinct ? positions[i] : i;
    if (x.position !== position) await submit({ kind: 'edit_service', id: x.id, position });
  }
  say(`${s.name} is now ${by < 0 ? 'before' : 'after'} ${other.name}.`);
  document.querySelector(`#row-${CSS.escape(s.id)} button[aria-label^="Move"]:not([disabled])`)?.scrollIntoView({ block: 'nearest' });
}

/** Adds a service, or edits one. @param {Service} [s] @param {{from?: Command, instead?: string}} [queued] */
export function openService(s, { from, instead } = {}) {
  const was = s ?? { name: '', description: '', group: '', status: 'operational' };
  const values = { name: from?.name ?? was.name, description: from?.description ?? was.description, group: from?.group ?? was.group, status: from?.status ?? was.status };
  openForm({
    key: s ? `edit_service:${s.id}` : 'create_service',
    title: s ? `Edit ${s.name}` : 'Add a service',
    action: s || instead ? 'Save' : 'Add',
    instead,
    ids: { id: s ? undefined : from?.id },
    values,
    labels: { name: 'Name', description: 'Description', group: 'Group', status: 'State' },
    about: s ? (view) => view.services.find((x) => x.id === s.id) : undefined,
    toCommand: (v, form) => (s ? { kind: 'edit_service', id: s.id, version: form.version ?? s.version, ...v } : { kind: 'create_service', id: form.ids.id, ...v }),
    body: (form) => {
      const now = s && model.view?.services.find((x) => x.id === s.id);
      const allowed = now ? [now.status, ...(now.next ?? states.filter((x) => x !== now.status))] : states;
      const groups = [...new Set(model.view?.services.map((x) => x.group).filter(Boolean))];
      return html`${field(form, { name: 'name', label: 'Name', focus: true, max: 200, placeholder: 'Payments API' })}
        ${field(form, { name: 'description', label: 'Description', optional: true, max: 20000, hint: 'One line under the name on the page.' })}
        ${field(form, { name: 'group', label: 'Group', optional: true, max: 200, list: 'groups', hint: 'Services of one group stand together.' })}
        <datalist id="groups">${groups.map((g) => html`<option value=${g}></option>`)}</datalist>
        ${choose(form, { name: 'status', label: 'State', options: allowed.map((x) => [x, stateName(x)]) })}`;
    },
  });
}

/** @param {Service} s @param {View} view */
function deleteService(s, view) {
  const active = view.incidents.filter((i) => i.status !== 'resolved' && i.services.some((x) => x.id === s.id));
  openForm({
    key: `delete_service:${s.id}`,
    title: `Delete ${s.name}?`,
    action: 'Delete the service',
    danger: true,
    plain: true,
    values: {},
    toCommand: () => ({ kind: 'delete_service', id: s.id }),
    body: () => html`<p><strong>${s.name}</strong> and its bars disappear from the page. Incidents that were about it keep its name.</p>
      ${active.length ? html`<p>It is part of ${active.map((i) => html`“${i.title}” `)}now; <button type="button" class="link" @click=${() => openIncident()}>another incident</button> cannot name it any more.</p>` : nothing}`,
  });
}
