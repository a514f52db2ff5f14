import { html, live, nothing, repeat } from '../../vendor/lit-html.js';
import { PAGE_SIZE, Remote, empty, heading, pageNumber, pager } from './list.js';
import { FRESH, proposals } from './proposal.js';
import { ago, exact, short } from '../time.js';
import { badge, icon } from '../icon.js';
import { chart, together, values } from './chart.js';
import { changed, mayWrite, toast } from '../model.js';
import { editMonitor, kinds, looked } from './monitor_form.js';
import { go, route, withQuery } from '../router.js';
import { call } from '../request.js';
import { copy } from './snippets.js';
import { openForm } from '../dialog.js';
import { stateName } from '../words.js';
import { t } from '../../language.js';

/** @typedef {import('../types.js').View} View */
/** @typedef {import('./monitor_form.js').Monitor} Monitor */
/** @typedef {import('./monitor_form.js').Look} Look */

/** @type {Record<string, [string, string]>} */
const states = {
  up: [t`Up`, 'operational'],
  down: [t`Down`, 'major'],
  unknown: [t`Not known`, 'quiet'],
  paused: [t`Paused`, 'quiet'],
};

/** @param {string} state */
const stateOf = (state) => badge(state, ...states[state]);

/** @type {Record<string, {words: string, step: number, days: number}>} */
const ranges = {
  '24h': { words: '24 h', step: 300_000, days: 1 },
  '7d': { words: '7 d', step: 3_600_000, days: 7 },
  '30d': { words: '30 d', step: 86_400_000, days: 30 },
  '90d': { words: '90 d', step: 86_400_000, days: 90 },
};

const list = new Remote();
const single = new Remote();
const measured = new Remote();
const failures = new Remote();
const settled = new Remote();

function afresh() {
  for (const remote of [list, single, failures]) remote.load();
}

/** @param {View} view @param {string} id */
export const monitors = (view, id) => (id ? detail(view, id) : overview(view));

/** @param {View} view */
function overview(view) {
  const { query } = route();
  const ask = new URLSearchParams({ page: String(pageNumber()), page_size: String(PAGE_SIZE) });
  for (const name of ['search', 'state']) if (query.get(name)) ask.set(name, query.get(name) ?? '');
  const add = mayWrite()
    ? html`<button type="button" class="button primary" @click=${() => editMonitor(undefined, afresh)}>${icon('plus')}${t`Add a monitor`}</button>`
    : nothing;
  return html`${heading(t`Monitors`, add, html`<p class="faint">${t`They look at your services from every region, and say or do what you let them.`}</p>`)}
    ${proposals()}
    <div class="filters" role="search">
      <input type="search" aria-label=${t`Find a monitor`} placeholder=${t`Find a monitor`} autocomplete="off" .value=${live(query.get('search') ?? '')} @change=${(/** @type {Event} */ e) => go(withQuery({ search: /** @type {HTMLInputElement} */ (e.target).value, page: '' }))} />
      <select aria-label=${t`State`} @change=${(/** @type {Event} */ e) => go(withQuery({ state: /** @type {HTMLSelectElement} */ (e.target).value, page: '' }))}>
        <option value="" .selected=${live(!query.get('state'))}>${t`Any state`}</option>${Object.entries(states).map(([value, [words]]) => html`<option value=${value} .selected=${live(query.get('state') === value)}>${words}</option>`)}</select>
    </div>
    ${list
      .show(`/monitors/?${ask}`)
      .fresh(FRESH)
      .draw((data) =>
        data.results.length ? table(view, data) : none(!!(query.get('search') || query.get('state'))),
      )}`;
}

/** @param {boolean} filtered */
const none = (filtered) =>
  filtered
    ? empty(
        t`Nothing found`,
        t`No monitor is like that.`,
        html`<a class="button" href="/dashboard/monitors">${t`Show all`}</a>`,
      )
    : empty(
        t`No monitor yet`,
        t`A monitor asks an address again and again, and notices an outage before somebody writes to you.`,
      );

