import { html, live, nothing } from '../../vendor/lit-html.js';
import { badge } from '../icon.js';
import { changed, model } from '../model.js';
import { call } from '../request.js';
import { stateName } from '../words.js';
import { t } from '../../language.js';

/** @typedef {import('../form.js').Form} Form */

/**
 * Chips that choose a whole group, or give it up again.
 * @param {import('../types.js').Service[]} services that can be chosen
 * @param {(id: string) => boolean} has
 * @param {(members: import('../types.js').Service[], on: boolean) => void} change
 */
export function groupPicker(services, has, change) {
  const groups = [...new Set(services.map((s) => s.group).filter(Boolean))];
  if (!groups.length) return nothing;
  return html`<div class="row groups" role="group" aria-label=${t`Whole groups`}>${groups.map((group) => {
    const members = services.filter((s) => s.group === group);
    const all = members.every((s) => has(s.id));
    return html`<button type="button" class="button small" aria-pressed=${all ? 'true' : 'false'} @click=${() => change(members, !all)}>${group}</button>`;
  })}</div>`;
}

/**
 * Services of which the form's `services` are chosen.
 * @param {Form} form
 * @param {{id: string, legend: string, hint?: string, bad?: boolean, above?: unknown,
 *   beside?: (service: import('../types.js').Service) => unknown}} given what else is drawn; id is the hint's
 */
export function chooseServices(form, { id, legend, hint = '', bad = false, above = nothing, beside = () => nothing }) {
  const chosen = /** @type {string[]} */ (form.values.services);
  const change = (/** @type {string} */ service, /** @type {boolean} */ on) =>
    form.set('services', on ? [...chosen, service] : chosen.filter((id) => id !== service));
  const row = (/** @type {import('../types.js').Service} */ s) => {
    const on = chosen.includes(s.id);
    const changed = (/** @type {Event} */ e) => change(s.id, /** @type {HTMLInputElement} */ (e.target).checked);
    return html`<div class="pick ${on ? 'on' : ''}">
      <label><input type="checkbox" .checked=${live(on)} @change=${changed} /><span class="grow">${s.name}</span></label>
      ${beside(s)}</div>`;
  };
  return html`<fieldset class="field picker" aria-describedby=${id}><legend>${legend}</legend>
    ${above}
    <div class="rows">${model.view?.services.map(row)}</div>
    <p class="hint ${bad ? 'bad' : ''}" id=${id}>${hint}</p>
  </fieldset>`;
}

/** What is under maintenance. @param {Form} form */
export function servicePicker(form) {
  const error = form.error('services');
  const chosen = /** @type {string[]} */ (form.values.services);
  return chooseServices(form, {
    id: 'services-hint',
    legend: t`Services`,
    hint: error || t`They are under maintenance from start to end.`,
    bad: !!error,
    above: groupPicker(
      model.view?.services ?? [],
      (id) => chosen.includes(id),
      (members, on) => {
        const others = chosen.filter((id) => !members.some((s) => s.id === id));
        form.set('services', on ? [...others, ...members.map((s) => s.id)] : others);
      },
    ),
    beside: (s) => html`<span class="now">${badge(s.status, stateName(s.status))}</span>`,
  });
}

/** What an incident can make of a service. */
export const anyState = ['degraded_performance', 'partial_outage', 'major_outage'];

/** Where a new incident may take a service; before the rules are loaded the server decides. @param {import('../types.js').Service} service */
export const nextOf = (service) => service.next_by_incident ?? anyState;

