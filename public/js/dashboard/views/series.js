import { html, nothing, repeat } from '../../vendor/lit-html.js';
import { PAGE_SIZE, Remote, empty, pageNumber, pager } from './list.js';
import { choose, field, tick } from '../form.js';
import { exact, short, span, toInput, zone } from '../time.js';
import { mayWrite, model, toast } from '../model.js';
import { call } from '../request.js';
import { icon } from '../icon.js';
import { openForm } from '../dialog.js';
import { servicePicker } from './picker.js';
import { t } from '../../language.js';

/** @typedef {import('../form.js').Form} Form */

/**
 * @typedef {object} Series
 * @property {string} id
 * @property {string} title
 * @property {string} description
 * @property {string[]} services
 * @property {string} rrule
 * @property {string} time_zone
 * @property {string} starts_at by the clock there
 * @property {number} duration_minutes
 * @property {boolean} notify
 * @property {number} version
 * @property {string[]} next_starts
 */

const list = new Remote();

/** Maintenance that comes again. Its windows are planned by the server, so that it needs the network. */
export function seriesList() {
  return html`${list.show(`/recurring-maintenances/?page=${pageNumber()}&page_size=${PAGE_SIZE}`).draw((data) =>
    data.results.length
      ? html`<div class="scroll"><table class="list"><thead><tr><th scope="col">${t`Maintenance`}</th><th scope="col">${t`Comes`}</th><th scope="col" class="wide-only">${t`Next`}</th><th scope="col" class="wide-only">${t`Lasts`}</th>${mayWrite() ? html`<th scope="col"><span class="sr">${t`Actions`}</span></th>` : nothing}</tr></thead>
          <tbody>${repeat(data.results, (s) => s.id, row)}</tbody></table></div>${pager(data)}`
      : empty(
          t`Nothing comes again`,
          t`A patch day every second Tuesday, a restart on Sunday night: say it once, and its windows are planned by themselves.`,
          mayWrite()
            ? html`<button type="button" class="button primary" @click=${() => writeSeries()}>${t`Plan recurring maintenance`}</button>`
            : nothing,
        ),
  )}`;
}

/** @param {Series} s */
function row(s) {
  const named = model.view?.services.filter((x) => s.services.includes(x.id)).map((x) => x.name) ?? [];
  return html`<tr>
    <td class="main"><span class="strong">${s.title}</span><span class="faint block clip">${named.join(', ')}</span></td>
    <td>${inWords(s)}<span class="faint block">${s.starts_at.slice(11)}, ${s.time_zone}</span></td>
    <td class="wide-only nowrap">${s.next_starts.length ? s.next_starts.slice(0, 2).map((t) => html`<time class="block" title="${exact(t)}, ${zone()}">${short(t)}</time>`) : html`<span class="faint">${t`It has ended`}</span>`}</td>
    <td class="wide-only nowrap faint">${span(s.duration_minutes * 60_000)}</td>
    ${mayWrite() ? html`<td><div class="row"><button type="button" class="button small" @click=${() => writeSeries(s)}>${icon('edit')}${t`Edit`}</button><button type="button" class="button small" @click=${() => endSeries(s)}>${icon('close')}${t`End`}</button></div></td>` : nothing}
  </tr>`;
}

const days = [t`Sunday`, t`Monday`, t`Tuesday`, t`Wednesday`, t`Thursday`, t`Friday`, t`Saturday`];
const codes = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA']; // RFC 5545 3.3.10

/** Which of a month's weeks, in words. @type {((day: string) => string)[]} */
const onThe = [
  (day) => t`Every month, on the first ${day}`,
  (day) => t`Every month, on the second ${day}`,
  (day) => t`Every month, on the third ${day}`,
  (day) => t`Every month, on the fourth ${day}`,
];

/** What can be said in words about a start: a kind, its rule (RFC 5545), the words. @param {string} starts @returns {[string, string, string][]} */
function kinds(starts) {
  const at = new Date(`${starts}Z`);
  if (Number.isNaN(at.getTime())) return [];
  const day = days[at.getUTCDay()];
  const code = codes[at.getUTCDay()];
  const week = Math.ceil(at.getUTCDate() / 7);
  return [
    ['daily', 'FREQ=DAILY', t`Every day`],
    ['weekly', 'FREQ=WEEKLY', t`Every ${day}`],
    ['fortnightly', 'FREQ=WEEKLY;INTERVAL=2', t`Every second ${day}`],
    week < 5
      ? ['nth', `FREQ=MONTHLY;BYDAY=${week}${code}`, onThe[week - 1](day)]
      : ['nth', `FREQ=MONTHLY;BYDAY=-1${code}`, t`Every month, on the last ${day}`],
    ['date', `FREQ=MONTHLY;BYMONTHDAY=${at.getUTCDate()}`, t`Every month, on day ${at.getUTCDate()}`],
  ];
}

