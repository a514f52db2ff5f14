// Signing in with an identity provider's own pages: the server leads there, and back.

import './language.js'; // which leads to another one
import { remove } from './dashboard/database.js';

const wanted = new URLSearchParams(location.search).get('next');

for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('a[data-begin]'))) {
  const url = new URL(link.href);
  if (wanted) url.searchParams.set('next', wanted);
  link.href = url.href;
  link.addEventListener('click', async (event) => {
    event.preventDefault();
    // Whoever was here before is somebody else, as far as we know.
    await Promise.all(['last', 'leaving'].map((key) => remove('session', key))).catch(() => {});
    location.assign(link.href);
  });
}
