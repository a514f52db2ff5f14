import { changed } from './model.js';
import { shownIn } from './nouns.js';

/** @typedef {{name: string, id: string, query: URLSearchParams}} Route */

/** Names of the views that show no noun, as they stand in the address. */
const names = new Set([
  'overview',
  'monitors',
  'templates',
  'drafts',
  'subscribers',
  'team',
  'keys',
  'audit',
  'settings',
  'account',
  'queue',
]);

/** @returns {Route} */
export function route() {
  const [, , name = 'overview', id = ''] = location.pathname.replace(/\/+$/, '').split('/');
  return {
    name: names.has(name) || shownIn(name) ? name : 'missing',
    id: decodeURIComponent(id),
    query: new URLSearchParams(location.search),
  };
}

/** @type {() => void} */
let arrive = () => {};

/** @param {string} href @param {{replace?: boolean}} [how] */
export function go(href, { replace = false } = {}) {
  const moved = new URL(href, location.href).pathname !== location.pathname;
  history[replace ? 'replaceState' : 'pushState'](null, '', href);
  changed();
  if (moved) {
    scrollTo(0, 0);
    arrive();
  }
}

/** The address of this view with some parameters changed; an empty one is left out. @param {Record<string, string>} change */
export function withQuery(change) {
  const query = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(change)) {
    if (value) query.set(key, value);
    else query.delete(key);
  }
  const text = query.toString();
  return location.pathname + (text ? `?${text}` : '');
}

/** Follows links inside the dashboard without loading it again. @param {() => void} onArrive after a move to another view */
export function start(onArrive) {
  arrive = onArrive;
  addEventListener('popstate', () => {
    changed();
    arrive();
  });
  document.addEventListener('click', (click) => {
    if (
      click.defaultPrevented ||
      click.button !== 0 ||
      click.metaKey ||
      click.ctrlKey ||
      click.shiftKey ||
      click.altKey
    )
      return;
    const link = click.target instanceof Element ? click.target.closest('a') : null;
    if (!link || link.target || link.origin !== location.origin || !/^\/dashboard(\/|$)/.test(link.pathname)) return;
    click.preventDefault();
    go(link.pathname + link.search);
  });
}