/** @param {View} view @param {{count: number, results: Monitor[]}} data */
const table = (
  view,
  data,
) => html`<div class="scroll"><table class="list"><thead><tr><th scope="col">${t`Monitor`}</th><th scope="col">${t`State`}</th><th scope="col">${t`Last, by region`}</th><th scope="col" class="wide-only">${t`Service`}</th></tr></thead>
  <tbody>${repeat(
    data.results,
    (m) => m.id,
    (m) => html`<tr>
      <td class="main"><a class="strong" href="/dashboard/monitors/${m.id}">${m.name}</a><span class="faint block clip">${kinds[m.kind].name}${m.kind === 'heartbeat' ? '' : ` · ${m.target}`}</span></td>
      <td>${stateOf(m.state)}${m.since ? html`<span class="faint block nowrap wide-only">${t`since ${short(m.since)}`}</span>` : nothing}</td>
      <td>${regions(m)}</td>
      <td class="wide-only faint">${serviceName(view, m)}</td></tr>`,
  )}</tbody></table></div>${pager(data)}`;

/** @param {View} view @param {Monitor} m */
const serviceName = (view, m) => view.services.find((s) => s.id === m.service)?.name ?? '–';

/** The most that stand in a row of the list; the monitor's own page has all. */
const FEW = 4;

/** @param {Monitor} m */
function regions(m) {
  const seen = Object.entries(m.last);
  if (!seen.length) return html`<span class="faint">${t`Nothing yet`}</span>`;
  seen.sort(([, a], [, b]) => Number(a.ok) - Number(b.ok));
  return html`<ul class="plain looks">${seen.slice(0, FEW).map(([region, l]) => html`<li class="tone-${l.ok ? 'operational' : 'major'}" title=${l.error}>${icon(l.ok ? 'operational' : 'major')}<span>${region}</span> <span class="faint">${l.ok ? `${l.ms} ms` : t`failed`}</span></li>`)}${seen.length > FEW ? html`<li class="faint">${t`and ${seen.length - FEW} more`}</li>` : nothing}</ul>`;
}

/** @param {View} view @param {string} id */
function detail(view, id) {
  const found = /** @type {{results: any}|null} */ (single.show(`/monitors/${id}/`).fresh(FRESH).data);
  const crumb = html`<p class="crumb"><a href="/dashboard/monitors">${icon('left')}${t`Monitors`}</a></p>`;
  const m = /** @type {Monitor|null} */ (/** @type {any} */ (found));
  if (!m) return html`${crumb}${single.draw(() => nothing)}`;
  const actions = mayWrite()
    ? html`${m.kind === 'heartbeat' ? nothing : html`<button type="button" class="button" @click=${() => test(m)}>${icon('again')}${t`Test now`}</button>`}
      <button type="button" class="button" @click=${() => pause(m)}>${m.paused ? t`Resume` : t`Pause`}</button>
      <button type="button" class="button" @click=${() => editMonitor(m, afresh)}>${icon('edit')}${t`Edit`}</button>
      <button type="button" class="button" @click=${() => remove(m)}>${icon('trash')}${t`Delete`}</button>`
    : nothing;
  return html`${crumb}${heading(m.name, actions, html`<p class="facts">${stateOf(m.state)}${m.since ? html`<span class="faint">${t`since ${html`<time title=${exact(m.since)}>${ago(m.since)}</time>`}`}</span>` : nothing}</p>`)}
    ${proposals()}
    <div class="split"><div class="stack">${times(m)}${errors(m)}</div><div class="stack">${facts(view, m)}${now(m)}${deeds(view, m)}</div></div>`;
}

/** @type {Record<string, string>} */
const actionWords = {
  show: t`Shows it, and does nothing`,
  propose: t`Proposes an incident`,
  act: t`Opens and resolves an incident`,
};

