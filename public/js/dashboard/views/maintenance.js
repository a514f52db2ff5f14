import { html, nothing, repeat } from '../../vendor/lit-html.js';
import { PAGE_SIZE, Remote, empty, heading, mark, pageNumber, pager } from './list.js';
import { choose, field, tick } from '../form.js';
import { exact, fromInput, short, span, toInput, zone } from '../time.js';
import { go, route, withQuery } from '../router.js';
import { badge, icon } from '../icon.js';
import { mayWrite, model } from '../model.js';
import { openForm } from '../dialog.js';
import { preview } from './preview.js';
import { seriesList, writeSeries } from './series.js';
import { servicePicker } from './picker.js';
import { stateName } from '../words.js';
import { description, inOtherLanguages, message, saying, title, told } from './translations.js';
import { timeline } from './incident.js';
import { declare } from '../nouns.js';
import { t } from '../../language.js';

/** @typedef {import('../form.js').Spec['instead']} How */
/** @typedef {import('../form.js').Form} Form */
/** @typedef {import('../types.js').Command} Command */
/** @typedef {import('../types.js').Maintenance} Maintenance */
/** @typedef {import('../types.js').View} View */

declare({
  noun: 'maintenance',
  list: 'maintenances',
  name: 'maintenance',
  label: t`Maintenance`,
  alone: true,
  place: 30,
  show: (view, id) => (id ? maintenance(view, id) : maintenances(view)),
});

const HOUR = 3_600_000;
const single = new Remote();
const filters = [
  ['', t`All`],
  ['upcoming', t`Upcoming`],
  ['over', t`Over`],
  ['recurring', t`Recurring`],
];

/** @param {Maintenance} m */
const over = (m) => m.status === 'completed' || m.status === 'cancelled';

/** @param {View} view */
export function maintenances(view) {
  const status = route().query.get('status') ?? '';
  const plan = mayWrite()
    ? html`<button type="button" class="button" @click=${() => planMaintenance()}>${icon('plus')}${t`Plan maintenance`}</button>`
    : nothing;
  const tabs = html`<div class="filters"><div class="tabs" role="group" aria-label=${t`Status`}>${filters.map(([value, words]) => html`<a href=${withQuery({ status: value, page: '' })} aria-current=${value === status ? 'true' : nothing}>${words}</a>`)}</div></div>`;
  if (status === 'recurring') {
    const again = mayWrite()
      ? html`<button type="button" class="button" @click=${() => writeSeries()}>${icon('plus')}${t`Plan recurring maintenance`}</button>`
      : nothing;
    return html`${heading(t`Maintenance`, again)}${tabs}${seriesList()}`;
  }
  if (!view.maintenances.length) {
    return html`${heading(t`Maintenance`, plan)}${tabs}${empty(t`No maintenance planned`, t`Tell people before you take something down: the window starts and ends by itself, and its services show it.`, mayWrite() ? html`<button type="button" class="button primary" @click=${() => planMaintenance()}>${t`Plan maintenance`}</button>` : nothing)}`;
  }
  const rows = view.maintenances.filter((m) => !status || (status === 'over') === over(m)).sort(order);
  const page = pageNumber();
  return html`${heading(t`Maintenance`, plan)}
    ${tabs}
    ${
      rows.length
        ? html`<div class="scroll"><table class="list"><thead><tr><th scope="col">${t`Maintenance`}</th><th scope="col">${t`Status`}</th><th scope="col" class="wide-only">${t`Starts`}</th><th scope="col" class="wide-only">${t`Lasts`}</th></tr></thead>
          <tbody>${repeat(rows.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE), (m) => m.id, row)}</tbody></table></div>${pager({ count: rows.length })}`
        : empty(
            t`Nothing found`,
            t`No window is like that.`,
            html`<a class="button" href="/dashboard/maintenance">${t`Show all`}</a>`,
          )
    }`;
}

/** What goes on first, then the soonest, then the newest that are over. @param {Maintenance} a @param {Maintenance} b */
function order(a, b) {
  const later = Date.parse(a.scheduled_for) - Date.parse(b.scheduled_for);
  return turn(a) - turn(b) || (turn(a) === 1 ? later : -later);
}

/** @param {Maintenance} m */
const turn = (m) => (over(m) ? 2 : m.status === 'scheduled' ? 1 : 0);

/** @param {Maintenance} m */
const row = (m) => html`<tr>
  <td class="main"><a class="strong" href="/dashboard/maintenance/${m.id}">${m.title}</a> ${mark(m.id)}<span class="faint block clip">${m.services.map((s) => s.name).join(', ')}<span class="narrow-only"> · ${short(m.scheduled_for)}</span></span></td>
  <td class="state">${badge(m.status, m.status_display)}</td>
  <td class="wide-only nowrap"><time title=${exact(m.scheduled_for)}>${short(m.scheduled_for)}</time></td>
  <td class="wide-only nowrap faint">${span(Date.parse(m.scheduled_until) - Date.parse(m.scheduled_for))}</td>
</tr>`;

