import { html, live, nothing } from '../../vendor/lit-html.js';
import { choose, field, tick } from '../form.js';
import { openBlanks } from '../blank.js';
import { changed, model } from '../model.js';
import { call } from '../request.js';
import { go } from '../router.js';
import { affectedPicker, anyState, nextOf } from './picker.js';
import { openForm } from '../dialog.js';
import { ago, fromInput, short, toInput } from '../time.js';
import { fromTemplate } from './template.js';
import { preview } from './preview.js';
import { stateName } from '../words.js';
import { description, inOtherLanguages, message, saying, title, told } from './translations.js';
import { many, t } from '../../language.js';

/** @typedef {import('../form.js').Spec['instead']} How */
/** @typedef {import('../form.js').Form} Form */
/** @typedef {import('../types.js').Command} Command */
/** @typedef {import('../types.js').Incident} Incident */
/** @typedef {import('../types.js').Service} Service */

/**
 * Opens the form for a new incident.
 * @param {{service?: string, from?: any, instead?: How, fresh?: boolean}} [start] from is a queued command to edit, or words from elsewhere
 */
export function openIncident({ service, from, instead, fresh } = {}) {
  const states = Object.fromEntries((from?.services ?? []).map((/** @type {any} */ s) => [s.id, s.to_state]));
  const first = model.view?.services.find((s) => s.id === service);
  if (first && nextOf(first).length) states[first.id] = nextOf(first)[0];
  openForm({
    key: service ? `open_incident:${service}` : 'open_incident',
    title: instead ? t`Edit the queued incident` : t`Open an incident`,
    action: instead ? t`Save` : t`Publish`,
    wide: true,
    instead,
    fresh,
    ids: from ? { id: from.id, update: from.update_id, other: from.resolution_id } : undefined,
    values: {
      title: from?.title ?? '',
      description: from?.description ?? '',
      states,
      notify: from?.notify ?? true,
      filter: '',
      started: from?.started_at ? toInput(from.started_at) : '',
      resolved: from?.resolved_at ? toInput(from.resolved_at) : '',
      resolution: from?.resolution ?? '',
      ...told(from?.translations, [title, description]),
    },
    toCommand: (v, form) => ({
      kind: 'open_incident',
      id: form.ids.id,
      update_id: form.ids.update,
      title: v.title,
      description: v.description,
      services: Object.entries(v.states).map(([id, to_state]) => ({ id, to_state })),
      notify: v.notify,
      ...saying('translations', v, [title, description]),
      ...past(v, form),
    }),
    check: openBlanks,
    drafts: true,
    body: openBody,
    aside: (form) => preview(form, Object.keys(form.values.states)),
    done: (form) => instead || go(`/dashboard/incidents/${form.ids.id}`),
  });
}

/** What dates an incident back; nothing of it when it is happening now. @param {Record<string, any>} v @param {Form} form */
function past(v, form) {
  const started = fromInput(v.started);
  const resolved = fromInput(v.resolved);
  return {
    ...(started ? { started_at: started } : {}),
    ...(resolved ? { resolved_at: resolved, resolution: v.resolution, resolution_id: form.ids.other } : {}),
  };
}

/** @param {Form} form */
function openBody(form) {
  return html`${fromTemplate(form)}
    ${field(form, { name: 'title', label: t`What is wrong`, focus: true, max: 200, placeholder: t`Checkout is failing for some customers`, hint: t`The first words that visitors read.` })}
    ${affectedPicker(form)}
    ${field(form, { name: 'description', label: t`Message`, rows: 5, max: 20000, optional: true, placeholder: t`What visitors notice, what you are doing, when you will write again.`, hint: t`Markdown. It becomes the first entry of the timeline.` })}
    ${tick(form, 'notify', t`Tell subscribers`)}
    ${inOtherLanguages(form, [title, description])}
    <details class="more" ?open=${!!form.values.started}><summary>${t`It began earlier`}</summary>
      <div class="pair">${field(form, { name: 'started_at', of: 'started', label: t`Began`, type: 'datetime-local', hint: t`The page tells it as if it had been opened then.` })}
        ${field(form, { name: 'resolved_at', of: 'resolved', label: t`Was over`, type: 'datetime-local', optional: true, hint: t`When it is over already.` })}</div>
      ${form.values.resolved ? field(form, { name: 'resolution', label: t`What ended it`, rows: 2, max: 20000, optional: true }) : nothing}
    </details>`;
}

