import { html, nothing, repeat } from '../../vendor/lit-html.js';
import * as outbox from '../outbox.js';
import * as rules from '../rules.js';
import { causeOf } from '../rebase.js';
import { reconnect } from '../person.js';
import { correctUpdate, editIncident, openAfterwards, openIncident, openUpdate } from './incident_form.js';
import { editMaintenance, moveMaintenance, planMaintenance } from './maintenance.js';
import { empty, heading } from './list.js';
import { model, refused, toast, waiting } from '../model.js';
import { ago, exact } from '../time.js';
import { stateName } from '../words.js';
import { ask } from '../ask.js';
import { go } from '../router.js';
import { icon } from '../icon.js';
import { openForm } from '../dialog.js';
import { openService } from './service.js';
import { creates, nounOf, objectOf, placeOf } from '../command.js';
import { many, t } from '../../language.js';

/** @typedef {import('../types.js').Command} Command */
/** @typedef {import('../types.js').Item} Item */
/** @typedef {import('../types.js').View} View */

/** @param {Item} item */
export const itemLine = (item) =>
  html`<li class="line"><a class="grow" href="/dashboard/queue">${item.title}</a>${state(item)}</li>`;

/** @param {Item} item */
function state(item) {
  if (item.state === 'refused') return html`<span class="pip refused">${t`Refused`}</span>`;
  if (model.sending && item === waiting()[0]) return html`<span class="pip pending">${t`Sending`}</span>`;
  return html`<span class="pip pending">${t`Waiting`}</span>`;
}

/** What waits for the server, what was refused, and why. @param {View} _ */
export function queue(_) {
  const bad = refused();
  const good = waiting();
  const link =
    model.link === 'live'
      ? t`Connected.`
      : model.link === 'behind'
        ? t`Connected; what was missed is on its way.`
        : model.link === 'connecting' || model.link === 'opening'
          ? t`Connecting.`
          : model.expired
            ? t`Your sign-in has ended: nothing is sent until you sign in again.`
            : model.seenAt
              ? t`We could not reach the server; the last we heard was ${ago(model.seenAt)}.`
              : t`We could not reach the server.`;
  return html`${heading(
    t`Waiting to be sent`,
    model.link === 'live'
      ? nothing
      : html`<button type="button" class="button" @click=${reconnect}>${t`Try now`}</button>`,
    html`<p class="faint">${link} ${good.length && model.retryAt > Date.now() ? t`Next try ${ago(model.retryAt)}.` : ''} ${t`Changes are sent in this order, each one once.`}</p>`,
  )}
    ${bad.length ? html`<section aria-labelledby="refused"><h2 id="refused">${t`Refused (${bad.length})`}</h2><ul class="plain items">${repeat(bad, (i) => i.id, full)}</ul></section>` : nothing}
    ${good.length ? html`<section aria-labelledby="waiting"><h2 id="waiting">${t`Waiting (${good.length})`}</h2><ol class="plain items">${repeat(good, (i) => i.id, full)}</ol></section>` : nothing}
    ${promise()}
    ${bad.length || good.length ? nothing : empty(t`Nothing waits`, t`Everything you did has reached the server. Without a network you can work on: what you do is kept here and sent later.`)}`;
}

/** Whether what waits is safe here. */
function promise() {
  if (model.kept === 'promised')
    return html`<p class="faint">${icon('operational')} ${t`This browser keeps what waits here, also when its disk is full.`}</p>`;
  if (model.kept !== 'refused') return nothing;
  return html`<p class="faint">${t`This browser did not promise to keep what waits here: it may clear it when its disk fills up. Installing the dashboard as an application, or a bookmark of it, makes most browsers promise it.`}</p>`;
}

/** @param {Item} item */
function full(item) {
  const error = item.problem ?? model.verdicts.get(item.id)?.error;
  const cause = causeOf(item);
  const mayHaveArrived = item.state === 'waiting' && item.attempts > 0;
  return html`<li class="item ${item.state}">
    <div class="line"><h3 class="grow">${item.state === 'refused' ? item.title : html`<a href=${placeOf(item.command)}>${item.title}</a>`}</h3>${state(item)}</div>
    <p class="faint"><time title=${exact(item.at)}>${ago(item.at)}</time>${item.attempts ? ` · ${many(item.attempts, 'tried {0} time', 'tried {0} times')}` : ''}</p>
    ${error && (item.state === 'refused' || !mayHaveArrived) ? html`<p class="why">${error.detail}</p>` : nothing}
    ${error && item.core && rules.coreVersion() && item.core !== rules.coreVersion() ? html`<p class="why">${t`It was allowed by the rules of an earlier version.`}</p>` : nothing}
    ${error && cause ? html`<p class="why">${t`What got in its way: ${cause}, ${ago(item.cause?.at ?? '')}.`}</p>` : nothing}
    ${bothSides(item, error)}
    ${details(item)}
    ${mayHaveArrived ? html`<p class="faint">${t`It left for the server and no answer came back. It is sent again under the same key, so that it counts once; until the answer is here it cannot be edited.`}</p>` : nothing}
    <div class="row">
      ${item.state === 'refused' ? html`<button type="button" class="button small" @click=${() => outbox.retry(item.id)}>${t`Send again`}</button>` : nothing}
      ${mayHaveArrived || !editable(item.command) ? nothing : html`<button type="button" class="button small" @click=${() => edit(item.command, item.id)}>${t`Edit`}</button>`}
      <button type="button" class="button small" @click=${() => drop(item, mayHaveArrived)}>${t`Drop`}</button>
    </div>
  </li>`;
}

