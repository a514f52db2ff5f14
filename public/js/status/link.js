import { say } from './say.js';
import { t } from './words.js';

/** The link beside a heading copies its address; where there is no clipboard it is followed, as without this script. */
export function links() {
  document.addEventListener('click', (e) => {
    const link = /** @type {HTMLAnchorElement | null} */ (/** @type {Element} */ (e.target).closest('.hash'));
    if (!link || !navigator.clipboard || e.button || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
    e.preventDefault();
    const done = () => {
      say(t('The link is copied.'));
      link.classList.add('copied');
      setTimeout(() => link.classList.remove('copied'), 2000);
    };
    navigator.clipboard.writeText(link.href.replace(/#page$/, '')).then(done, () => location.assign(link.href));
  });
}
