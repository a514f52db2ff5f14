// The server deals what is over out to the days of the organisation's zone; here it is dealt out to the days of the
// visitor's.
import { date, dayOf } from './time.js';
import { t } from './words.js';

const day = 86_400_000;

/** @param {Document} doc */
export function deal(doc) {
  const list = doc.getElementById('days');
  if (!list) return;
  const { from = '', to } = list.dataset;
  /** What has not ended goes on. @param {HTMLElement} el */
  const ended = (el) => dayOf(el.dataset.ended ?? to ?? Date.now());
  // Days on which something went on are not told as quiet, and of the first one the list may know a part only.
  const first = from ? dayOf(Date.parse(from) - 1) + 1 : Infinity;
  const busy = new Set();
  for (const el of /** @type {NodeListOf<HTMLElement>} */ (doc.querySelectorAll('[data-began]')))
    for (let d = Math.max(first, dayOf(el.dataset.began)); d <= ended(el); d++) busy.add(d);

  const items = /** @type {HTMLElement[]} */ ([...list.querySelectorAll('article')]);
  /** @type {{first: number, last: number, items: HTMLElement[]}[]} */
  const days = [];
  for (let d = Math.max(from ? dayOf(to) : 0, ...items.map(ended)); d >= first || items[0]; d--) {
    const those = [];
    while (items[0] && ended(items[0]) >= d) those.push(...items.splice(0, 1));
    const before = days.at(-1);
    if (!those[0] && (busy.has(d) || d < first)) continue;
    if (!those[0] && before && !before.items[0] && before.first === d + 1) before.first = d;
    else days.push({ first: d, last: d, items: those });
  }
  list.replaceChildren(...days.map((d) => entry(doc, d)));
}

/** @param {Document} doc @param {{first: number, last: number, items: HTMLElement[]}} d */
function entry(doc, { first, last, items }) {
  const dateTime = new Date(last * day).toISOString().slice(0, 10);
  const li = Object.assign(doc.createElement('li'), { id: `d-${dateTime}`, className: items[0] ? 'day' : 'day quiet' });
  const head = doc.createElement('h3');
  head.append(
    Object.assign(doc.createElement('time'), { dateTime, textContent: date.formatRange(first * day, last * day) }),
  );
  head.id = `h${li.id}`;
  const link = Object.assign(doc.createElement('a'), { className: 'hash', href: `#${li.id}` });
  link.setAttribute('aria-labelledby', `copying ${head.id}`);
  li.append(head, link, ...items);
  if (!items[0])
    li.append(Object.assign(doc.createElement('p'), { className: 'dim', textContent: t('No incidents.') }));
  return li;
}
