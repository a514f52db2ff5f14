import { t } from './words.js';
import { clockTime } from './time.js';

/**
 * The mark under the name: "Live", or since when it is not, and why.
 * @param {Date} [since] @param {string} [why] @param {boolean} [refresh] offer it: the reason then lies over the page
 */
export function mark(since, why = '', refresh) {
  const el = document.getElementById('live');
  const text = el?.querySelector('.when');
  if (!el || !text) return;
  const words = since ? `${t('Not live since {x}.', clockTime(since))} ` : t('Live');
  const reason = since && why + (refresh ? ` ${t('Refresh')}` : '');
  if (text.textContent === words + (reason ?? '')) return;
  el.dataset.live = since ? 'lost' : 'yes';
  text.replaceChildren(words);
  if (!since) return;
  const box = Object.assign(document.createElement('span'), { className: 'why', textContent: why });
  const again = Object.assign(document.createElement('button'), {
    type: 'button',
    textContent: t('Refresh'),
    onclick: () => location.reload(),
  });
  if (refresh) box.append(' ', again);
  text.append(box);
}
