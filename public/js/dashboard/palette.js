import { busy, close, openSheet } from './dialog.js';
import { changed, mayWrite, model, waiting } from './model.js';
import { html, live, nothing } from '../vendor/lit-html.js';
import { call } from './request.js';
import { count, stateName } from './words.js';
import { enter } from './person.js';
import { entries, hrefOf } from './menu.js';
import { go } from './router.js';
import { labels } from './setting.js';
import { leave } from './views/signin.js';
import { openIncident } from './views/incident_form.js';
import { openService } from './views/service.js';
import { planMaintenance } from './views/maintenance.js';
import { showKeys } from './key_list.js';
import { t } from '../language.js';

// Everything there is, found by its words: what is held here, and beyond that what the server finds. A combobox of WAI-ARIA.

/** @typedef {{kind: string, label: string, more?: string, run: () => void, id?: string}} Entry */

const MOST = 30;
/** Longer than from one letter to the next. */
const PAUSE = 200;

let typed = '';
let at = 0;
let timer = 0;
/** What the server found, and for which words. @type {{words: string, entries: Entry[]}} */
let found = { words: '', entries: [] };
/** People, once the server has named them. @type {any[]} */
let people = [];

export function openPalette() {
  if (busy() || !model.view) return;
  typed = '';
  at = 0;
  openSheet({ title: t`Search`, body });
  call('GET', '/members/?page_size=100').then(
    ({ data }) => {
      people = data.results;
      changed();
    },
    () => {}, // without a network those of the last time
  );
}

/** @param {string} text */
const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Where the words stand in an entry, best first; -1 where one of them does not. @param {Entry} e @param {string[]} words */
function rank(e, words) {
  const label = plain(e.label);
  const all = `${label} ${plain(`${e.more ?? ''} ${e.kind}`)}`;
  if (!words.every((w) => all.includes(w))) return -1;
  const first = words[0] ?? '';
  return label.startsWith(first) ? 0 : label.includes(` ${first}`) ? 1 : label.includes(first) ? 2 : 3;
}

/** @param {string} href @param {string} [part] the id of what is looked for there */
const leadsTo = (href, part) => () => {
  go(href);
  if (part) setTimeout(() => show(part), 50);
};

/** @param {string} id @param {number} [tries] until it is drawn */
function show(id, tries = 20) {
  const part = document.getElementById(id);
  if (!part && tries) return void setTimeout(() => show(id, tries - 1), 50);
  if (part && !part.matches('input, textarea, select')) part.tabIndex = -1;
  part?.scrollIntoView({ block: 'center' });
  part?.focus({ preventScroll: true });
}

/** @returns {Entry[]} */
function commands() {
  const writes = [
    { label: t`Open an incident`, run: () => openIncident() },
    { label: t`Plan maintenance`, run: () => planMaintenance() },
    { label: t`New service`, more: t`add`, run: () => openService() },
  ];
  return [
    ...(mayWrite() ? writes : []),
    ...entries().map((e) => ({ label: t`Go to ${e.label}`, run: leadsTo(hrefOf(e.name)) })),
    { label: t`Go to Account`, more: t`password sessions`, run: leadsTo('/dashboard/account') },
    { label: t`Go to what waits to be sent`, more: t`queue`, run: leadsTo('/dashboard/queue') },
    { label: t`Keys`, more: t`shortcuts`, run: showKeys },
    ...model.organizations
      .filter((o) => !o.deleted_at && o.id !== model.identity?.organization?.id)
      .map((o) => ({ label: t`Switch to ${o.name}`, more: t`organisation`, run: () => void enter(o.slug) })),
    { label: t`Sign out`, more: waiting().length ? t`changes wait` : '', run: () => void leave() },
  ].map((c) => ({ ...c, kind: t`Command` }));
}

/** @param {any} i @returns {Entry} */
const incident = (i) => ({
  kind: t`Incident`,
  id: i.id,
  label: i.title,
  more: `${stateName(i.status)} ${i.services.map((/** @type {any} */ s) => s.name).join(' ')}`,
  run: leadsTo(`/dashboard/incidents/${i.id}`),
});

