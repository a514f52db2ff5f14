/**
 * Where to go after signing in: only ever a place of the dashboard, also when its dots are resolved; "" for any other.
 * @param {string|null} wanted @param {string} [origin]
 */
export function placeOf(wanted, origin = location.origin) {
  if (!wanted?.startsWith('/dashboard')) return '';
  const url = URL.canParse(wanted, origin) ? new URL(wanted, origin) : null;
  return url && url.origin === origin && /^\/dashboard(?:\/|$)/.test(url.pathname)
    ? url.pathname + url.search + url.hash
    : '';
}