/** @param {View} view @param {Monitor} m */
const facts = (view, m) => html`<section class="panel" aria-labelledby="facts"><h2 id="facts">${t`What it does`}</h2>
  ${
    m.heartbeat_url
      ? html`<p>${t`Your program asks for this address when it has done its work:`}</p><p class="row"><code class="secret" tabindex="0">${m.heartbeat_url}</code><button type="button" class="button small" aria-label=${t`Copy the address`} @click=${() => copy(m.heartbeat_url ?? '')}>${t`Copy`}</button></p>`
      : m.target
        ? html`<p>${kinds[m.kind].name}: <code>${m.target}</code></p>`
        : nothing
  }
  <p class="faint">${m.regions.length ? t`Every ${m.interval_s} s from ${m.regions.join(', ')}.` : t`Every ${m.interval_s} s.`} ${m.quorum === 'majority' ? t`Down after ${m.failures} in a row, up after ${m.successes}, in most regions.` : t`Down after ${m.failures} in a row, up after ${m.successes}, in ${m.quorum} regions.`}</p>
  <p>${actionWords[m.action]}${m.service ? html`: ${serviceName(view, m)}${m.action === 'show' ? nothing : html` → ${stateName(m.to_state)}`}` : nothing}. ${m.shown ? t`Visitors see its response times.` : nothing}</p></section>`;

/** @param {Monitor} m */
const now = (m) => html`<section class="panel" aria-labelledby="regions"><h2 id="regions">${t`Now, by region`}</h2>
  ${
    Object.keys(m.last).length
      ? html`<ul class="plain">${Object.entries(m.last).map(([region, l]) => html`<li class="line"><span class="grow">${badge('', region, l.ok ? 'operational' : 'major')}${l.error ? html`<span class="faint block">${l.error}</span>` : nothing}</span><span>${l.ok ? `${l.ms} ms` : t`failed`}</span><time class="since faint" title=${exact(l.at)}>${ago(l.at)}</time></li>`)}</ul>`
      : html`<p class="faint">${t`Nobody has looked yet.`}</p>`
  }</section>`;

let open = false;

/** @param {Monitor} m */
function times(m) {
  const { query } = route();
  const name = ranges[query.get('range') ?? ''] ? (query.get('range') ?? '') : '24h';
  const { days, step } = ranges[name];
  const data = /** @type {any} */ (measured.show(`/monitors/${m.id}/metrics/?range=${name}`).fresh(6 * FRESH).data);
  const all = /** @type {import('./chart.js').Bucket[]} */ (data?.buckets ?? []);
  const there = [...new Set(all.map((b) => b.region))].sort();
  const region = query.get('region') ?? '';
  const shown = together(region ? all.filter((b) => b.region === region) : all);
  const until = Math.ceil(Date.now() / step) * step;
  return html`<section class="panel" aria-labelledby="times"><h2 id="times">${t`Response time`}</h2>
    <div class="row"><div class="tabs" role="group" aria-label=${t`Range`}>${Object.entries(ranges).map(([value, r]) => html`<a href=${withQuery({ range: value })} aria-current=${value === name ? 'true' : nothing}>${r.words}</a>`)}</div>
    ${
      there.length > 1
        ? html`<select aria-label=${t`Region`} @change=${(/** @type {Event} */ e) => go(withQuery({ region: /** @type {HTMLSelectElement} */ (e.target).value }))}><option value="" .selected=${live(!region)}>${t`All regions`}</option>${there.map((r) => html`<option value=${r} .selected=${live(r === region)}>${r}</option>`)}</select>`
        : nothing
    }</div>
    ${measured.draw(
      () => html`${chart(shown, step, until - days * 86_400_000, until)}
      ${
        shown.length
          ? html`<details class="more" .open=${open} @toggle=${(/** @type {Event} */ e) => {
              open = /** @type {HTMLDetailsElement} */ (e.target).open;
              changed();
            }}><summary>${t`Values`}</summary>${open ? values(shown) : nothing}</details>`
          : nothing
      }`,
    )}</section>`;
}

