// A strip of days is one slider: one tab stop, arrows, Home and End by the browser, a finger or a pointer as well. Each
// day has its words, which stand in the page already, in a table beside the strip. The card that shows a day (day.js) is
// fetched when somebody wants it.
import { date } from './time.js';
import { t } from './words.js';

export const last = 89;

/** How many of the ninety days are drawn: what the stylesheet has room for. */
export const bars = () => Number(getComputedStyle(document.documentElement).getPropertyValue('--bars'));

/** Puts the slider over a strip. @param {Document} doc @param {HTMLElement} strip */
export function slider(doc, strip) {
  if (strip.querySelector('input')) return;
  const name = strip.closest('li, .block')?.querySelector('.name, h3')?.textContent;
  const input = Object.assign(doc.createElement('input'), {
    type: 'range',
    min: last + 1 - bars(),
    max: last,
    defaultValue: last,
  });
  input.ariaLabel = `${name}: ${t('Day by day, from midnight UTC')}`;
  input.ariaDescription = t('Enter leads to the incidents of a day.');
  input.ariaValueText = words(strip, last).join(': ');
  strip.append(input);
}

/** Listens for all strips, those to come included. */
export function strips() {
  const more = /** @type {HTMLElement} */ (document.querySelector('script[data-day]')).dataset.day;
  /** @type {Promise<{show: (e: Event) => void}> | undefined} */
  let card;
  for (const event of ['pointerover', 'pointerdown', 'focusin', 'input'])
    document.addEventListener(event, (e) => {
      const input = /** @type {HTMLInputElement} */ (e.target);
      const strip = input.closest?.('.strip');
      if (!strip) return;
      if (event === 'input') input.ariaValueText = words(strip, input.value).join(': ');
      card ??= import(/** @type {string} */ (more)).then(
        (day) => (day.show(e), day),
        () => (card = undefined),
      );
    });
  addEventListener('resize', () => {
    /** @type {NodeListOf<HTMLInputElement>} */
    const inputs = document.querySelectorAll('.strip input');
    for (const input of inputs) input.min = String(last + 1 - bars());
  });
}

/** What the page says of a day, if there was trouble on it. @param {Element} strip @param {number|string} day */
export const row = (strip, day) => strip.parentElement?.querySelector(`tr[data-i="${day}"]`);

/** The day and what happened on it. @param {Element} strip @param {number|string} day @returns {[string, string]} */
export function words(strip, day) {
  const { from = '', blank } = /** @type {HTMLElement} */ (strip).dataset;
  const cells = row(strip, day)?.children;
  const what = cells
    ? `${cells[1].firstChild?.textContent}, ${t('{x}% uptime', cells[2].textContent?.replace(/[%\s]/g, ''))}`
    : Number(day) < Number(blank)
      ? t('No data')
      : t('No trouble');
  return [date.format(Date.parse(from) + Number(day) * 86_400_000), what];
}
