import { html, live, nothing, repeat } from '../../vendor/lit-html.js';
import { PAGE_SIZE, Remote, empty, heading, pageNumber, pager } from './list.js';
import { choose, field, tick } from '../form.js';
import { go, route, withQuery } from '../router.js';
import { mayWrite, model, toast } from '../model.js';
import { openForm, openSheet } from '../dialog.js';
import { ago, exact, short } from '../time.js';
import { call } from '../request.js';
import { chooseServices } from './picker.js';
import { icon } from '../icon.js';
import { mailLine } from './mail.js';
import { many, t } from '../../language.js';

/** @typedef {import('../form.js').Form} Form */

/**
 * @typedef {object} Subscriber
 * @property {string} id
 * @property {string} channel email, webhook, slack, discord, teams or push
 * @property {string} address as members may see it
 * @property {'pending'|'active'|'bouncing'} state
 * @property {boolean} whole_page
 * @property {{id: string, name: string}[]} services
 * @property {number} incidents open ones that it hears of, beside the services
 * @property {number} failures
 * @property {string} problem
 * @property {string} created_at
 */

/** @typedef {{id: number, state: string, tries: number, type: string, title: string, subscriber: {address: string, channel: string}, problem: string, created_at: string}} Delivery */

/** @type {[string, string][]} */
const channels = [
  ['email', t`E-mail`],
  ['webhook', 'Webhook'],
  ['slack', 'Slack'],
  ['discord', 'Discord'],
  ['teams', 'Teams'],
  ['push', t`Browser`],
];
const states = { pending: t`Not confirmed yet`, active: t`Is told`, bouncing: t`Cannot be reached` };
const list = new Remote();
const dead = new Remote();

export function subscribers() {
  const { query } = route();
  const ask = new URLSearchParams({ page: String(pageNumber()), page_size: String(PAGE_SIZE) });
  for (const name of ['search', 'channel', 'state']) if (query.get(name)) ask.set(name, query.get(name) ?? '');
  const filtered = ['search', 'channel', 'state'].some((n) => query.get(n));
  const add = mayWrite()
    ? html`<button type="button" class="button" @click=${importMany}>${t`Import`}</button><button type="button" class="button" @click=${addOne}>${icon('plus')}${t`Add a subscriber`}</button>`
    : nothing;
  const pick = (
    /** @type {string} */ name,
    /** @type {string} */ label,
    /** @type {string} */ any,
    /** @type {[string, string][]} */ options,
  ) =>
    html`<select aria-label=${label} @change=${(/** @type {Event} */ e) => go(withQuery({ [name]: /** @type {HTMLSelectElement} */ (e.target).value, page: '' }))}>
      <option value="" .selected=${live(!query.get(name))}>${any}</option>${options.map(([value, words]) => html`<option value=${value} .selected=${live(query.get(name) === value)}>${words}</option>`)}</select>`;
  return html`${heading(t`Subscribers`, add, html`<p class="faint">${t`They are told of incidents and maintenance, each once.`}</p>`)}
    ${undelivered()} ${mailLine()}
    <div class="filters" role="search">
      <input type="search" aria-label=${t`Find a subscriber`} placeholder=${t`Find a subscriber`} autocomplete="off" .value=${live(query.get('search') ?? '')} @change=${(/** @type {Event} */ e) => go(withQuery({ search: /** @type {HTMLInputElement} */ (e.target).value, page: '' }))} />
      ${pick('channel', t`Channel`, t`Any channel`, channels)} ${pick('state', t`State`, t`Any state`, Object.entries(states))}
    </div>
    ${list.show(`/subscribers/?${ask}`).draw((data) => (data.results.length ? table(data) : nobody(filtered)))}`;
}

/** @param {boolean} filtered */
const nobody = (filtered) =>
  filtered
    ? empty(
        t`Nothing found`,
        t`No subscriber is like that.`,
        html`<a class="button" href="/dashboard/subscribers">${t`Show all`}</a>`,
      )
    : empty(
        t`Nobody has subscribed yet`,
        t`Visitors subscribe on ${html`<a href="/status/${model.view?.org.slug}" target="_blank" rel="noopener">${t`your page`}</a>`}, by mail, webhook, chat, feed or in their browser.`,
      );

/** @param {{count: number, results: Subscriber[]}} data */
const table = (
  data,
) => html`<div class="scroll"><table class="list"><thead><tr><th scope="col">${t`Subscriber`}</th><th scope="col">${t`State`}</th><th scope="col" class="wide-only">${t`About`}</th><th scope="col" class="wide-only">${t`Since`}</th><th scope="col"><span class="sr">${t`Actions`}</span></th></tr></thead>
  <tbody>${repeat(data.results, (s) => s.id, row)}</tbody></table></div>${pager(data)}`;

/** @param {Subscriber} s */
function row(s) {
  const channel = channels.find(([name]) => name === s.channel)?.[1] ?? s.channel;
  return html`<tr>
    <td class="main"><span class="strong clip">${s.address}</span><span class="faint block">${channel}</span></td>
    <td>${states[s.state] ?? s.state}${s.problem ? html`<span class="faint block clip" title=${s.problem}>${s.problem}</span>` : nothing}</td>
    <td class="wide-only faint">${s.whole_page ? t`The whole page` : s.incidents && !s.services.length ? t`One incident, until it is over` : s.services.map((x) => x.name).join(', ')}</td>
    <td class="wide-only faint nowrap">${short(s.created_at)}</td>
    <td class="tools">${
      mayWrite()
        ? html`${s.state === 'bouncing' ? html`<button type="button" class="button small" @click=${() => reachable(s)}>${t`It works again`}</button>` : nothing}
          <button type="button" class="quiet-button" aria-label=${t`Remove ${s.address}`} title=${t`Remove`} @click=${() => remove(s)}>${icon('trash')}</button>`
        : nothing
    }</td>
  </tr>`;
}

