import { html, live, nothing } from '../../vendor/lit-html.js';
import { choose, field, tick } from '../form.js';
import { badge } from '../icon.js';
import { model } from '../model.js';
import { go } from '../router.js';
import { openForm } from '../dialog.js';
import { preview } from './preview.js';
import { stateName } from '../words.js';

/** @typedef {import('../form.js').Form} Form */
/** @typedef {import('../types.js').Command} Command */
/** @typedef {import('../types.js').Incident} Incident */
/** @typedef {import('../types.js').Service} Service */

const anyState = ['degraded_performance', 'partial_outage', 'major_outage'];

/** Where a new incident may take a service; before the rules are loaded the server decides. @param {Service} service */
const nextOf = (service) => service.next_by_incident ?? anyState;

/**
 * Opens the form for a new incident.
 * @param {{service?: string, from?: Command, instead?: string}} [start] from is a queued command to edit
 */
export function openIncident({ service, from, instead } = {}) {
  const states = Object.fromEntries((from?.services ?? []).map((/** @type {any} */ s) => [s.id, s.to_state]));
  const first = model.view?.services.find((s) => s.id === service);
  if (first && nextOf(first).length) states[first.id] = nextOf(first)[0];
  openForm({
    key: service ? `open_incident:${service}` : 'open_incident',
    title: instead ? 'Edit the queued incident' : 'Open an incident',
    action: instead ? 'Save' : 'Publish',
    wide: true,
    instead,
    ids: from ? { id: from.id, update: from.update_id } : undefined,
    values: { title: from?.title ?? '', description: from?.description ?? '', states, notify: from?.notify ?? true, filter: '' },
    toCommand: (v, form) => ({
      kind: 'open_incident',
      id: form.ids.id,
      update_id: form.ids.update,
      title: v.title,
      description: v.description,
      services: Object.entries(v.states).map(([id, to_state]) => ({ id, to_state })),
      notify: v.notify,
    }),
    body: openBody,
    aside: (form) => preview(form, Object.keys(form.values.states)),
    done: (form) => instead || go(`/dashboard/incidents/${form.ids.id}`),
  });
}

/** @param {Form} form */
function openBody(form) {
  return html`${field(form, { name: 'title', label: 'What is wrong', focus: true, max: 200, placeholder: 'Checkout is failing for some customers', hint: 'The first words that visitors read.' })}
    ${picker(form)}
    ${field(form, { name: 'description', label: 'Message', rows: 5, max: 20000, optional: true, placeholder: 'What visitors notice, what you are doing, when you will write again.', hint: 'Markdown. It becomes the first entry of the timeline.' })}
    ${tick(form, 'notify', 'Tell subscribers')}`;
}

/** Which services are hit, and what state each is in now: only what the rules allow can be chosen. @param {Form} form */
function picker(form) {
  const services = model.view?.services ?? [];
  const wanted = form.values.filter.trim().toLowerCase();
  const shown = services.filter((s) => form.values.states[s.id] || `${s.name} ${s.group}`.toLowerCase().includes(wanted));
  const error = form.error('service') || form.error('services') || (form.tried ? form.error('to_state') : '');
  return html`<fieldset class="field picker" aria-describedby="picker-hint">
    <legend>Affected services</legend>
    ${services.length > 8
      ? html`<input type="search" aria-label="Find a service" placeholder="Find a service" autocomplete="off" .value=${live(form.values.filter)} @input=${(/** @type {Event} */ e) => form.set('filter', /** @type {HTMLInputElement} */ (e.target).value)} @keydown=${(/** @type {KeyboardEvent} */ e) => e.key === 'Enter' && !e.ctrlKey && !e.metaKey && e.preventDefault()} />`
      : nothing}
    <div class="rows">${shown.map((s) => pick(form, s))}${shown.length ? nothing : html`<p class="faint pad">${services.length ? 'No service of that name.' : 'There is no service yet. Add one under Services first.'}</p>`}</div>
    <p class="hint ${error ? 'bad' : ''}" id="picker-hint">${error || 'Only the states that a service can move to are offered.'}</p>
  </fieldset>`;
}

