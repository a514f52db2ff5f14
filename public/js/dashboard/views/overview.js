import { html, nothing } from '../../vendor/lit-html.js';
import { empty, heading, mark } from './list.js';
import { mayWrite, model, refused, waiting } from '../model.js';
import { badge, icon } from '../icon.js';
import { banner } from './preview.js';
import { ago, exact, short } from '../time.js';
import { count, impactTone, stateName } from '../words.js';
import { itemLine } from './queue.js';
import { markdown } from '../markdown.js';
import { openIncident, openUpdate } from './incident_form.js';
import { past } from './stats.js';
import { openService } from './service.js';
import { t } from '../../language.js';

/** @typedef {import('../types.js').View} View */
/** @typedef {import('../types.js').Incident} Incident */

/** What is broken now, what we last told people, what waits to be sent. @param {View} view */
export function overview(view) {
  if (!view.services.length && !view.incidents.length) return welcome();
  const active = view.incidents.filter((i) => i.status !== 'resolved');
  const unwell = view.services.filter((s) => s.status !== 'operational');
  return html`${heading(t`Overview`)}
    ${banner(view)}
    <div class="answers">
      <section class="panel" aria-labelledby="broken">
        <h2 id="broken">${t`Broken now`}</h2>
        ${
          active.length || unwell.length
            ? html`${active.map(incidentRow)}${
                unwell.length
                  ? html`<ul class="plain">${unwell.map((s) => html`<li class="line"><span class="grow">${s.name}</span>${mark(s.id)}${badge(s.status, stateName(s.status))}<span class="faint since" title=${exact(s.status_since)}>${t`since ${short(s.status_since)}`}</span></li>`)}</ul>`
                  : nothing
              }`
            : html`<p class="calm">${icon('operational')} ${t`Nothing. Every service is operational.`}</p>
              ${mayWrite() ? html`<p class="faint">${t`When something breaks, press ${html`<kbd>i</kbd>`} from anywhere.`}</p>` : nothing}`
        }
      </section>
      <section class="panel" aria-labelledby="told">
        <h2 id="told">${t`Last told to people`}</h2>
        ${lastTold(view)}
      </section>
      <section class="panel" aria-labelledby="waits">
        <h2 id="waits">${t`Waiting to be sent`}</h2>
        ${queueBrief()}
      </section>
      <section class="panel" aria-labelledby="planned">
        <h2 id="planned">${t`Planned`}</h2>
        ${planned(view)}
      </section>
    </div>
    ${past()}`;
}

/** @param {Incident} incident */
function incidentRow(incident) {
  return html`<article class="brief">
    <h3><a href="/dashboard/incidents/${incident.id}">${incident.title}</a> ${mark(incident.id)}</h3>
    <p class="facts">${badge(incident.status, stateName(incident.status), impactTone(incident.impact))}<span class="faint">${incident.services.map((s) => s.name).join(', ')} · ${t`opened ${html`<time title=${exact(incident.created_at)}>${ago(incident.created_at)}</time>`}`}</span></p>
    ${
      mayWrite()
        ? html`<div class="row"><button type="button" class="button small" @click=${() => openUpdate(incident)}>${t`Update`}</button>
          ${(incident.next ?? []).includes('resolved') ? html`<button type="button" class="button small" @click=${() => openUpdate(incident, { status: 'resolved' })}>${t`Resolve`}</button>` : nothing}</div>`
        : nothing
    }
  </article>`;
}

/** @param {View} view */
function lastTold(view) {
  const told = [
    ...view.incidents.flatMap((i) =>
      i.updates.map((u) => ({
        u,
        title: i.title,
        href: `/dashboard/incidents/${i.id}`,
        id: i.id,
        tone: u.status === 'resolved' ? 'operational' : impactTone(i.impact),
      })),
    ),
    ...view.maintenances.flatMap((m) =>
      m.updates.map((u) => ({ u, title: m.title, href: `/dashboard/maintenance/${m.id}`, id: m.id, tone: undefined })),
    ),
  ].reduce(
    (/** @type {any} */ best, x) => (!best || Date.parse(x.u.created_at) > Date.parse(best.u.created_at) ? x : best),
    null,
  );
  if (!told)
    return html`<p class="faint">${t`Nothing yet. The messages of incidents and maintenance will stand here.`}</p>`;
  return html`<p class="facts">${badge(told.u.status, stateName(told.u.status), told.tone)}<time class="faint" title=${exact(told.u.created_at)}>${ago(told.u.created_at)}</time>${mark(told.id)}</p>
    <h3><a href=${told.href}>${told.title}</a></h3>
    ${told.u.body ? markdown(told.u.body) : html`<p class="faint">${t`Without a message.`}</p>`}`;
}

function queueBrief() {
  const items = [...waiting(), ...refused()];
  if (!items.length) {
    return html`<p class="calm">${icon('operational')} ${model.link === 'live' ? t`Nothing. All you did is published.` : t`Nothing. What you do now will be kept here.`}</p>`;
  }
  return html`<ul class="plain">${items.slice(0, 4).map(itemLine)}</ul>
    <p><a href="/dashboard/queue">${items.length > 4 ? t`All ${items.length}` : t`Look at them`}</a></p>`;
}

/** @param {View} view */
function planned(view) {
  const coming = view.maintenances.filter((m) => m.status !== 'completed' && m.status !== 'cancelled').reverse();
  if (!coming.length) return html`<p class="faint">${t`No maintenance is planned.`}</p>`;
  return html`<ul class="plain">${coming
    .slice(0, 4)
    .map(
      (m) =>
        html`<li class="line"><a class="grow" href="/dashboard/maintenance/${m.id}">${m.title}</a>${mark(m.id)}${m.status === 'scheduled' ? html`<span class="faint" title=${exact(m.scheduled_for)}>${ago(m.scheduled_for)}</span>` : badge(m.status, stateName(m.status))}</li>`,
    )}</ul>${coming.length > 4 ? html`<p><a href="/dashboard/maintenance">${count(coming.length, 'window')}</a></p>` : nothing}`;
}

function welcome() {
  return html`${heading(t`Overview`)}
    ${empty(
      t`Your page is live, and empty`,
      t`Add the services that your customers depend on: an API, a website, a payment step. Their state will stand here and on the public page.`,
      mayWrite()
        ? html`<div class="row"><button type="button" class="button primary" @click=${() => openService()}>${t`Add a service`}</button></div>`
        : nothing,
    )}
    ${mayWrite() ? html`<p class="faint">${t`Then press ${html`<kbd>i</kbd>`} whenever something breaks.`} <button type="button" class="link" @click=${() => openIncident()}>${t`See the form`}</button></p>` : nothing}`;
}
