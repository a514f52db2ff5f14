import { html, live, nothing, repeat } from '../../vendor/lit-html.js';
import { choose, field } from '../form.js';
import { empty, heading, mark } from './list.js';
import { go, route, withQuery } from '../router.js';
import { mayWrite, model, say, toast } from '../model.js';
import { box, bulkBar, groupBox } from './bulk.js';
import { badge, icon } from '../icon.js';
import { exact, short } from '../time.js';
import { audiencePicker, readAudiences } from './picker.js';
import { openForm } from '../dialog.js';
import { reports } from './report.js';
import { stateName } from '../words.js';
import { submit } from '../submit.js';
import * as rules from '../rules.js';
import { declare } from '../nouns.js';
import { percent, t } from '../../language.js';

/** @typedef {import('../form.js').Spec['instead']} How */
/** @typedef {import('../types.js').Service} Service */
/** @typedef {import('../types.js').View} View */
/** @typedef {import('../types.js').Command} Command */

declare({ noun: 'service', list: 'services', name: 'services', label: t`Services`, place: 10, show: services });

const DAYS = 90;
const states = ['operational', 'degraded_performance', 'partial_outage', 'major_outage', 'under_maintenance'];

/** @param {View} view */
export function services(view) {
  const { query } = route();
  const wanted = (query.get('search') ?? '').toLowerCase();
  const status = query.get('status') ?? '';
  const shown = view.services.filter(
    (s) => (!status || s.status === status) && `${s.name} ${s.group} ${s.description}`.toLowerCase().includes(wanted),
  );
  const add = mayWrite()
    ? html`<button type="button" class="button" @click=${() => openService()}>${icon('plus')}${t`Add a service`}</button>`
    : nothing;
  if (!view.services.length) {
    return html`${heading(t`Services`, add)}${empty(t`No services yet`, t`A service is one thing that your customers can see working or not: an API, a website, a payment step.`, mayWrite() ? html`<button type="button" class="button primary" @click=${() => openService()}>${t`Add a service`}</button>` : nothing)}`;
  }
  return html`${heading(t`Services`, add)}
    <div class="filters" role="search">
      <input type="search" aria-label=${t`Find a service`} placeholder=${t`Find a service`} autocomplete="off" .value=${live(query.get('search') ?? '')} @input=${(/** @type {Event} */ e) => go(withQuery({ search: /** @type {HTMLInputElement} */ (e.target).value }), { replace: true })} />
      <select aria-label=${t`State`} @change=${(/** @type {Event} */ e) => go(withQuery({ status: /** @type {HTMLSelectElement} */ (e.target).value }))}>
        <option value="" .selected=${live(!status)}>${t`Any state`}</option>
        ${states.map((s) => html`<option value=${s} .selected=${live(s === status)}>${stateName(s)}</option>`)}
      </select>
    </div>
    ${shown.length ? table(shown, view, !wanted && !status) : empty(t`Nothing found`, t`No service is like that.`, html`<a class="button" href="/dashboard/services">${t`Show all`}</a>`)}
    ${bulkBar()} ${reports()}`;
}

/** @param {Service[]} shown @param {View} view @param {boolean} whole */
function table(shown, view, whole) {
  const groups = [...new Set(shown.map((s) => s.group))];
  return html`<div class="scroll"><table class="list services">
    <thead><tr>
      <th scope="col">${t`Service`}</th><th scope="col">${t`State`}</th><th scope="col" class="wide-only">${t`Since`}</th><th scope="col" class="number wide-only">${t`${DAYS} days`}</th><th scope="col"><span class="sr">${t`Actions`}</span></th>
    </tr></thead>
    ${repeat(
      groups,
      (group) => group,
      (group) => {
        const members = shown.filter((s) => s.group === group);
        const at = groups.indexOf(group);
        return html`<tbody>
        ${group || groups.length > 1 ? groupRow(group, members, view, { up: whole && at > 0, down: whole && at < groups.length - 1 }) : nothing}
        ${repeat(
          members,
          (s) => s.id,
          (s, i) => row(s, shown, view, { up: whole && i > 0, down: whole && i < members.length - 1 }),
        )}
      </tbody>`;
      },
    )}
  </table></div>`;
}

