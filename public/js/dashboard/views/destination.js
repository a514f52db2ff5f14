import { html, nothing, repeat } from '../../vendor/lit-html.js';
import { Remote } from './list.js';
import { ago, exact } from '../time.js';
import { choose, field, tick } from '../form.js';
import { changed, mayWrite, toast } from '../model.js';
import { call } from '../request.js';
import { icon } from '../icon.js';
import { openForm } from '../dialog.js';
import { t } from '../../language.js';

/** @typedef {{id: string, name: string, kind: string, host: string, events: string[], paused: boolean, sent_at: string|null, failed_at: string|null, problem: string, version: number}} Destination */

/** Each kind, its name, and how its address is written. @type {[string, string, string][]} */
const kinds = [
  ['email', t`E-mail`, t`admins, or the address of a member`],
  ['slack', 'Slack', 'https://hooks.slack.com/services/…'],
  ['discord', 'Discord', 'https://discord.com/api/webhooks/…'],
  ['teams', 'Microsoft Teams', 'https://… of a workflow'],
  ['telegram', 'Telegram', 'telegram://TOKEN@telegram?chats=CHAT'],
  ['ntfy', 'ntfy', 'ntfy://ntfy.sh/TOPIC'],
  ['pagerduty', 'PagerDuty', 'pagerduty://events.pagerduty.com/ROUTING_KEY'],
  ['opsgenie', 'Opsgenie', 'opsgenie://api.opsgenie.com/API_KEY'],
  ['pushover', 'Pushover', 'pushover://shoutrrr:API_TOKEN@USER_KEY/'],
  ['matrix', 'Matrix', 'matrix://:ACCESS_TOKEN@HOST/?rooms=ROOM_ID'],
  ['webhook', 'Webhook', 'https://…'],
];

/** @type {[string, string][]} */
const events = [
  ['down', t`A monitor is down`],
  ['up', t`It is up again`],
  ['proposal', t`A proposal waits`],
  ['reports', t`Visitors report a problem`],
];

/** How often, and how far apart in milliseconds, it is asked what became of a test message. */
const LOOKS = 15;
const PAUSE = 1000;

const list = new Remote();
const testing = new Set();

/** Where the team is told, among the settings. */
export function destinations() {
  if (!mayWrite()) return nothing;
  return html`<section aria-labelledby="destinations"><h2 id="destinations">${t`Alerts to the team`}</h2>
    <p class="hint">${t`Told when a monitor is down, when a proposal waits and when visitors report a problem. Admins get the last two by mail as well.`}</p>
    ${list
      .show('/destinations/?page_size=100')
      .draw((data) =>
        data.results.length
          ? html`<ul class="plain">${repeat(/** @type {Destination[]} */ (data.results), (d) => d.id, row)}</ul>`
          : nothing,
      )}
    <p><button type="button" class="button" @click=${() => edit()}>${icon('plus')}${t`Add a destination`}</button></p></section>`;
}

/** @param {Destination} d */
const row = (d) => html`<li class="line">
  <span class="grow"><span class="strong">${d.name}</span> <span class="faint">${nameOf(d.kind)}, ${d.host}${d.paused ? `, ${t`paused`}` : ''}</span>
    <span class="faint block">${state(d)}</span></span>
  <span class="nowrap"><button type="button" class="button small" ?disabled=${testing.has(d.id)} @click=${() => test(d)}>${testing.has(d.id) ? t`Sending` : t`Send a test message`}</button>
  <button type="button" class="quiet-button" aria-label=${t`Edit ${d.name}`} title=${t`Edit`} @click=${() => edit(d)}>${icon('edit')}</button>
  <button type="button" class="quiet-button" aria-label=${t`Delete ${d.name}`} title=${t`Delete`} @click=${() => remove(d)}>${icon('trash')}</button></span></li>`;

/** @param {string} kind */
const nameOf = (kind) => kinds.find(([k]) => k === kind)?.[1] ?? kind;

/** @param {Destination} d */
function state(d) {
  if (d.failed_at)
    return html`<span class="why">${t`It takes nothing since ${html`<time title=${exact(d.failed_at)}>${ago(d.failed_at)}</time>`}: ${d.problem}.`}</span>`;
  if (d.sent_at) return t`It took a message ${html`<time title=${exact(d.sent_at)}>${ago(d.sent_at)}</time>`}.`;
  return t`Nothing was sent yet.`;
}

/** Sends a test message, and looks what became of it. @param {Destination} d */
async function test(d) {
  testing.add(d.id);
  changed();
  try {
    await call('POST', `/destinations/${d.id}/test/`);
    for (let look = 0; look < LOOKS; look++) {
      await new Promise((done) => setTimeout(done, PAUSE));
      const { data } = await call('GET', `/destinations/${d.id}/`);
      if (data.sent_at !== d.sent_at || data.failed_at) {
        if (data.failed_at) toast(t`“${d.name}” did not take it: ${data.problem}.`, 'bad');
        else toast(t`“${d.name}” took the test message.`, 'good');
        break;
      }
    }
  } catch (error) {
    toast(/** @type {Error} */ (error).message, 'bad');
  }
  testing.delete(d.id);
  list.load();
}

/** @param {Destination} [d] */
function edit(d) {
  openForm({
    key: d ? `destination:${d.id}` : 'destination',
    title: d ? t`Edit “${d.name}”` : t`Add a destination`,
    action: t`Save`,
    plain: true, // an address is a secret, and no draft
    values: {
      name: d?.name ?? '',
      kind: d?.kind ?? 'slack',
      address: '',
      paused: d?.paused ?? false,
      ...Object.fromEntries(events.map(([e]) => [e, d ? d.events.includes(e) : true])),
    },
    body: (
      form,
    ) => html`${field(form, { name: 'name', label: t`Name`, focus: true, max: 200, placeholder: t`On call` })}
      ${choose(form, { name: 'kind', label: t`Kind`, options: kinds.map(([k, label]) => [k, label]) })}
      ${field(form, { name: 'address', label: t`Address`, max: 2000, optional: d?.kind === form.values.kind, placeholder: kinds.find(([k]) => k === form.values.kind)?.[2], hint: d ? t`Kept encrypted and never shown. Empty leaves it as it is.` : t`Kept encrypted and never shown again.` })}
      ${events.map(([e, label]) => tick(form, e, label))}
      ${d ? tick(form, 'paused', t`Paused`) : nothing}`,
    send: (v) => {
      const body = {
        name: v.name,
        kind: v.kind,
        events: events.map(([e]) => e).filter((e) => v[e]),
        ...(v.address ? { address: v.address } : {}),
        ...(d ? { paused: v.paused, version: d.version } : {}),
      };
      return d ? call('PATCH', `/destinations/${d.id}/`, { body }) : call('POST', '/destinations/', { body });
    },
    done: () => {
      toast(t`Saved.`, 'good');
      list.load();
    },
  });
}

/** @param {Destination} d */
function remove(d) {
  openForm({
    key: `destination_delete:${d.id}`,
    title: t`Delete “${d.name}”?`,
    action: t`Delete`,
    danger: true,
    plain: true,
    values: {},
    body: () => html`<p>${t`Nothing is sent there any more.`}</p>`,
    send: () => call('DELETE', `/destinations/${d.id}/`),
    done: () => list.load(),
  });
}