/** @returns {Entry[]} */
function held() {
  const view = model.view;
  if (!view) return [];
  const services = (/** @type {string} */ text) => `/dashboard/services?search=${encodeURIComponent(text)}`;
  return [
    ...view.services.map((s) => ({
      kind: t`Service`,
      label: s.name,
      more: `${stateName(s.status)} ${s.group} ${s.description}`,
      run: leadsTo(services(s.name), `row-${s.id}`),
    })),
    ...[...new Set(view.services.map((s) => s.group).filter(Boolean))].map((g) => ({
      kind: t`Group`,
      label: g,
      run: leadsTo(services(g)),
    })),
    ...view.incidents.map(incident),
    ...view.maintenances.map((m) => ({
      kind: t`Maintenance`,
      label: m.title,
      more: `${stateName(m.status)} ${m.services.map((s) => s.name).join(' ')}`,
      run: leadsTo(`/dashboard/maintenance/${m.id}`),
    })),
    ...people.map((p) => ({
      kind: t`Person`,
      label: p.name || p.email,
      more: p.email,
      run: leadsTo('/dashboard/team'),
    })),
    ...(mayWrite() ? Object.entries(labels) : []).map(([name, label]) => ({
      kind: t`Setting`,
      label,
      run: leadsTo('/dashboard/settings', `f-${name}`),
    })),
  ];
}

/** @returns {Entry[]} */
function results() {
  const words = plain(typed).split(/\s+/).filter(Boolean);
  if (!words.length) return commands();
  const here = [...held(), ...commands()]
    .map((e) => ({ e, r: rank(e, words) }))
    .filter(({ r }) => r >= 0)
    .sort((a, b) => a.r - b.r)
    .map(({ e }) => e);
  const ids = new Set(here.map((e) => e.id));
  const beyond = found.words === typed ? found.entries.filter((e) => !ids.has(e.id)) : [];
  return [...here.slice(0, MOST - Math.min(beyond.length, 10)), ...beyond].slice(0, MOST);
}

/** @param {Event} e */
function type(e) {
  typed = /** @type {HTMLInputElement} */ (e.target).value;
  at = 0;
  clearTimeout(timer);
  if (typed.trim().length > 1 && model.link === 'live') timer = setTimeout(ask, PAUSE);
  changed();
}

async function ask() {
  const words = typed;
  try {
    const { data } = await call('GET', `/incidents/?page_size=10&search=${encodeURIComponent(words.trim())}`);
    found = { words, entries: data.results.map(incident) };
    changed();
  } catch {
    // What is held here is there all the same.
  }
}

/** @param {Entry|undefined} e */
function run(e) {
  if (!e) return;
  close();
  e.run();
}

function body() {
  const list = results();
  at = Math.max(0, Math.min(at, list.length - 1));
  const keys = (/** @type {KeyboardEvent} */ e) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[e.key];
    if (e.isComposing || (!by && e.key !== 'Enter')) return;
    e.preventDefault();
    if (!by) return;
    const to = at + by;
    at = Math.abs(by) === 1 ? (to + list.length) % list.length : Math.max(0, Math.min(list.length - 1, to));
    changed();
    setTimeout(() => document.getElementById(`found-${at}`)?.scrollIntoView({ block: 'nearest' }), 0);
  };
  return html`<input type="text" role="combobox" autofocus autocomplete="off" maxlength="254" aria-label=${t`Search or run a command`} placeholder=${t`Services, incidents, people, settings, commands`} aria-expanded="true" aria-controls="found" aria-autocomplete="list" aria-activedescendant=${list.length ? `found-${at}` : nothing} .value=${live(typed)} @input=${type} @keydown=${keys} @keyup=${(/** @type {KeyboardEvent} */ e) => e.key === 'Enter' && !e.isComposing && run(list[at])} />
    <ul id="found" class="found" role="listbox" aria-label=${t`Found`}>${list.map(
      (e, i) =>
        html`<li id="found-${i}" role="option" aria-selected=${i === at ? 'true' : 'false'} @click=${() => run(e)} @pointermove=${() => {
          if (i === at) return;
          at = i;
          changed();
        }}><span class="grow clip">${e.label}</span><span class="faint">${e.kind}</span></li>`,
    )}</ul>
    <p class="faint" role="status">${list.length ? count(list.length, 'result') : t`Nothing is called like that.`} ${model.link === 'live' ? '' : t`Offline: only what is held here is searched.`}</p>`;
}