/** @param {Service} s @param {Service[]} shown @param {View} view @param {{up: boolean, down: boolean}} may */
function row(s, shown, view, may) {
  const keys = (/** @type {KeyboardEvent} */ e) => {
    if (!e.altKey || !mayWrite()) return;
    if (e.key === 'ArrowUp' && may.up) move(s, -1);
    else if (e.key === 'ArrowDown' && may.down) move(s, 1);
    else return;
    e.preventDefault();
  };
  const drag = mayWrite() && (may.up || may.down);
  return html`<tr id="row-${s.id}" draggable=${drag ? 'true' : 'false'} @keydown=${keys} @dragstart=${(/** @type {DragEvent} */ e) => lift(e, { service: s.id })} @dragover=${(/** @type {DragEvent} */ e) => over(e, (x) => x.service !== s.id && view.services.some((o) => o.id === x.service && o.group === s.group))} @dragleave=${leave} @drop=${(/** @type {DragEvent} */ e) => drop(e, (x) => put(x.service, s))}>
    <td class="main">${box(s, shown)}<span class="strong">${s.name}</span> ${mark(s.id)}${s.description ? html`<span class="faint block clip">${s.description}</span>` : nothing}</td>
    <td class="state">${state(s)}</td>
    <td class="wide-only faint nowrap"><time title=${exact(s.status_since)}>${short(s.status_since)}</time></td>
    <td class="number wide-only">${percent(rules.uptime(s.id, DAYS)?.uptime)}</td>
    <td class="tools">${
      mayWrite()
        ? html`<button type="button" class="quiet-button" aria-label=${t`Move ${s.name} up`} title=${t`Up (Alt ↑)`} ?disabled=${!may.up} @click=${() => move(s, -1)}>${icon('up')}</button
          ><button type="button" class="quiet-button" aria-label=${t`Move ${s.name} down`} title=${t`Down (Alt ↓)`} ?disabled=${!may.down} @click=${() => move(s, 1)}>${icon('down')}</button
          ><button type="button" class="quiet-button" aria-label=${t`Edit ${s.name}`} title=${t`Edit`} @click=${() => openService(s)}>${icon('edit')}</button
          ><button type="button" class="quiet-button" aria-label=${t`Delete ${s.name}`} title=${t`Delete`} @click=${() => deleteService(s, view)}>${icon('trash')}</button>`
        : nothing
    }</td>
  </tr>`;
}

/** The state; for those who may, with the moves that the rules allow now and no others. @param {Service} s */
function state(s) {
  const next = s.next ?? states.filter((x) => x !== s.status);
  const shown = badge(s.status, stateName(s.status));
  if (!mayWrite()) return shown;
  if (!next.length)
    return html`<span title=${t`An incident holds this service. Update or resolve the incident.`}>${shown}</span>`;
  return html`<span class="move">${shown}<select aria-label=${t`State of ${s.name}`} @change=${(/** @type {Event} */ e) => setState(s, /** @type {HTMLSelectElement} */ (e.target))}>
    <option value=${s.status} .selected=${live(true)}>${stateName(s.status)}</option>
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
    say(t`${s.name} is set to ${stateName(to)}. Visitors see it without words; open an incident to explain.`);
  }
}

/** Moves a service past its neighbour of the same group. Positions are swapped; where they tie, the list is numbered anew. @param {Service} s @param {number} by */
async function move(s, by) {
  keepFocus(`row-${s.id}`);
  const beside = /** @type {{name?: string}} */ ({});
  await arrange((services) => {
    const order = [...services];
    const group = order.filter((x) => x.group === s.group);
    const at = group.findIndex((x) => x.id === s.id);
    const other = group[at + by];
    if (at < 0 || !other) return null;
    beside.name = other.name;
    const from = order.indexOf(group[at]);
    const to = order.indexOf(other);
    [order[from], order[to]] = [order[to], order[from]];
    return order;
  });
  if (beside.name) say(moved(s.name, beside.name, by > 0));
}

/** What a move did. @param {string} name @param {string} beside @param {boolean} after */
const moved = (name, beside, after) =>
  after ? t`${name} is now after ${beside}.` : t`${name} is now before ${beside}.`;

let arranging = Promise.resolve();

/**
 * Gives services the positions of their places; where positions tie, the list is numbered anew. A rearrangement is several
 * commands: the next one waits for all of them, and begins with the order that they left.
 * @param {(services: Service[]) => Service[] | null} order
 */
function arrange(order) {
  const turn = arranging.then(() => place(order));
  arranging = turn.catch(() => {});
  return turn;
}

/** @param {(services: Service[]) => Service[] | null} change */
async function place(change) {
  const services = model.view?.services ?? [];
  const order = change(services);
  if (!order) return;
  const positions = services.map((x) => x.position);
  const distinct = new Set(positions).size === positions.length;
  for (const [i, x] of order.entries()) {
    const position = distinct ? positions[i] : i;
    if (x.position === position) continue;
    const { problem } = await submit({ kind: 'edit_service', id: x.id, position });
    if (problem) return toast(problem.detail, 'bad');
  }
}

/** What has the focus keeps it, though its row goes elsewhere: the row and the words of its button. @type {{row: string, label: string} | null} */
let kept = null;

/** @param {string} row */
function keepFocus(row) {
  kept = {
    row,
    label: document.activeElement?.closest(`#${CSS.escape(row)}`)
      ? (document.activeElement.getAttribute('aria-label') ?? '')
      : '',
  };
}