/** What could not be delivered for good, and the way to try again. */
function undelivered() {
  const found = dead.show('/deliveries/?state=dead&page_size=5').data;
  if (!found?.count) return nothing;
  return html`<section class="strip warn column" aria-labelledby="dead"><h2 id="dead">${many(found.count, '{0} message could not be delivered', '{0} messages could not be delivered')}</h2>
    <ul class="plain">${repeat(
      /** @type {Delivery[]} */ (found.results),
      (d) => d.id,
      (
        d,
      ) => html`<li class="line"><span class="grow">${d.subscriber.address}: ${d.title}<span class="faint block">${d.problem} · ${many(d.tries, 'tried {0} time', 'tried {0} times')}, <time title=${exact(d.created_at)}>${ago(d.created_at)}</time></span></span>
      ${mayWrite() ? html`<button type="button" class="button small" @click=${() => again(`/deliveries/${d.id}/retry/`)}>${t`Try again`}</button>` : nothing}</li>`,
    )}</ul>
    ${mayWrite() && found.count > 1 ? html`<div><button type="button" class="button small" @click=${() => again('/deliveries/retry/')}>${t`Try all again`}</button></div>` : nothing}</section>`;
}

/** @param {string} path */
async function again(path) {
  try {
    await call('POST', path);
    toast(t`It is tried again now.`, 'good');
  } catch (error) {
    toast(/** @type {Error} */ (error).message, 'bad');
  }
  dead.load();
}

/** @param {Subscriber} s */
async function reachable(s) {
  try {
    await call('PATCH', `/subscribers/${s.id}/`, { body: { state: 'active' } });
    toast(t`${s.address} is told again.`, 'good');
  } catch (error) {
    toast(/** @type {Error} */ (error).message, 'bad');
  }
  list.load();
}

/** Which services it is about; none chosen is the whole page. @param {Form} form */
const about = (form) =>
  chooseServices(form, {
    id: 'about-hint',
    legend: t`About`,
    hint: form.values.services.length ? '' : t`None chosen: the whole page.`,
  });

function addOne() {
  /** @type {any} */
  let made;
  openForm({
    key: 'subscriber',
    title: t`Add a subscriber`,
    action: t`Add`,
    plain: true,
    values: { channel: 'email', address: '', services: [], consent: false },
    body: (
      form,
    ) => html`${choose(form, { name: 'channel', label: t`By`, options: channels.filter(([name]) => name !== 'push'), focus: true })}
      ${field(form, { name: 'address', label: form.values.channel === 'email' ? t`E-mail` : t`Address`, type: form.values.channel === 'email' ? 'email' : 'url' })}
      ${about(form)}
      ${form.values.channel === 'email' ? tick(form, 'consent', t`They have agreed to this`, t`Without it they are asked by mail first.`) : nothing}`,
    send: async (v) => {
      const { data } = await call('POST', '/subscribers/', {
        body: {
          channel: v.channel,
          address: v.address,
          ...(v.services.length ? { services: v.services } : {}),
          ...(v.consent ? { consent: true } : {}),
        },
      });
      made = data;
    },
    done: () => {
      list.load();
      if (made?.secret)
        openSheet({
          title: t`The webhook’s secret`,
          body: () =>
            html`<p>${t`Every request is signed with it. It is shown this once.`}</p><p><code class="secret" tabindex="0">${made.secret}</code></p>`,
        });
    },
  });
}

function importMany() {
  /** @type {any} */
  let said;
  openForm({
    key: 'import',
    title: t`Import e-mail addresses`,
    action: t`Import`,
    plain: true,
    values: { emails: '', services: [], consent: false },
    body: (
      form,
    ) => html`${field(form, { name: 'emails', label: t`Addresses`, rows: 8, focus: true, hint: t`One on each line.` })}
      ${about(form)}
      ${tick(form, 'consent', t`These people have agreed to be told`, t`The audit log keeps that you say so.`)}`,
    send: async (v) => {
      const emails = v.emails.split(/[\s,;]+/).filter(Boolean);
      const { data } = await call('POST', '/subscribers/', {
        body: { emails, consent: v.consent, ...(v.services.length ? { services: v.services } : {}) },
      });
      said = data;
    },
    done: () => {
      list.load();
      openSheet({
        title: t`Imported`,
        body: () => html`<p>${many(said.added, '{0} address added.', '{0} addresses added.')} ${said.known ? t`Known already or unsubscribed before: ${said.known}.` : ''}</p>
          ${said.refused.length ? html`<ul>${said.refused.map((/** @type {any} */ r) => html`<li>${r.message}</li>`)}</ul>` : nothing}`,
      });
    },
  });
}

/** @param {Subscriber} s */
function remove(s) {
  openForm({
    key: `remove_subscriber:${s.id}`,
    title: t`Remove this subscriber?`,
    action: t`Remove the subscriber`,
    danger: true,
    plain: true,
    values: {},
    body: () =>
      html`<p><strong>${s.address}</strong> ${t`is told nothing any more. They can subscribe again themselves.`}</p>`,
    send: () => call('DELETE', `/subscribers/${s.id}/`),
    done: () => {
      toast(t`Removed.`, 'good');
      list.load();
    },
  });
}
