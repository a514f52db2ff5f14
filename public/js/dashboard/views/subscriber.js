import { html, nothing, repeat } from '../../vendor/lit-html.js';
import { PAGE_SIZE, Remote, empty, heading, pageNumber, pager } from './list.js';
import { choose, field } from '../form.js';
import { mayWrite, model, toast } from '../model.js';
import { call } from '../request.js';
import { icon } from '../icon.js';
import { openForm } from '../dialog.js';
import { short } from '../time.js';

/**
 * @typedef {object} Subscriber
 * @property {string} id
 * @property {string} [channel] email, webhook, slack, …
 * @property {string} [address] where it is told
 * @property {string} [status]
 * @property {{id: string, name: string}[]|string[]} [services] empty is the whole page
 * @property {string} created_at
 */

/** @type {[string, string][]} */
const channels = [['email', 'E-mail'], ['webhook', 'Webhook'], ['slack', 'Slack'], ['discord', 'Discord'], ['teams', 'Teams']];
const list = new Remote();

export function subscribers() {
  const add = mayWrite() ? html`<button type="button" class="button" @click=${addSubscriber}>${icon('plus')}Add a subscriber</button>` : nothing;
  const page = model.view?.org.slug;
  return html`${heading('Subscribers', add, html`<p class="faint">They are told of incidents and maintenance, each once.</p>`)}
    ${list.show(`/subscribers/?page=${pageNumber()}&page_size=${PAGE_SIZE}`).draw((data) =>
      data.results.length
        ? html`<div class="scroll"><table class="list"><thead><tr><th scope="col">Subscriber</th><th scope="col">State</th><th scope="col" class="wide-only">About</th><th scope="col" class="wide-only">Since</th><th scope="col"><span class="sr">Actions</span></th></tr></thead>
            <tbody>${repeat(data.results, (s) => s.id, row)}</tbody></table></div>${pager(data)}`
        : empty('Nobody has subscribed yet', html`Visitors subscribe on <a href="/status/${page}" target="_blank" rel="noopener">your page</a>, by mail, webhook or feed.`))}`;
}

/** @param {Subscriber & Record<string, any>} s */
function row(s) {
  const about = (s.services ?? []).map((x) => (typeof x === 'string' ? model.view?.services.find((v) => v.id === x)?.name : x.name)).filter(Boolean);
  const where = s.address ?? s.email ?? s.url ?? s.endpoint ?? s.id;
  return html`<tr>
    <td class="main"><span class="strong clip">${where}</span><span class="faint block">${channels.find(([k]) => k === (s.channel ?? s.kind))?.[1] ?? s.channel ?? s.kind ?? ''}</span></td>
    <td>${s.status ?? s.state ?? (s.confirmed_at ? 'Confirmed' : 'Not confirmed yet')}</td>
    <td class="wide-only faint">${about.length ? about.join(', ') : 'The whole page'}</td>
    <td class="wide-only faint nowrap">${short(s.created_at)}</td>
    <td class="tools">${mayWrite() ? html`<button type="button" class="quiet-button" aria-label="Remove ${where}" title="Remove" @click=${() => remove(s.id, where)}>${icon('trash')}</button>` : nothing}</td>
  </tr>`;
}

function addSubscriber() {
  openForm({
    key: 'subscriber',
    title: 'Add a subscriber',
    action: 'Add',
    plain: true,
    values: { channel: 'email', address: '' },
    body: (form) => html`${choose(form, { name: 'channel', label: 'By', options: channels, focus: true })}
      ${field(form, { name: 'address', label: form.values.channel === 'email' ? 'E-mail' : 'Address', type: form.values.channel === 'email' ? 'email' : 'url' })}`,
    send: (v) => call('POST', '/subscribers/', { body: { channel: v.channel, address: v.address } }),
    done: () => list.load(),
  });
}

/** @param {string} id @param {string} where */
function remove(id, where) {
  openForm({
    key: `remove_subscriber:${id}`,
    title: 'Remove this subscriber?',
    action: 'Remove the subscriber',
    danger: true,
    plain: true,
    values: {},
    body: () => html`<p><strong>${where}</strong> is told nothing any more. They can subscribe again themselves.</p>`,
    send: () => call('DELETE', `/subscribers/${id}/`),
    done: () => {
      toast('Removed.', 'good');
      list.load();
    },
  });
}