/**
 * Opens the form that adds to an incident's timeline.
 * @param {Incident} incident
 * @param {{status?: string, from?: Command, instead?: How, remote?: boolean, fresh?: boolean}} [start]
 */
export function openUpdate(incident, { status, from, instead, remote, fresh } = {}) {
  openForm({
    key: `update_incident:${incident.id}:${status === 'resolved' ? 'resolved' : 'update'}`,
    title: instead
      ? t`Edit the queued update`
      : status === 'resolved'
        ? t`Resolve “${incident.title}”`
        : t`Update “${incident.title}”`,
    action: instead ? t`Save` : status === 'resolved' ? t`Resolve` : t`Publish`,
    wide: true,
    instead,
    remote,
    fresh,
    ids: from ? { update: from.id } : undefined,
    values: {
      status: from?.status ?? status ?? incident.status,
      body: from?.body ?? '',
      notify: from?.notify ?? true,
      states: Object.fromEntries((from?.services ?? []).map((/** @type {any} */ s) => [s.id, s.to_state])),
      ...told(from?.translations, [message]),
    },
    toCommand: (v, form) => {
      const moved = v.status === 'resolved' ? [] : Object.entries(v.states).map(([id, to_state]) => ({ id, to_state }));
      return {
        kind: 'update_incident',
        incident: incident.id,
        id: form.ids.update,
        status: v.status,
        body: v.body,
        notify: v.notify,
        ...saying('translations', v, [message]),
        ...(moved.length ? { services: moved } : {}),
      };
    },
    drafts: true,
    check: (form) =>
      openBlanks(form) ??
      (over(incident)
        ? { code: 'conflict', detail: t`It is resolved already. Choose above what becomes of your words.` }
        : undefined),
    body: (form) => updateBody(form, incident),
    aside: (form) =>
      preview(
        form,
        incident.services.map((s) => s.id),
      ),
    done: () => {},
  });
}

/** Whether somebody resolved an incident since a form about it was opened. @param {Incident} incident */
function over(incident) {
  const now = model.view?.incidents.find((i) => i.id === incident.id);
  return incident.status !== 'resolved' && now?.status === 'resolved' ? now : undefined;
}

/** Who resolved an incident, as the audit log knows it, by incident. @type {Map<string, string>} */
const resolvers = new Map();

/** @param {string} id */
function resolver(id) {
  const known = resolvers.get(id);
  if (known !== undefined) return known;
  resolvers.set(id, '');
  call('GET', `/audit-log/?object=${encodeURIComponent(id)}&page_size=1`).then(
    ({ data }) => {
      const by = data?.results?.[0]?.actor;
      resolvers.set(id, by?.name || by?.email || '');
      changed();
    },
    () => resolvers.delete(id),
  );
  return '';
}

/** Somebody else resolved it while words were being written: what can become of them. @param {Form} form @param {Incident} now */
function overtakenByEnd(form, now) {
  const words = form.values.body;
  const last = now.updates.at(-1);
  return html`<div class="note conflict warn" role="alert" id="resolved-meanwhile">
    <p><strong>${t`${resolver(now.id) || t`Somebody`} resolved this incident ${ago(now.resolved_at ?? now.updated_at)}, at ${short(now.resolved_at ?? now.updated_at)}, while you were writing.`}</strong> ${t`A resolved incident gets no more updates. Your words are kept; they can be published as:`}</p>
    <div class="row">
      ${last ? html`<button type="button" class="button small" @click=${() => correctUpdate(now, last, { from: { kind: 'correct_update', body: [last.body, words].filter(Boolean).join('\n\n') }, fresh: true })}>${t`A correction of the last message`}</button>` : nothing}
      <button type="button" class="button small" @click=${() => openIncident({ from: { title: now.title, description: words, services: again(now) }, fresh: true })}>${t`A new incident`}</button>
      <button type="button" class="button small" @click=${() => openAfterwards(now, 'postmortem', { from: { kind: 'edit_incident', postmortem: [now.postmortem, words].filter(Boolean).join('\n\n') }, fresh: true })}>${t`A post-mortem`}</button>
    </div>
  </div>`;
}