/** @param {View} view @param {string} id */
export function maintenance(view, id) {
  const here = view.maintenances.find((m) => m.id === id);
  if (here) return detail(here, false);
  return html`${single.show(`/maintenances/${encodeURIComponent(id)}/`).draw((data) => detail(/** @type {any} */ (data), true))}`;
}

/** @type {Record<string, string>} */
const verbs = {
  in_progress: t`Start now`,
  verifying: t`Verify`,
  completed: t`Complete`,
  cancelled: t`Cancel the window`,
};

/** @param {Maintenance} m @param {boolean} remote */
function detail(m, remote) {
  // Skipping a step is possible in the form; the buttons are the usual ones.
  const usual =
    { scheduled: ['in_progress', 'cancelled'], in_progress: ['verifying', 'completed'], verifying: ['completed'] }[
      m.status
    ] ?? [];
  const next = usual.filter((s) => (m.next ?? []).includes(s));
  const actions = mayWrite()
    ? html`${next.map((s, i) => html`<button type="button" class="button ${i ? '' : 'primary'}" @click=${() => moveMaintenance(m, s)}>${verbs[s]}</button>`)}
        ${over(m) ? nothing : html`<button type="button" class="button" @click=${() => moveMaintenance(m, m.status)}>${t`Update`}</button>`}
        <button type="button" class="button" @click=${() => editMaintenance(m, remote)}>${icon('edit')}${t`Edit`}</button>
        <button type="button" class="button" @click=${() => deleteMaintenance(m, remote)}>${icon('trash')}${t`Delete`}</button>`
    : nothing;
  return html`<p class="crumb"><a href="/dashboard/maintenance">${icon('left')}${t`Maintenance`}</a></p>
    ${heading(m.title, actions, html`<p class="facts">${badge(m.status, m.status_display)}<span class="faint">${t`${exact(m.scheduled_for)} to ${short(m.scheduled_until)} (${span(Date.parse(m.scheduled_until) - Date.parse(m.scheduled_for))}, ${zone()})`}</span>${mark(m.id)}</p>`)}
    <div class="split">
      <section aria-labelledby="timeline"><h2 id="timeline">${t`Timeline`}</h2>
        ${m.description ? html`<p class="prose lead">${m.description}</p>` : nothing}${timeline(m.updates)}</section>
      <section class="panel" aria-labelledby="affected"><h2 id="affected">${t`Services`}</h2><ul class="plain">${m.services.map((s) => html`<li class="line">${s.name}</li>`)}</ul>
        <p class="faint">${m.status === 'scheduled' ? t`It starts and ends by itself, at its times.` : m.started_at ? t`Started ${exact(m.started_at)}.` : ''} ${m.completed_at ? t`Over since ${exact(m.completed_at)}.` : ''}</p></section>
    </div>`;
}

/** @param {{from?: any, instead?: How, fresh?: boolean}} [start] from is a queued command to edit, or words from elsewhere */
export function planMaintenance({ from, instead, fresh } = {}) {
  const start = new Date(Math.ceil((Date.now() + HOUR) / HOUR) * HOUR);
  openForm({
    key: 'plan_maintenance',
    drafts: true,
    title: instead ? t`Edit the queued maintenance` : t`Plan maintenance`,
    action: instead ? t`Save` : t`Plan`,
    wide: true,
    instead,
    fresh,
    ids: from ? { id: from.id } : undefined,
    values: {
      title: from?.title ?? '',
      description: from?.description ?? '',
      services: from?.services ?? [],
      notify: from?.notify ?? true,
      scheduled_for: toInput(from?.scheduled_for ?? start),
      scheduled_until: toInput(from?.scheduled_until ?? start.getTime() + HOUR),
      ...told(from?.translations, [title, description]),
    },
    toCommand: (v, form) => ({
      kind: 'plan_maintenance',
      id: form.ids.id,
      title: v.title,
      description: v.description,
      services: v.services,
      scheduled_for: fromInput(v.scheduled_for),
      scheduled_until: fromInput(v.scheduled_until),
      notify: v.notify,
      ...saying('translations', v, [title, description]),
    }),
    body: (
      form,
    ) => html`${field(form, { name: 'title', label: t`What will be done`, focus: true, max: 200, placeholder: t`Database upgrade` })}
      ${times(form)}
      ${servicePicker(form)}
      ${field(form, { name: 'description', label: t`Message`, rows: 4, max: 20000, optional: true, placeholder: t`What visitors will notice, and what they can do.`, hint: t`Markdown.` })}
      ${tick(form, 'notify', t`Tell subscribers`)}
      ${inOtherLanguages(form, [title, description])}`,
    aside: (form) => preview(form, form.values.services),
    done: (form) => instead || go(`/dashboard/maintenance/${form.ids.id}`),
  });
}

