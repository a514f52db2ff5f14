import { html, nothing } from '../../vendor/lit-html.js';
import { exact, short } from '../time.js';
import { t } from '../../language.js';

/** @typedef {{at: string, region: string, count: number, failed: number, min_ms: number, p50_ms: number, p95_ms: number, max_ms: number}} Bucket */

const WIDTH = 720;
const HEIGHT = 160;

/** One bucket of all regions for each time: the median is weighed by how many looks there were. @param {Bucket[]} list @returns {Bucket[]} */
export function together(list) {
  /** @type {Map<string, Bucket>} */
  const found = new Map();
  for (const b of list) {
    const was = found.get(b.at);
    const [n, m] = [b.count - b.failed, was ? was.count - was.failed : 0];
    if (!was) found.set(b.at, { ...b });
    else
      Object.assign(was, {
        count: was.count + b.count,
        failed: was.failed + b.failed,
        min_ms: n && m ? Math.min(was.min_ms, b.min_ms) : was.min_ms || b.min_ms,
        p50_ms: Math.round((was.p50_ms * m + b.p50_ms * n) / (n + m || 1)),
        p95_ms: Math.max(was.p95_ms, b.p95_ms),
        max_ms: Math.max(was.max_ms, b.max_ms),
      });
  }
  return [...found.values()];
}

/**
 * Response times as a line of the median, an area up to the 95th percentile, and a stroke where looks failed.
 * @param {Bucket[]} list oldest first, of all regions
 * @param {number} step between two buckets, in milliseconds
 * @param {number} from
 * @param {number} until
 */
export function chart(list, step, from, until) {
  const answered = list.filter((b) => b.count > b.failed);
  const top = Math.max(...answered.map((b) => b.p95_ms), 1);
  const x = (/** @type {Bucket} */ b) => (((Date.parse(b.at) + step / 2 - from) / (until - from)) * WIDTH).toFixed(1);
  const y = (/** @type {number} */ ms) => (HEIGHT - (ms / top) * (HEIGHT - 8)).toFixed(1);
  let line = '';
  let area = '';
  /** @type {Bucket[]} */
  let run = [];
  const end = () => {
    const upper = run.map((b) => `${x(b)},${y(b.p95_ms)}`);
    const middle = run.map((b) => `${x(b)},${y(b.p50_ms)}`);
    if (run.length === 1) middle.push(`${Number(x(run[0])) + 1},${y(run[0].p50_ms)}`);
    if (run.length) line += `M${middle.join('L')}`;
    if (run.length) area += `M${[...upper, ...middle.reverse()].join('L')}Z`;
    run = [];
  };
  for (const b of answered) {
    const before = run.at(-1);
    if (before && Date.parse(b.at) - Date.parse(before.at) > 2.5 * step) end();
    run.push(b);
  }
  end();
  const failed = list
    .filter((b) => b.failed)
    .map((b) => `M${x(b)},${HEIGHT}v-${Math.max(6, (b.failed / b.count) * 28).toFixed(0)}`)
    .join('');
  return html`<figure class="chart">
    <p class="faint">${answered.length ? `${top} ms` : nothing}</p>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label=${summary(list)}><path class="area" d=${area} /><path class="line" d=${line} /><path class="failed" d=${failed} /></svg>
    <p class="faint ends"><span>${short(from)}</span><span>${short(until)}</span></p>
    <figcaption>${summary(list)}</figcaption></figure>`;
}

/** @param {Bucket[]} list */
function summary(list) {
  const count = list.reduce((n, b) => n + b.count, 0);
  const failed = list.reduce((n, b) => n + b.failed, 0);
  if (!count) return t`Nothing was measured in this time.`;
  const middles = list.filter((b) => b.count > b.failed).map((b) => b.p50_ms);
  middles.sort((a, b) => a - b);
  const median = middles[middles.length >> 1];
  return middles.length
    ? t`Median ${median} ms, ${failed} of ${count} looks failed.`
    : t`${failed} of ${count} looks failed.`;
}

/** The same as numbers, newest first. @param {Bucket[]} list */
export const values = (
  list,
) => html`<div class="scroll tall" tabindex="0" role="region" aria-label=${t`Values`}><table class="record">
  <thead><tr><th scope="col">${t`From`}</th>${[t`Looks`, t`Failed`, t`Least`, t`Median`, '95 %', t`Most`].map((words) => html`<th scope="col" class="number">${words}</th>`)}</tr></thead>
  <tbody>${[...list]
    .reverse()
    .map(
      (b) =>
        html`<tr><td><time title=${exact(b.at)}>${short(b.at)}</time></td><td class="number">${b.count}</td><td class="number">${b.failed}</td>${[b.min_ms, b.p50_ms, b.p95_ms, b.max_ms].map((ms) => html`<td class="number">${b.count > b.failed ? `${ms} ms` : '–'}</td>`)}</tr>`,
    )}</tbody></table></div>`;