/** After a drawing: whoever moves something by key stays at it. */
export function settle() {
  if (!kept) return;
  const at = document.activeElement;
  const row = document.getElementById(kept.row);
  if (!row || (at && at !== document.body && !row.contains(at))) return void (kept = null);
  if (at && row.contains(at) && !(/** @type {HTMLButtonElement} */ (at).disabled)) return;
  const buttons = /** @type {HTMLButtonElement[]} */ ([...row.querySelectorAll('button:not(:disabled)')]);
  const next = buttons.find((b) => b.ariaLabel === kept?.label) ?? buttons[0];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: 'nearest' });
}

/** What is being dragged: a service, or a group. @type {{service?: string, group?: string} | null} */
let lifted = null;

/** @param {DragEvent} e @param {{service?: string, group?: string}} what */
function lift(e, what) {
  lifted = what;
  e.dataTransfer?.setData('text/plain', '');
  if (e.dataTransfer) e.dataTransfer.effectAllowed = 'move';
}

/** @param {DragEvent} e @param {(what: {service?: string, group?: string}) => boolean} takes */
function over(e, takes) {
  if (!lifted || !takes(lifted)) return;
  e.preventDefault();
  /** @type {HTMLElement} */ (e.currentTarget).classList.add('target');
}

/** @param {DragEvent} e */
const leave = (e) => /** @type {HTMLElement} */ (e.currentTarget).classList.remove('target');

/** @param {DragEvent} e @param {(what: {service?: string, group?: string}) => void} act */
function drop(e, act) {
  leave(e);
  if (!lifted) return;
  e.preventDefault();
  act(lifted);
  lifted = null;
}

/** Puts a service into the place of another one of its group. @param {string|undefined} id @param {Service} target */
async function put(id, target) {
  const done = /** @type {{words?: string}} */ ({});
  await arrange((services) => {
    const from = services.findIndex((x) => x.id === id);
    const to = services.findIndex((x) => x.id === target.id);
    if (from < 0 || to < 0 || from === to) return null;
    const order = [...services];
    order.splice(to, 0, ...order.splice(from, 1));
    done.words = moved(services[from].name, target.name, from < to);
    return order;
  });
  if (done.words) say(done.words);
}

/**
 * The line above a group: groups go up and down as services do, and are renamed.
 * @param {string} group
 * @param {Service[]} members that are shown
 * @param {View} view
 * @param {{up: boolean, down: boolean}} may
 */
function groupRow(group, members, view, may) {
  const name = group || t`Services without a group`;
  const keys = (/** @type {KeyboardEvent} */ e) => {
    if (!e.altKey || !mayWrite()) return;
    if (e.key === 'ArrowUp' && may.up) moveGroup(group, -1);
    else if (e.key === 'ArrowDown' && may.down) moveGroup(group, 1);
    else return;
    e.preventDefault();
  };
  return html`<tr class="group" id="group-${group}" draggable=${mayWrite() && (may.up || may.down) ? 'true' : 'false'} @keydown=${keys} @dragstart=${(/** @type {DragEvent} */ e) => lift(e, { group })} @dragover=${(/** @type {DragEvent} */ e) => over(e, (x) => x.group !== undefined && x.group !== group)} @dragleave=${leave} @drop=${(/** @type {DragEvent} */ e) => drop(e, (x) => putGroup(x.group, () => group))}>
    <th scope="rowgroup" colspan="4">${groupBox(members, name)}${group || t`Without a group`}</th>
    <td class="tools">${
      mayWrite()
        ? html`<button type="button" class="quiet-button small" aria-label=${t`Move ${name} up`} title=${t`Up (Alt ↑)`} ?disabled=${!may.up} @click=${() => moveGroup(group, -1)}>${icon('up')}</button
          ><button type="button" class="quiet-button small" aria-label=${t`Move ${name} down`} title=${t`Down (Alt ↓)`} ?disabled=${!may.down} @click=${() => moveGroup(group, 1)}>${icon('down')}</button
          >${group ? html`<button type="button" class="quiet-button small" aria-label=${t`Rename the group ${group}`} title=${t`Rename`} @click=${() => renameGroup(group, view)}>${icon('edit')}</button>` : nothing}`
        : nothing
    }</td></tr>`;
}

/** @param {string} group @param {number} by */
function moveGroup(group, by) {
  keepFocus(`group-${group}`);
  return putGroup(group, (groups) => groups[groups.indexOf(group) + by]);
}