/** @param {Form} form @param {Service} service */
function pick(form, service) {
  const next = nextOf(service);
  const state = form.values.states[service.id];
  const change = (/** @type {string|undefined} */ to) => {
    const { [service.id]: _, ...others } = form.values.states;
    form.set('states', to ? { ...others, [service.id]: to } : others);
  };
  const offered = !state || next.includes(state) ? next : [...next, state];
  return html`<div class="pick ${state ? 'on' : ''}">
    <label><input type="checkbox" .checked=${live(!!state)} ?disabled=${!next.length && !state} @change=${(/** @type {Event} */ e) => change(/** @type {HTMLInputElement} */ (e.target).checked ? next[0] : undefined)} />
      <span class="grow">${service.name}</span></label>
    ${state
      ? html`<select aria-label="New state of ${service.name}" @change=${(/** @type {Event} */ e) => change(/** @type {HTMLSelectElement} */ (e.target).value)}>
          ${offered.map((n) => html`<option value=${n} .selected=${live(n === state)}>${stateName(n)}</option>`)}</select>`
      : html`<span class="now" title=${next.length ? '' : service.status === 'under_maintenance' ? 'Under maintenance: end the maintenance first.' : 'It cannot get worse than this.'}>${badge(service.status, service.status_display)}</span>`}
  </div>`;
}

/**
 * Opens the form that adds to an incident's timeline.
 * @param {Incident} incident
 * @param {{status?: string, from?: Command, instead?: string, remote?: boolean}} [start]
 */
export function openUpdate(incident, { status, from, instead, remote } = {}) {
  openForm({
    key: `update_incident:${incident.id}:${status === 'resolved' ? 'resolved' : 'update'}`,
    title: instead ? 'Edit the queued update' : status === 'resolved' ? `Resolve “${incident.title}”` : `Update “${incident.title}”`,
    action: instead ? 'Save' : status === 'resolved' ? 'Resolve' : 'Publish',
    wide: true,
    instead,
    remote,
    ids: from ? { update: from.id } : undefined,
    values: { status: from?.status ?? status ?? incident.status, body: from?.body ?? '', notify: from?.notify ?? true },
    toCommand: (v, form) => ({ kind: 'update_incident', incident: incident.id, id: form.ids.update, status: v.status, body: v.body, notify: v.notify }),
    body: (form) => updateBody(form, incident),
    aside: (form) => preview(form, incident.services.map((s) => s.id).filter((id) => model.view?.services.some((s) => s.id === id))),
    done: () => {},
  });
}

/** @param {Form} form @param {Incident} incident */
function updateBody(form, incident) {
  const now = model.view?.incidents.find((i) => i.id === incident.id) ?? incident;
  const next = [now.status, ...(now.next ?? ['identified', 'monitoring', 'resolved'])];
  if (!next.includes(form.values.status)) next.push(form.values.status);
  return html`${field(form, { name: 'body', label: 'Message', rows: 6, max: 20000, focus: true, optional: form.values.status !== now.status, hint: 'Markdown. What changed since the last message, and when you will write again.' })}
    ${choose(form, { name: 'status', label: 'Status', options: next.map((s) => [s, s === now.status ? `${stateName(s)} (as it is)` : stateName(s)]), hint: form.values.status === 'resolved' ? 'Its services go back to how they were; a resolved incident is never reopened.' : 'An incident only moves forward.' })}
    ${tick(form, 'notify', 'Tell subscribers')}`;
}

/** Opens the form that corrects an incident's words. @param {Incident} incident @param {{remote?: boolean, from?: Command, instead?: string}} [how] */
export function editIncident(incident, { remote, from, instead } = {}) {
  openForm({
    key: `edit_incident:${incident.id}`,
    title: 'Correct the text',
    action: 'Save',
    remote,
    instead,
    values: { title: from?.title ?? incident.title, description: from?.description ?? incident.description },
    labels: { title: 'Title', description: 'Message' },
    about: remote ? undefined : (view) => view.incidents.find((i) => i.id === incident.id),
    toCommand: (v, form) => ({ kind: 'edit_incident', id: incident.id, update_id: form.ids.update, version: instead ? from?.version : form.version ?? incident.version, title: v.title, description: v.description }),
    body: (form) => html`${field(form, { name: 'title', label: 'Title', focus: true, max: 200 })}
      ${field(form, { name: 'description', label: 'Message', rows: 6, max: 20000, optional: true, hint: 'Subscribers are not told of a correction; the audit log keeps it.' })}`,
  });
}

/** Asks before an incident is hidden. @param {Incident} incident @param {boolean} [remote] */
export function deleteIncident(incident, remote = false) {
  openForm({
    key: `delete_incident:${incident.id}`,
    title: 'Delete this incident?',
    action: 'Delete the incident',
    danger: true,
    plain: true,
    remote,
    values: {},
    toCommand: () => ({ kind: 'delete_incident', id: incident.id }),
    body: () => html`<p><strong>“${incident.title}”</strong> and its ${incident.updates.length === 1 ? 'message' : `${incident.updates.length} messages`} disappear from the page.
      ${incident.status === 'resolved' ? '' : 'Its services go back to how they were, and subscribers are told.'} The audit log keeps what was written.</p>`,
    done: () => go('/dashboard/incidents'),
  });
}