/** The services of an incident that another one may take, as it held them. @param {Incident} now */
const again = (now) =>
  now.services.flatMap(({ id, to_state }) => {
    const next = model.view?.services.find((s) => s.id === id);
    const states = next ? nextOf(next) : [];
    return states.length ? [{ id, to_state: states.includes(to_state) ? to_state : states[0] }] : [];
  });

/** @param {Form} form @param {Incident} incident */
function updateBody(form, incident) {
  const ended = over(incident);
  if (ended) {
    return html`${overtakenByEnd(form, ended)}${field(form, { name: 'body', label: t`Message`, rows: 6, max: 20000, optional: true, hint: t`As you wrote it.` })}`;
  }
  const now = model.view?.incidents.find((i) => i.id === incident.id) ?? incident;
  const next = [now.status, ...(now.next ?? ['identified', 'monitoring', 'resolved'])];
  if (!next.includes(form.values.status)) next.push(form.values.status);
  return html`${fromTemplate(form)}
    ${field(form, { name: 'body', label: t`Message`, rows: 6, max: 20000, focus: true, optional: form.values.status !== now.status, hint: t`Markdown. What changed since the last message, and when you will write again.` })}
    ${choose(form, { name: 'status', label: t`Status`, options: next.map((s) => [s, s === now.status ? t`${stateName(s)} (as it is)` : stateName(s)]), hint: form.values.status === 'resolved' ? t`Its services go back to how they were; a resolved incident is never reopened.` : t`An incident only moves forward.` })}
    ${form.values.status === 'resolved' ? nothing : hold(form, now)}
    ${tick(form, 'notify', t`Tell subscribers`)}
    ${inOtherLanguages(form, [message], { original: incident.language })}`;
}

/** What the incident does to each of its services from here on: one that is operational has recovered. @param {Form} form @param {Incident} incident */
function hold(form, incident) {
  const held = incident.services.filter((s) => model.view?.services.some((x) => x.id === s.id));
  if (!held.length) return nothing;
  const error = form.error('services');
  const set = (/** @type {import('../types.js').Affected} */ s, /** @type {string} */ to) => {
    const { [s.id]: _, ...others } = form.values.states;
    form.set('states', to === s.to_state ? others : { ...others, [s.id]: to });
  };
  return html`<fieldset class="field picker" aria-describedby="hold-hint"><legend>${t`Services`}</legend>
    <div class="rows">${held.map(
      (s) => html`<div class="pick on"><span class="grow">${s.name}</span>
      <select aria-label=${t`New state of ${s.name}`} @change=${(/** @type {Event} */ e) => set(s, /** @type {HTMLSelectElement} */ (e.target).value)}>
        ${['operational', ...anyState].map((n) => html`<option value=${n} .selected=${live(n === (form.values.states[s.id] ?? s.to_state))}>${n === 'operational' ? t`Recovered` : stateName(n)}</option>`)}
      </select></div>`,
    )}</div>
    <p class="hint ${error ? 'bad' : ''}" id="hold-hint">${error}</p></fieldset>`;
}

/**
 * Opens the form for what is said once an incident is over: why it happened, or why its time does not count.
 * @param {Incident} incident
 * @param {'postmortem'|'excluded_reason'} what
 * @param {{remote?: boolean, from?: Command, instead?: How, fresh?: boolean}} [how]
 */
