import { html, nothing } from '../../vendor/lit-html.js';
import { changed, model } from '../model.js';
import { call } from '../request.js';
import { span } from '../time.js';
import { locale, percent, t } from '../../language.js';

// The past in four small charts, each with its values as a table.

/** @typedef {{label: string, value: number|null, second?: number}} Bar second stands on top of value, in another colour */

const HEIGHT = 64;
const STEP = 20;
const AGE = 60_000;

/** @type {{of: string, asked: number, data: any}} */
let stats = { of: '', asked: 0, data: null };

function load() {
  const of = model.identity?.organization?.id ?? '';
  if (of !== stats.of) stats = { of, asked: 0, data: null };
  if (model.link !== 'live' || Date.now() - stats.asked < AGE) return;
  stats.asked = Date.now();
  call('GET', '/stats/').then(
    ({ data }) => {
      stats.data = data;
      changed();
    },
    () => {}, // what was had before stays
  );
}

const month = new Intl.DateTimeFormat(locale, { month: 'short', year: 'numeric', timeZone: 'UTC' });
const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone: 'UTC' });

/**
 * One chart. A value that is not known has no bar.
 * @param {string} title
 * @param {Bar[]} bars oldest first
 * @param {(value: number) => string} words
 * @param {{least?: number, most?: number, second?: string, first?: string}} [scale] second and first name the two of a bar
 */
function chart(title, bars, words, { least = 0, most, first, second } = {}) {
  const top = most ?? Math.max(1, ...bars.map((b) => (b.value ?? 0) + (b.second ?? 0)));
  const high = (/** @type {number} */ v) => Math.max(v > least ? 2 : 0, ((v - least) / (top - least)) * HEIGHT);
  const known = bars.filter((b) => b.value !== null);
  const newest = known.at(-1);
  const said = (/** @type {Bar} */ b) =>
    b.value === null ? '–' : b.second === undefined ? words(b.value) : `${words(b.value)}, ${b.second} ${second}`;
  const id = `stat-${title.replace(/[^\p{L}\p{N}]+/gu, '-').toLowerCase()}`;
  return html`<figure class="stat" aria-labelledby=${id}>
    <h3 id=${id}>${title}</h3>
    <p class="figure">${newest ? html`<strong>${said(newest)}</strong> <span class="faint">${newest.label}</span>` : html`<span class="faint">${t`Nothing yet.`}</span>`}</p>
    <svg viewBox="0 0 ${bars.length * STEP} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true"><path d=${shape(bars, (b) => [0, b.value ?? 0], high)} /><path class="second" d=${shape(bars, (b) => [b.value ?? 0, b.second ?? 0], high)} /></svg>
    <p class="faint ends"><span>${bars[0]?.label}</span><span>${bars.at(-1)?.label}</span></p>
    <details><summary>${t`Values`}<span class="sr"> ${t`of ${title}`}</span></summary><table><thead><tr><th scope="col">${t`When`}</th><th scope="col">${first ?? title}</th>${second ? html`<th scope="col">${second}</th>` : nothing}</tr></thead>
      <tbody>${[...bars].reverse().map((b) => html`<tr><th scope="row">${b.label}</th><td>${b.value === null ? '–' : words(b.value)}</td>${second ? html`<td>${b.second}</td>` : nothing}</tr>`)}</tbody></table></details>
  </figure>`;
}

/**
 * The bars as one path.
 * @param {Bar[]} bars
 * @param {(b: Bar) => [number, number]} of where one stands, and how high it is
 * @param {(v: number) => number} high
 */
const shape = (bars, of, high) =>
  bars
    .map((b, i) => {
      const [on, value] = of(b);
      const h = value ? high(value).toFixed(1) : 0;
      return h ? `M${i * STEP + 3} ${(HEIGHT - (on ? high(on) : 0)).toFixed(1)}v-${h}h${STEP - 6}v${h}z` : '';
    })
    .join('');

const minutes = (/** @type {number} */ v) => span(v * 60_000);

/** What the Overview says of the past. */
export function past() {
  load();
  const { data } = stats;
  if (!data && model.link === 'live')
    return html`<div class="skeleton stats-room" aria-busy="true" aria-label=${t`Counting`}></div>`;
  if (!data) return html`<p class="faint">${t`The numbers of the past need the server.`}</p>`;
  /** @param {string} what @returns {Bar[]} */
  const months = (what) =>
    data.months.map((/** @type {any} */ m) => ({ label: month.format(new Date(`${m.month}-01`)), value: m[what] }));
  const uptime = months('uptime');
  const least = Math.min(99, ...uptime.map((b) => b.value ?? 100));
  const told = data.deliveries.map((/** @type {any} */ d) => ({
    label: day.format(new Date(d.date)),
    value: d.sent,
    second: d.failed,
  }));
  return html`<section aria-labelledby="past"><h2 id="past">${t`The past`}</h2><div class="stats">
    ${chart(t`Uptime by month`, uptime, percent, { least: Math.floor(least) - 1, most: 100 })}
    ${chart(t`Incidents by month`, months('incidents'), String)}
    ${chart(t`Time to resolve`, months('resolve_minutes'), minutes, { first: t`Median` })}
    ${chart(t`Deliveries, 7 days`, told, (v) => t`${v} sent`, { first: t`Sent`, second: t`failed` })}
  </div><p class="faint">${t`Months and days are those of UTC.`}</p></section>`;
}