/** @param {Form} form @param {boolean} [startFixed] */
function times(form, startFixed = false) {
  return html`<div class="pair">
      ${startFixed ? nothing : field(form, { name: 'scheduled_for', label: t`Starts`, type: 'datetime-local' })}
      ${field(form, { name: 'scheduled_until', label: t`Ends`, type: 'datetime-local', hint: '' })}
    </div>
    <p class="faint after">${t`Times are in your zone, ${zone()}.`}</p>`;
}

/** Moves a window on, or adds a message to it. @param {Maintenance} m @param {string} to @param {{from?: Command, instead?: How}} [queued] */
export function moveMaintenance(m, to, { from, instead } = {}) {
  openForm({
    key: `move_maintenance:${m.id}:${to}`,
    drafts: true,
    title: to === m.status ? t`Update “${m.title}”` : `${stateName(to)}: “${m.title}”`,
    action: to === m.status ? t`Publish` : (verbs[to] ?? t`Save`),
    wide: true,
    instead,
    ids: from ? { update: from.update_id } : undefined,
    values: {
      status: from?.status ?? to,
      message: from?.message ?? '',
      notify: from?.notify ?? true,
      ...told(from?.message_translations, [message]),
    },
    toCommand: (v, form) => ({
      kind: 'edit_maintenance',
      id: m.id,
      update_id: form.ids.update,
      status: v.status,
      message: v.message,
      notify: v.notify,
      ...saying('message_translations', v, [message]),
    }),
    body: (form) => {
      const now = model.view?.maintenances.find((x) => x.id === m.id) ?? m;
      const next = [...new Set([now.status, ...(now.next ?? []), form.values.status])];
      return html`${field(form, { name: 'message', label: t`Message`, rows: 5, max: 20000, focus: true, optional: form.values.status !== now.status })}
        ${choose(form, { name: 'status', label: t`Status`, options: next.map((s) => [s, s === now.status ? t`${stateName(s)} (as it is)` : stateName(s)]) })}
        ${tick(form, 'notify', t`Tell subscribers`)}
        ${inOtherLanguages(form, [message], { member: 'message_translations', original: m.language })}`;
    },
    aside: (form) =>
      preview(
        form,
        m.services.map((s) => s.id),
      ),
  });
}

/** @param {Maintenance} m @param {boolean} [remote] @param {{from?: Command, instead?: How}} [queued] */
export function editMaintenance(m, remote = false, { from, instead } = {}) {
  const started = m.status !== 'scheduled';
  const was = { scheduled_for: toInput(m.scheduled_for), scheduled_until: toInput(m.scheduled_until) };
  openForm({
    key: `edit_maintenance:${m.id}`,
    title: t`Edit “${m.title}”`,
    action: t`Save`,
    remote,
    instead,
    values: {
      title: from?.title ?? m.title,
      description: from?.description ?? m.description,
      scheduled_for: from?.scheduled_for ? toInput(from.scheduled_for) : was.scheduled_for,
      scheduled_until: from?.scheduled_until ? toInput(from.scheduled_until) : was.scheduled_until,
      ...told(from?.translations ?? m.translations, [title, description]),
    },
    labels: { title: t`Title`, description: t`Message` },
    about: remote ? undefined : (view) => view.maintenances.find((x) => x.id === m.id),
    toCommand: (v, form) => ({
      kind: 'edit_maintenance',
      id: m.id,
      update_id: form.ids.update,
      version: instead ? from?.version : (form.version ?? m.version),
      title: v.title,
      description: v.description,
      ...saying('translations', v, [title, description], m.translations),
      // An input has no seconds: what was not touched stays exactly as it is.
      ...(v.scheduled_for !== was.scheduled_for ? { scheduled_for: fromInput(v.scheduled_for) } : {}),
      ...(v.scheduled_until !== was.scheduled_until ? { scheduled_until: fromInput(v.scheduled_until) } : {}),
    }),
    body: (form) => html`${field(form, { name: 'title', label: t`Title`, focus: true, max: 200 })}
      ${over(m) ? nothing : times(form, started)}
      ${field(form, { name: 'description', label: t`Message`, rows: 4, max: 20000, optional: true })}
      ${inOtherLanguages(form, [title, description], { original: m.language })}`,
  });
}

/** @param {Maintenance} m @param {boolean} remote */
function deleteMaintenance(m, remote) {
  openForm({
    key: `delete_maintenance:${m.id}`,
    title: t`Delete this maintenance?`,
    action: t`Delete the maintenance`,
    danger: true,
    plain: true,
    remote,
    values: {},
    toCommand: () => ({ kind: 'delete_maintenance', id: m.id }),
    body: () => html`<p><strong>“${m.title}”</strong> ${m.status === 'in_progress' || m.status === 'verifying' ? t`disappears from the page, and its services are let go.` : t`disappears from the page.`} ${t`The audit log keeps what was written.`}</p>
      ${m.status === 'scheduled' ? html`<p class="faint">${t`To let visitors see that it will not happen, cancel it instead.`}</p>` : nothing}`,
    done: () => go('/dashboard/maintenance'),
  });
}