export function openAfterwards(incident, what, { remote, from, instead, fresh } = {}) {
  const why = what === 'postmortem';
  const texts = [{ name: what, label: why ? t`Post-mortem` : t`Reason`, max: why ? 20000 : 500, rows: why ? 6 : 2 }];
  openForm({
    key: `${what}:${incident.id}`,
    title: why ? t`Post-mortem of “${incident.title}”` : t`Leave “${incident.title}” out of the uptime`,
    action: why ? t`Publish` : t`Save`,
    remote,
    instead,
    fresh,
    wide: why,
    drafts: why,
    values: {
      [what]: from?.[what] ?? incident[what] ?? '',
      ...told(from?.translations ?? incident.translations, texts),
    },
    labels: { [what]: why ? t`Post-mortem` : t`Reason` },
    about: remote ? undefined : (view) => view.incidents.find((i) => i.id === incident.id),
    toCommand: (v, form) => ({
      kind: 'edit_incident',
      id: incident.id,
      update_id: form.ids.update,
      version: instead ? from?.version : (form.version ?? incident.version),
      [what]: v[what],
      ...saying('translations', v, texts, incident.translations),
    }),
    body: (form) =>
      html`${
        why
          ? field(form, {
              name: what,
              label: t`What happened, why, and what you changed`,
              rows: 14,
              max: 20000,
              focus: true,
              hint: t`Markdown. Everybody can read it.`,
            })
          : field(form, {
              name: what,
              label: t`Reason`,
              rows: 3,
              max: 500,
              focus: true,
              hint: t`Everybody can read it beside the uptime. Empty counts the incident again.`,
            })
      }
        ${inOtherLanguages(form, texts, { original: incident.language })}`,
  });
}

/** Opens the form that corrects an incident's words. @param {Incident} incident @param {{remote?: boolean, from?: Command, instead?: How}} [how] */
export function editIncident(incident, { remote, from, instead } = {}) {
  openForm({
    key: `edit_incident:${incident.id}`,
    title: t`Correct the text`,
    action: t`Save`,
    remote,
    instead,
    values: {
      title: from?.title ?? incident.title,
      description: from?.description ?? incident.description,
      ...told(from?.translations ?? incident.translations, [title, description]),
    },
    labels: { title: t`Title`, description: t`Message` },
    about: remote ? undefined : (view) => view.incidents.find((i) => i.id === incident.id),
    toCommand: (v, form) => ({
      kind: 'edit_incident',
      id: incident.id,
      update_id: form.ids.update,
      version: instead ? from?.version : (form.version ?? incident.version),
      title: v.title,
      description: v.description,
      ...saying('translations', v, [title, description], incident.translations),
    }),
    body: (form) => html`${field(form, { name: 'title', label: t`Title`, focus: true, max: 200 })}
      ${field(form, { name: 'description', label: t`Message`, rows: 6, max: 20000, optional: true, hint: t`Subscribers are not told of a correction; the audit log keeps it.` })}
      ${inOtherLanguages(form, [title, description], { original: incident.language })}`,
  });
}

/** Corrects one message of the timeline, also of an incident that is over. @param {Incident} incident @param {import('../types.js').Update} update @param {{remote?: boolean, from?: Command, instead?: How, fresh?: boolean}} [how] */
export function correctUpdate(incident, update, { remote, from, instead, fresh } = {}) {
  openForm({
    key: `correct_update:${update.id}`,
    title: t`Correct this message`,
    action: t`Save`,
    remote,
    instead,
    fresh,
    values: { body: from?.body ?? update.body, ...told(from?.translations ?? update.translations, [message]) },
    labels: { body: t`Message` },
    about: remote ? undefined : (view) => view.incidents.find((i) => i.id === incident.id),
    toCommand: (v, form) => ({
      kind: 'correct_update',
      incident: incident.id,
      id: update.id,
      version: form.version ?? incident.version,
      body: v.body,
      ...saying('translations', v, [message], update.translations),
    }),
    body: (form) =>
      html`${field(form, {
        name: 'body',
        label: t`Message`,
        rows: 8,
        max: 20000,
        focus: true,
        hint: t`Visitors see that it was corrected; the audit log keeps what it said.`,
      })}
      ${inOtherLanguages(form, [message], { original: incident.language })}`,
  });
}

/** Asks before an incident is hidden. @param {Incident} incident @param {boolean} [remote] */
export function deleteIncident(incident, remote = false) {
  openForm({
    key: `delete_incident:${incident.id}`,
    title: t`Delete this incident?`,
    action: t`Delete the incident`,
    danger: true,
    plain: true,
    remote,
    values: {},
    toCommand: () => ({ kind: 'delete_incident', id: incident.id }),
    body: () =>
      html`<p><strong>“${incident.title}”</strong> ${many(incident.updates.length, 'and its message disappear from the page.', 'and its {0} messages disappear from the page.')} ${incident.status === 'resolved' ? '' : t`Its services go back to how they were, and subscribers are told.`} ${t`The audit log keeps what was written.`}</p>`,
    done: () => go('/dashboard/incidents'),
  });
}