/** @param {{rrule: string, starts_at: string}} s */
function inWords(s) {
  const [rule, until] = split(s.rrule);
  const words = kinds(s.starts_at).find(([, r]) => r === rule)?.[2] ?? rule;
  return until ? t`${words}, until ${until}` : words;
}

/** A rule without its last day, and that day. A rule that ends at a moment is one of its own. @param {string} rrule @returns {[string, string]} */
function split(rrule) {
  const until = /;UNTIL=(\d{4})(\d\d)(\d\d)$/.exec(rrule);
  return until ? [rrule.slice(0, until.index), `${until[1]}-${until[2]}-${until[3]}`] : [rrule, ''];
}

const OWN = 'own';

/** @param {Series} [s] the one that is edited */
export function writeSeries(s) {
  const tomorrow = new Date(new Date().setHours(22, 0, 0, 0) + 86_400_000);
  const starts = s?.starts_at ?? toInput(tomorrow);
  const [rule, until] = split(s?.rrule ?? 'FREQ=WEEKLY');
  const kind = kinds(starts).find(([, r]) => r === rule)?.[0];
  openForm({
    key: `series:${s?.id ?? 'new'}`,
    title: s ? t`Edit “${s.title}”` : t`Plan recurring maintenance`,
    action: s ? t`Save` : t`Plan`,
    values: {
      title: s?.title ?? '',
      description: s?.description ?? '',
      services: s?.services ?? [],
      starts_at: starts,
      comes: kind ?? OWN,
      rrule: s?.rrule ?? rule,
      until,
      time_zone: s?.time_zone ?? model.view?.org.time_zone ?? zone(),
      duration_minutes: s?.duration_minutes ?? 60,
      notify: s?.notify ?? true,
    },
    body: (
      form,
    ) => html`${field(form, { name: 'title', label: t`What will be done`, focus: true, max: 200, placeholder: t`Patch day` })}
      <div class="pair">${field(form, { name: 'starts_at', label: t`First start`, type: 'datetime-local' })}
        ${field(form, { name: 'time_zone', label: t`By the clock in`, hint: t`Such as Europe/Paris. Two in the morning stays two in the morning.` })}</div>
      ${choose(form, { name: 'comes', label: t`Comes`, options: [...kinds(form.values.starts_at).map(([name, , words]) => /** @type {[string, string]} */ ([name, words])), [OWN, t`By a rule of its own`]] })}
      ${
        form.values.comes === OWN
          ? field(form, {
              name: 'rrule',
              label: t`Rule`,
              hint: t`RFC 5545, daily at most often: FREQ=MONTHLY;BYDAY=2TU`,
            })
          : html`<div class="pair">${field(form, { name: 'until', label: t`Until`, type: 'date', optional: true })}<p class="hint bad">${form.error('rrule')}</p></div>`
      }
      ${field(form, { name: 'duration_minutes', label: t`Minutes that it lasts`, type: 'number' })}
      ${servicePicker(form)}
      ${field(form, { name: 'description', label: t`Message`, rows: 3, max: 20000, optional: true, hint: t`Markdown. Each window says it.` })}
      ${tick(form, 'notify', t`Tell subscribers`, t`Of the first at once, of the others by a reminder and when they begin.`)}
      ${s ? html`<p class="faint">${t`Windows that have not begun change with it, except for what was changed in them by hand.`}</p>` : nothing}`,
    send: (v) => send(v, s),
    done: (form) => {
      toast(t`${form.values.title} is planned.`, 'good');
      list.load();
    },
  });
}

/** @param {Record<string, any>} v @param {Series} [s] */
function send(v, s) {
  const rule = kinds(v.starts_at).find(([name]) => name === v.comes)?.[1] ?? '';
  const rrule = v.comes === OWN ? v.rrule : rule + (v.until ? `;UNTIL=${v.until.replaceAll('-', '')}` : '');
  const body = {
    title: v.title,
    description: v.description,
    services: v.services,
    rrule,
    time_zone: v.time_zone,
    starts_at: v.starts_at,
    duration_minutes: Number(v.duration_minutes) || 0,
    notify: v.notify,
  };
  return s
    ? call('PATCH', `/recurring-maintenances/${s.id}/`, { body, headers: { 'If-Match': `"${s.version}"` } })
    : call('POST', '/recurring-maintenances/', { body });
}

/** @param {Series} s */
function endSeries(s) {
  openForm({
    key: `end_series:${s.id}`,
    title: t`End “${s.title}”?`,
    action: t`End it`,
    danger: true,
    plain: true,
    values: {},
    body: () =>
      html`<p><strong>${inWords(s)}</strong>: ${t`no more windows are planned. Those that are planned already stay, to be cancelled like any other.`}</p>`,
    send: () => call('DELETE', `/recurring-maintenances/${s.id}/`),
    done: () => {
      toast(t`${s.title} comes no more.`, 'good');
      list.load();
    },
  });
}