/** Which services are hit, and what state each is in now: only what the rules allow can be chosen. @param {Form} form */
export function affectedPicker(form) {
  const services = model.view?.services ?? [];
  const wanted = form.values.filter.trim().toLowerCase();
  const shown = services.filter(
    (s) => form.values.states[s.id] || `${s.name} ${s.group}`.toLowerCase().includes(wanted),
  );
  const error = form.error('service') || form.error('services') || (form.tried ? form.error('to_state') : '');
  return html`<fieldset class="field picker" aria-describedby="picker-hint">
    <legend>${t`Affected services`}</legend>
    ${
      services.length > 8
        ? html`<input type="search" aria-label=${t`Find a service`} placeholder=${t`Find a service`} autocomplete="off" .value=${live(form.values.filter)} @input=${(/** @type {Event} */ e) => form.set('filter', /** @type {HTMLInputElement} */ (e.target).value)} @keydown=${(/** @type {KeyboardEvent} */ e) => e.key === 'Enter' && !e.ctrlKey && !e.metaKey && e.preventDefault()} />`
        : nothing
    }
    ${groupPicker(
      services.filter((s) => form.values.states[s.id] || nextFor(form, s).length),
      (id) => !!form.values.states[id],
      (members, on) => {
        const states = { ...form.values.states };
        for (const s of members) {
          if (on) states[s.id] ??= nextFor(form, s)[0];
          else delete states[s.id];
        }
        form.set('states', states);
      },
    )}
    <div class="rows">${shown.map((s) => pick(form, s))}${shown.length ? nothing : html`<p class="faint pad">${services.length ? t`No service of that name.` : t`There is no service yet. Add one under Services first.`}</p>`}</div>
    <p class="hint ${error ? 'bad' : ''}" id="picker-hint">${error || t`Only the states that a service can move to are offered.`}</p>
  </fieldset>`;
}

/** What is over has no hold on the present: it may have been anything. @param {Form} form @param {import('../types.js').Service} service */
const nextFor = (form, service) => (form.values.resolved ? anyState : nextOf(service));

/** @param {Form} form @param {import('../types.js').Service} service */
function pick(form, service) {
  const next = nextFor(form, service);
  const state = form.values.states[service.id];
  const change = (/** @type {string|undefined} */ to) => {
    const { [service.id]: _, ...others } = form.values.states;
    form.set('states', to ? { ...others, [service.id]: to } : others);
  };
  const offered = !state || next.includes(state) ? next : [...next, state];
  return html`<div class="pick ${state ? 'on' : ''}">
    <label><input type="checkbox" .checked=${live(!!state)} ?disabled=${!next.length && !state} @change=${(/** @type {Event} */ e) => change(/** @type {HTMLInputElement} */ (e.target).checked ? next[0] : undefined)} />
      <span class="grow">${service.name}</span></label>
    ${
      state
        ? html`<select aria-label=${t`New state of ${service.name}`} @change=${(/** @type {Event} */ e) => change(/** @type {HTMLSelectElement} */ (e.target).value)}>
          ${offered.map((n) => html`<option value=${n} .selected=${live(n === state)}>${stateName(n)}</option>`)}</select>`
        : html`<span class="now" title=${next.length ? '' : service.status === 'under_maintenance' ? t`Under maintenance: end the maintenance first.` : t`It cannot get worse than this.`}>${badge(service.status, stateName(service.status))}</span>`
    }
  </div>`;
}

/** The page's audiences, as an admin was told them last. */
const known = { list: /** @type {{id: string, name: string}[]} */ ([]) };

/** Asks for the page's audiences anew; offline they are as they were. */
export async function readAudiences() {
  try {
    known.list = (await call('GET', '/organization/')).data.access.audiences ?? [];
    changed();
  } catch {
    /* nothing can be chosen until they were read */
  }
}

/** Who alone sees a service. @param {Form} form @param {string[]} was */
export function audiencePicker(form, was) {
  if (!known.list.length) return nothing;
  const chosen = /** @type {string[]} */ (form.values.audiences ?? was);
  const error = form.error('audiences');
  const row = (/** @type {{id: string, name: string}} */ a) => {
    const change = (/** @type {Event} */ e) => {
      const rest = chosen.filter((id) => id !== a.id);
      form.set('audiences', /** @type {HTMLInputElement} */ (e.target).checked ? [...rest, a.id] : rest);
    };
    const on = live(chosen.includes(a.id));
    return html`<label class="tick"><input type="checkbox" .checked=${on} @change=${change} />
      <span>${a.name}</span></label>`;
  };
  const hint = error || t`With none chosen, everybody who may see the page.`;
  return html`<fieldset class="field" aria-describedby="audiences-hint"><legend>${t`Seen by`}</legend>
    ${known.list.map(row)}
    <p class="hint ${error ? 'bad' : ''}" id="audiences-hint">${hint}</p></fieldset>`;
}
