import { html, live, nothing, repeat } from '../../vendor/lit-html.js';
import { Remote } from './list.js';
import { ago, short } from '../time.js';
import { changed } from '../model.js';
import { count } from '../words.js';
import { t } from '../../language.js';

/** @typedef {{at: string, count: number}} Bucket */
/** @typedef {{service: {id: string, name: string}, total: number, recent: number, told_at?: string, buckets: Bucket[]}} Curve */

const list = new Remote();
const hours = { '24h': 24, '7d': 7 * 24, '30d': 30 * 24 };
const names = { '24h': t`The last 24 hours`, '7d': t`7 days`, '30d': t`30 days` };
/** @type {keyof typeof hours} */
let range = '24h';

const WIDTH = 240;
const HEIGHT = 36;
/** How many bars a curve has. */
const BARS = 48;

/** What visitors report, a curve a service; nothing where nobody reported anything for a day. */
export function reports() {
  const { data } = list.show(`/reports/?range=${range}`);
  const curves = /** @type {Curve[]} */ (/** @type {any} */ (data)?.services ?? []);
  if (!curves.length && range === '24h') return nothing;
  return html`<section class="panel visitors" aria-labelledby="reports"><h2 id="reports">${t`What visitors report`}</h2>
    <div><select aria-label=${t`Time`} @change=${(/** @type {Event} */ e) => {
      range = /** @type {keyof typeof hours} */ (/** @type {HTMLSelectElement} */ (e.target).value);
      changed();
    }}>${Object.entries(names).map(([name, words]) => html`<option value=${name} .selected=${live(name === range)}>${words}</option>`)}</select></div>
    ${
      curves.length
        ? html`<ul class="plain reports">${repeat(
            curves,
            (c) => c.service.id,
            (c) =>
              html`<li><p class="facts"><span class="strong">${c.service.name}</span><span class="faint">${t`${count(c.total, 'report')}, ${c.recent} in the last half hour`}${c.told_at ? `; ${t`the admins were told ${ago(c.told_at)}`}` : ''}</span></p>${curve(c)}</li>`,
          )}</ul>`
        : html`<p class="faint">${t`Nobody reported a problem in this time.`}</p>`
    }</section>`;
}

/** @param {Curve} c */
function curve(c) {
  const until = Date.now();
  const from = until - hours[range] * 3_600_000;
  const bars = new Array(BARS).fill(0);
  for (const b of c.buckets) {
    const at = Math.floor(((Date.parse(b.at) - from) / (until - from)) * BARS);
    bars[Math.min(BARS - 1, Math.max(0, at))] += b.count;
  }
  const top = Math.max(...bars, 1);
  const drawn = bars
    .map((n, i) =>
      n ? `M${(i + 0.5) * (WIDTH / BARS)},${HEIGHT}V${(HEIGHT - (n / top) * (HEIGHT - 2)).toFixed(1)}` : '',
    )
    .join('');
  return html`<svg class="reported" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label=${t`Reports from ${short(from)} to ${short(until)}, at most ${top} in ${Math.round((hours[range] * 60) / BARS)} minutes`}><path d=${drawn} /></svg>`;
}
