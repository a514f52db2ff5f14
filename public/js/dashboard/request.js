import { Refused, SignedOut, exchange } from './exchange.js';
import * as session from './session.js';
import { t } from '../language.js';

export { Refused, SignedOut, Unreachable, exchange } from './exchange.js';

/**
 * An exchange as the person who is signed in. It also throws SignedOut.
 * @param {string} method
 * @param {string} path
 * @param {{body?: any, headers?: Record<string, string>}} [options]
 */
export async function call(method, path, options = {}) {
  for (let again = false; ; again = true) {
    const token = await session.token(again);
    try {
      return await exchange(method, path, {
        ...options,
        headers: { ...options.headers, Authorization: `Bearer ${token}` },
      });
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 401) throw error;
      if (again) throw new SignedOut(t`Your sign-in has ended.`);
    }
  }
}

/**
 * Saves an answer as a file. Where it comes in parts, `Link` names the next; of a table each part repeats the first line.
 * @param {string} path
 * @param {string} name
 */
export async function download(path, name) {
  const parts = [];
  for (let next = path; next; ) {
    const { data, headers } = await call('GET', next, { headers: { Accept: '*/*' } });
    parts.push(parts.length && name.endsWith('.csv') ? data.slice(data.indexOf('\n') + 1) : data);
    next = /<[^>]*?\/api\/v1([^>]*)>; rel="next"/.exec(headers.get('Link') ?? '')?.[1] ?? '';
  }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(parts));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
