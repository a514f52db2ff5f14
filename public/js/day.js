// The card of a day: what the strip's words say of it, and the incidents that did it. It is fetched when somebody first points at a strip,
// touches one or walks to one, and stands under the strip, so that it never covers the name of what it is about.
import { bars, last, row, words } from './status/strip.js';

/** The strip whose card stays until it is closed: it was tapped. @type {Element | null} */
let pinned = null;
/** Where a finger or a button is down, from the left of the window. @type {number | undefined} */
let held;

/** @param {Event} e */
const stripOf = (e) => /** @type {Element | null} */ (/** @type {Element} */ (e.target).closest?.('.strip'));

/** @param {Element} strip */
const inputOf = (strip) => /** @type {HTMLInputElement} */ (strip.querySelector('input'));

/** The day at a place. @param {Element} strip @param {number} x */
function pointed(strip, x) {
  const { left, width } = strip.getBoundingClientRect();
  const n = bars();
  return last + 1 - n + Math.min(n - 1, Math.max(0, Math.floor(((x - left) / width) * n)));
}

/** @param {Element} strip @param {number} day */
function open(strip, day) {
  for (const other of document.querySelectorAll('.strip.shown')) if (other !== strip) close(other);
  const card =
    strip.querySelector('.tip') ??
    strip.appendChild(Object.assign(document.createElement('div'), { className: 'tip' }));
  if (card.getAttribute('data-day') !== String(day) || /** @type {HTMLElement} */ (card).hidden) fill(card, strip, day);
  const n = bars();
  const { style } = /** @type {HTMLElement} */ (strip);
  style.setProperty('--day', String(day - (last + 1 - n)));
  strip.classList.add('shown');
  /** @type {HTMLElement} */ (card).hidden = false;
}

/** @param {Element} card @param {Element} strip @param {number} day */
function fill(card, strip, day) {
  const [when, what] = words(strip, day);
  const told = row(strip, day);
  card.setAttribute('data-day', String(day));
  card.setAttribute('data-state', told?.getAttribute('data-state') ?? '');
  card.replaceChildren(
    Object.assign(document.createElement('b'), { textContent: `${when}, UTC` }),
    Object.assign(document.createElement('span'), { textContent: what }),
  );
  const list = told?.querySelector('ul')?.cloneNode(true);
  if (!list) return;
  // They are a step beside the strip's own: Enter leads to them, so that a strip stays one stop.
  for (const link of /** @type {Element} */ (list).querySelectorAll('a')) link.tabIndex = -1;
  card.append(list);
}

/** @param {Element} strip */
function close(strip) {
  if (pinned === strip) pinned = null;
  strip.classList.remove('shown');
  const card = /** @type {HTMLElement | null} */ (strip.querySelector('.tip'));
  if (card) card.hidden = true;
}

/** @param {Event} e */
function closeOthers(e) {
  for (const strip of document.querySelectorAll('.strip.shown'))
    if (!strip.contains(/** @type {Node} */ (e.target))) close(strip);
}

/** What an event on a strip shows; the first one is what fetched this. @param {any} e */
export function show(e) {
  const strip = stripOf(e);
  if (!strip || !e.target.matches('input')) return;
  switch (e.type) {
    case 'pointerdown':
      pinned = strip;
      held = e.clientX;
      return open(strip, pointed(strip, e.clientX));
    case 'pointerover':
    case 'pointermove':
      if (e.buttons) held = e.clientX;
      if (e.buttons || (e.pointerType !== 'touch' && pinned !== strip)) open(strip, pointed(strip, e.clientX));
      return;
    case 'input': // the browser rounds to where a thumb would be; what is meant is the bar under the finger
      if (held !== undefined) e.target.value = pointed(strip, held);
      e.target.ariaValueText = words(strip, e.target.value).join(': ');
      return open(strip, Number(e.target.value));
    case 'focusin':
      if (e.target.matches(':focus-visible') && held === undefined) open(strip, Number(e.target.value));
  }
}

/** @param {any} e */
function keys(e) {
  const strip = stripOf(e);
  if (e.key === 'Escape') {
    if (strip && e.target.matches('a')) inputOf(strip).focus();
    for (const shown of document.querySelectorAll('.strip.shown')) close(shown);
  }
  if (!strip) return;
  const links = /** @type {HTMLElement[]} */ ([...strip.querySelectorAll('.tip a')]);
  if (e.key === 'Enter' && e.target === inputOf(strip)) links[0]?.focus();
  else if (/^Arrow(Down|Up)$/.test(e.key) && e.target.matches('a'))
    links.at((links.indexOf(e.target) + (e.key === 'ArrowDown' ? 1 : -1)) % links.length)?.focus();
  else return;
  e.preventDefault();
}

for (const event of ['pointermove', 'pointerdown', 'focusin', 'input']) document.addEventListener(event, show);
document.addEventListener('pointerup', () => setTimeout(() => (held = undefined)));
document.addEventListener('pointercancel', () => (held = undefined));
document.addEventListener('pointerdown', closeOthers);
document.addEventListener('focusin', closeOthers);
document.addEventListener('keydown', keys);
// A card stays while the pointer is on it, and where it was tapped.
document.addEventListener('pointerout', (e) => {
  const strip = stripOf(e);
  if (
    strip &&
    strip !== pinned &&
    e.pointerType !== 'touch' &&
    !strip.contains(/** @type {Node | null} */ (e.relatedTarget)) &&
    document.activeElement !== inputOf(strip)
  )
    close(strip);
});
document.addEventListener('focusout', (e) => {
  const strip = stripOf(e);
  if (strip && strip !== pinned && !strip.contains(/** @type {Node | null} */ (e.relatedTarget))) close(strip);
});