/** @param {Monitor} m */
function errors(m) {
  const found = failures.show(`/monitors/${m.id}/results/?state=down&page_size=10`).fresh(FRESH);
  return html`<section class="panel" aria-labelledby="errors"><h2 id="errors">${t`Last errors`}</h2>
    ${found.draw((data) =>
      data.results.length
        ? html`<ul class="plain">${repeat(
            /** @type {Look[]} */ (data.results),
            (l) => l.at + l.region,
            (l) =>
              html`<li class="line"><span class="grow">${l.error || t`It failed`}${l.body ? html`<details class="more"><summary>${t`What it answered`}</summary><pre class="answer" tabindex="0">${l.body}</pre></details>` : nothing}</span><span class="faint">${l.region}</span><time class="since faint" title=${exact(l.at)}>${ago(l.at)}</time></li>`,
          )}</ul>${data.count > data.results.length ? html`<p class="faint">${t`${data.count} in 48 hours`}</p>` : nothing}`
        : html`<p class="faint">${t`None in 48 hours.`}</p>`,
    )}</section>`;
}

/** Its incidents, and what it proposed. @param {View} view @param {Monitor} m */
function deeds(view, m) {
  const incidents = view.incidents.filter((i) => /** @type {any} */ (i).source?.id === m.id);
  const made = (settled.show('/proposals/?page_size=100').fresh(3 * FRESH).data?.results ?? []).filter(
    (p) => p.source.id === m.id,
  );
  return html`<section class="panel" aria-labelledby="deeds"><h2 id="deeds">${t`What it did`}</h2>
    ${
      incidents.length || made.length
        ? html`<ul class="plain">${incidents.slice(0, 10).map((i) => html`<li class="line"><span class="grow"><a href="/dashboard/incidents/${i.id}">${i.title}</a><span class="faint block">${stateName(i.status)} · ${t`opened ${html`<time title=${exact(i.created_at)}>${ago(i.created_at)}</time>`}`}</span></span></li>`)}
          ${made.slice(0, 10).map((p) => html`<li class="line"><span class="grow">${p.kind === 'resolve' ? t`Proposed to resolve` : t`Proposed`}: ${p.title}<span class="faint block">${p.state} · <time title=${exact(p.created_at)}>${ago(p.created_at)}</time></span></span></li>`)}</ul>`
        : html`<p class="faint">${t`Nothing yet.`}</p>`
    }</section>`;
}

/** @param {Monitor} m */
async function test(m) {
  toast(t`Looking…`);
  try {
    const { data } = await call('POST', `/monitors/${m.id}/test/`);
    toast(looked(data), data.ok ? 'good' : 'bad');
  } catch (error) {
    toast(/** @type {Error} */ (error).message, 'bad');
  }
}

/** @param {Monitor} m */
async function pause(m) {
  try {
    await call('PATCH', `/monitors/${m.id}/`, { body: { paused: !m.paused } });
    toast(m.paused ? t`${m.name} looks again.` : t`${m.name} is paused.`, 'good');
  } catch (error) {
    toast(/** @type {Error} */ (error).message, 'bad');
  }
  afresh();
}

/** @param {Monitor} m */
function remove(m) {
  openForm({
    key: `delete_monitor:${m.id}`,
    title: t`Delete ${m.name}?`,
    action: t`Delete the monitor`,
    danger: true,
    plain: true,
    values: {},
    body: () =>
      html`<p><strong>${m.name}</strong> ${t`and all it measured are gone then. Incidents that it opened stay.`}</p>`,
    send: () => call('DELETE', `/monitors/${m.id}/`),
    done: () => {
      toast(t`Deleted.`, 'good');
      list.load();
      go('/dashboard/monitors');
    },
  });
}
