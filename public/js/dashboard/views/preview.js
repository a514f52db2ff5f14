import { html, nothing } from '../../vendor/lit-html.js';
import { badge, icon } from '../icon.js';
import { toneOf, stateName } from '../words.js';
import { model } from '../model.js';
import * as rules from '../rules.js';
import { call } from '../request.js';
import { exact, short } from '../time.js';
import { uuid7 } from '../id.js';
import { markdown } from '../markdown.js';
import { changed } from '../model.js';
import { many, percent, phrase, t } from '../../language.js';

/** @typedef {import('../form.js').Form} Form */
/** @typedef {import('../types.js').View} View */

const HOUR = 3_600_000;

/** How many hear of the services that were asked about last; undefined while the server has not said. */
const audience = { query: '', asked: 0, count: /** @type {number|undefined} */ (undefined) };

/** @param {string[]} services @returns {number|undefined} */
function recipients(services) {
  const query = `service=${services.join()}`;
  if (query === audience.query && Date.now() - audience.asked < 60_000) return audience.count;
  if (query !== audience.query) audience.count = undefined;
  audience.query = query;
  audience.asked = Date.now();
  call('GET', `/subscribers/?state=active&page_size=1&${query}`).then(
    ({ data }) => {
      if (query !== audience.query) return;
      audience.count = data.count;
      changed();
    },
    () => {},
  );
  return audience.count;
}

/**
 * What publishing does: the page's own words, each service, today's record, and who is told. The rules say all of it.
 * @param {Form} form
 * @param {string[]} services that the form is about
 */
export function preview(form, services) {
  if (!rules.ready() || !model.view || form.spec.instead || form.spec.remote) {
    return html`<div class="preview"><h3>${t`Preview`}</h3><p class="faint">${t`The preview needs the rules, which are not loaded here. The server checks what you publish.`}</p></div>`;
  }
  const before = model.view;
  const after = form.verdict().view;
  const kept = services.filter((id) => before.services.some((s) => s.id === id));
  return html`<div class="preview">
    <h3>${after ? t`What visitors will see` : t`What visitors see now`}</h3>
    ${banner(after ?? before)}
    ${after ? changes(before, after) : html`<p class="faint">${t`Fill in what is missing, and this shows what publishing does.`}</p>`}
    ${words(form)}
    ${kept.length ? record(form, kept, after) : nothing}
    ${told(form, services)}
  </div>`;
}

/** @param {View} view */
export const banner = (view) =>
  html`<div class="banner tone-${toneOf(view.indicator ?? 'none')}">${icon(toneOf(view.indicator ?? 'none'))}<span>${phrase(view.description ?? '')}</span></div>`;

/** @param {View} before @param {View} after */
function changes(before, after) {
  const moved = after.services.filter((s) => before.services.find((b) => b.id === s.id)?.status !== s.status);
  const planned = after.maintenances.find(
    (m) => m.status === 'scheduled' && !before.maintenances.some((b) => b.id === m.id),
  );
  if (planned)
    return html`<p><strong>${planned.title}</strong><span class="block">${t`${exact(planned.scheduled_for)} to ${short(planned.scheduled_until)}`}</span><span class="faint block">${t`Nothing changes until then; it starts and ends by itself.`}</span></p>`;
  if (!moved.length) return html`<p class="faint">${t`No service changes its state.`}</p>`;
  return html`<ul class="changes">${moved.map((s) => {
    const was = before.services.find((b) => b.id === s.id);
    return html`<li><span class="grow">${s.name}</span>${was ? html`<span class="was">${badge(was.status, stateName(was.status))}</span>${icon('right')}` : nothing}${badge(s.status, stateName(s.status))}</li>`;
  })}</ul>`;
}

/** The message as visitors will read it. @param {Form} form */
function words(form) {
  const text = form.values.body ?? form.values.message ?? form.values.description ?? '';
  return text.trim() ? html`<div class="words">${markdown(text)}</div>` : nothing;
}

/** Today's uptime, now and if it stays so for an hour. @param {Form} form @param {string[]} services @param {View|undefined} after */
function record(form, services, after) {
  const now = new Date().toISOString();
  const hence = new Date(Date.now() + HOUR).toISOString();
  const today = services.map((id) => percent(rules.uptime(id, 1, now)?.uptime));
  const later = after
    ? whatIf([form.command()], () => services.map((id) => percent(rules.uptime(id, 1, hence)?.uptime)))
    : null;
  const name = (/** @type {string} */ id) => model.view?.services.find((s) => s.id === id)?.name ?? '';
  return html`<table class="record"><thead><tr><th scope="col">${t`Uptime of today`}</th><th scope="col">${t`Now`}</th>${later ? html`<th scope="col">${t`If it lasts 1 h`}</th>` : nothing}</tr></thead>
    <tbody>${services.map((id, i) => html`<tr><th scope="row">${name(id)}</th><td>${today[i]}</td>${later ? html`<td>${later[i]}</td>` : nothing}</tr>`)}</tbody></table>`;
}

/**
 * Asks the rules something as if commands were on the page, of those that they allow, then puts the queue back.
 * @template T
 * @param {import('../types.js').Command[]} commands
 * @param {(view: View) => T} ask
 * @returns {T}
 */
export function whatIf(commands, ask) {
  const queue = model.queue
    .filter((i) => i.state !== 'refused' && !i.remote)
    .map(({ id, at, command }) => ({ id, at, command }));
  try {
    const at = new Date().toISOString();
    return ask(rules.queue([...queue, ...commands.map((command) => ({ id: uuid7(), at, command }))]).view);
  } finally {
    rules.queue(queue);
  }
}

/** Those who hear of the services, as the server's notices are addressed. @param {Form} form @param {string[]} services */
function told(form, services) {
  if (form.values.notify === false) return html`<p class="faint">${t`No subscriber is told.`}</p>`;
  const most = services.length ? recipients(services) : undefined;
  if (most === undefined) return nothing;
  return html`<p class="faint">${most ? many(most, '{0} subscriber will be told.', '{0} subscribers will be told.') : t`There is no subscriber to tell.`}</p>`;
}