/** What somebody else made of the same fields, beside what was typed. @param {Item} item @param {import('../types.js').Problem|undefined} problem */
function bothSides(item, problem) {
  const theirs = problem?.current;
  if (item.state !== 'refused' || !theirs) return nothing;
  const names = Object.keys(item.command).filter(
    (k) =>
      !['kind', 'id', 'update_id', 'incident', 'version'].includes(k) &&
      k in theirs &&
      typeof theirs[k] !== 'object' &&
      theirs[k] !== item.command[k],
  );
  if (!names.length) return nothing;
  return html`<table class="both"><thead><tr><th scope="col"><span class="sr">${t`Field`}</span></th><th scope="col">${t`Theirs`}</th><th scope="col">${t`Yours`}</th></tr></thead>
    <tbody>${names.map((n) => html`<tr><th scope="row">${n.replaceAll('_', ' ')}</th><td>${inWords(theirs[n]) || '–'}</td><td>${inWords(item.command[n]) || '–'}</td></tr>`)}</tbody></table>`;
}

/** What was typed, so that it can be read and copied whatever becomes of it. @param {Item} item */
const details = (item) => said(item.command, item.state === 'refused');

/** What a command says, member by member. @param {Command} command @param {boolean} open */
export function said(command, open) {
  const shown = Object.entries(command).filter(
    ([k, v]) =>
      !['kind', 'id', 'update_id', 'incident', 'version', 'notify', 'resolution_id'].includes(k) &&
      v !== '' &&
      v !== undefined &&
      !(Array.isArray(v) && !v.length),
  );
  if (!shown.length) return nothing;
  return html`<details ?open=${open}><summary>${t`What it says`}</summary><dl class="facts-list">${shown.map(([k, v]) => html`<div><dt>${k.replaceAll('_', ' ')}</dt><dd>${inWords(v)}</dd></div>`)}</dl></details>`;
}

/** @param {any} value @returns {unknown} */
function inWords(value) {
  const service = (/** @type {string} */ id) =>
    model.view?.services.find((s) => s.id === id)?.name ?? t`a service that is gone`;
  if (Array.isArray(value))
    return value
      .map((v) => (typeof v === 'string' ? service(v) : `${service(v.id)}: ${stateName(v.to_state)}`))
      .join(', ');
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) return exact(value);
  return typeof value === 'string' ? stateName(value) : String(value);
}

/** @typedef {import('../form.js').Spec['instead']} Instead */
/** @typedef {{from: any, instead: Instead}} How a form begins: with what was typed, in whose place */

/**
 * The form for each command that has one.
 * @type {Partial<Record<import('../commands.js').Kind, (how: How, object: any, newest: How) => void>>} newest is how with the version of today
 */
const forms = {
  create_service: (how) => openService(undefined, how),
  edit_service: (_, service, newest) => openService(service, newest),
  open_incident: (how) => openIncident(how),
  edit_incident(how, incident, newest) {
    const after = /** @type {const} */ (['postmortem', 'excluded_reason']).find((what) => how.from[what] !== undefined);
    if (after) openAfterwards(incident, after, newest);
    else editIncident(incident, newest);
  },
  correct_update: (how, incident) =>
    correctUpdate(
      incident,
      incident.updates.find((/** @type {any} */ u) => u.id === how.from.id) ?? { id: how.from.id, body: '' },
      how,
    ),
  update_incident: (how, incident) => openUpdate(incident, how),
  plan_maintenance: (how) => planMaintenance(how),
  edit_maintenance(how, window, newest) {
    if (how.from.status || how.from.message) moveMaintenance(window, how.from.status, how);
    else editMaintenance(window, false, newest);
  },
  edit_page(how) {
    const { view } = model;
    ask.load().then(
      (parts) => view && parts.editQueuedSettings(view, how.from, String(how.instead)),
      () => {},
    );
    go('/dashboard/settings');
  },
};

/** @param {Command} command */
const formOf = (command) => forms[/** @type {import('../commands.js').Kind} */ (command.kind)];

/** Something that is gone can only be sent again or dropped. @param {Command} command */
export const editable = (command) =>
  !!formOf(command) &&
  (creates(command) || nounOf(command) === 'organization' || objectOf(command, model.view) !== undefined);

/** Opens the form with what was typed; saving takes its place. @param {Command} command @param {Instead} instead */
export function edit(command, instead) {
  const object = objectOf(command, model.view);
  const how = { from: command, instead };
  formOf(command)?.(how, object, { ...how, from: { ...command, version: object?.version } });
}

/** @param {Item} item @param {boolean} mayHaveArrived */
function drop(item, mayHaveArrived) {
  openForm({
    key: `drop:${item.id}`,
    title: t`Drop this change?`,
    action: t`Drop it`,
    danger: true,
    plain: true,
    values: {},
    body: () => html`<p><strong>${item.title}</strong> ${t`will not be sent, and what you typed in it is gone.`}</p>
      ${mayHaveArrived ? html`<p>${t`It may have reached the server already; dropping it here does not take it back there.`}</p>` : nothing}`,
    send: () => outbox.take(item.id),
    done: () => {
      toast(t`Dropped: ${item.title}.`);
      outbox.refresh();
    },
  });
}