/** Puts a group into the place of another one, with all that is in it. @param {string|undefined} group @param {(groups: string[]) => string|undefined} which */
async function putGroup(group, which) {
  if (group === undefined) return;
  const done = /** @type {{words?: string}} */ ({});
  await arrange((services) => {
    const groups = [...new Set(services.map((s) => s.group))];
    const target = which(groups);
    const from = groups.indexOf(group);
    const to = target === undefined ? -1 : groups.indexOf(target);
    if (from < 0 || to < 0 || from === to) return null;
    groups.splice(to, 0, ...groups.splice(from, 1));
    done.words = moved(group || t`What has no group`, target || t`what has no group`, from < to);
    return groups.flatMap((g) => services.filter((s) => s.group === g));
  });
  if (done.words) say(done.words);
}

/** A group is its name on each of its services. @param {string} group @param {View} view */
function renameGroup(group, view) {
  openForm({
    key: `rename_group:${group}`,
    title: t`Rename ${group}`,
    action: t`Rename`,
    plain: true,
    values: { group },
    body: (form) =>
      field(form, {
        name: 'group',
        label: t`Name of the group`,
        focus: true,
        max: 200,
        hint: t`Its services keep their places. Empty dissolves the group.`,
      }),
    send: async (v) => {
      for (const s of view.services.filter((x) => x.group === group)) {
        const { problem } = await submit({ kind: 'edit_service', id: s.id, group: v.group });
        if (problem) throw Object.assign(new Error(problem.detail), { problem });
      }
    },
  });
}

/** Adds a service, or edits one. @param {Service} [s] @param {{from?: Command, instead?: How}} [queued] */
export function openService(s, { from, instead } = {}) {
  const was = s ?? { name: '', description: '', group: '', status: 'operational', start_date: '' };
  const values = {
    name: from?.name ?? was.name,
    description: from?.description ?? was.description,
    group: from?.group ?? was.group,
    status: from?.status ?? was.status,
    start_date: from?.start_date ?? was.start_date,
  };
  readAudiences();
  openForm({
    key: s ? `edit_service:${s.id}` : 'create_service',
    title: s ? t`Edit ${s.name}` : t`Add a service`,
    action: s || instead ? t`Save` : t`Add`,
    instead,
    ids: { id: s ? undefined : from?.id },
    values,
    labels: {
      name: t`Name`,
      description: t`Description`,
      group: t`Group`,
      status: t`State`,
      start_date: t`Record begins`,
      audiences: t`Seen by`,
    },
    about: s ? (view) => view.services.find((x) => x.id === s.id) : undefined,
    toCommand: (v, form) =>
      s
        ? { kind: 'edit_service', id: s.id, version: form.version ?? s.version, ...v }
        : { kind: 'create_service', id: form.ids.id, ...v },
    body: (form) => {
      const now = s && model.view?.services.find((x) => x.id === s.id);
      const allowed = now ? [now.status, ...(now.next ?? states.filter((x) => x !== now.status))] : states;
      const groups = [...new Set(model.view?.services.map((x) => x.group).filter(Boolean))];
      return html`${field(form, { name: 'name', label: t`Name`, focus: true, max: 200, placeholder: t`Payments API` })}
        ${field(form, { name: 'description', label: t`Description`, optional: true, max: 20000, hint: t`One line under the name on the page.` })}
        ${field(form, { name: 'group', label: t`Group`, optional: true, max: 200, list: 'groups', hint: t`Services of one group stand together.` })}
        <datalist id="groups">${groups.map((g) => html`<option value=${g}></option>`)}</datalist>
        ${field(form, { name: 'start_date', label: t`Record begins`, type: 'date', optional: true, hint: t`The first day whose past you know, when you come from elsewhere. Days before have no data.` })}
        ${choose(form, { name: 'status', label: t`State`, options: allowed.map((x) => [x, stateName(x)]) })}
        ${audiencePicker(form, from?.audiences ?? now?.audiences ?? [])}`;
    },
  });
}

/** @param {Service} s @param {View} view */
function deleteService(s, view) {
  const active = view.incidents.filter((i) => i.status !== 'resolved' && i.services.some((x) => x.id === s.id));
  openForm({
    key: `delete_service:${s.id}`,
    title: t`Delete ${s.name}?`,
    action: t`Delete the service`,
    danger: true,
    plain: true,
    values: {},
    toCommand: () => ({ kind: 'delete_service', id: s.id }),
    body: () => html`<p><strong>${s.name}</strong> ${t`and its bars disappear from the page. Incidents that were about it keep its name.`}</p>
      ${active.length ? html`<p>${t`It is part of ${active.map((i) => `“${i.title}”`).join(', ')} now; another incident cannot name it any more.`}</p>` : nothing}`,
  });
}
