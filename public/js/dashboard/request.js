import * as session from './session.js';

/** @typedef {import('./types.js').Problem} Problem */

/** The server did not answer, or something on the way did in its place. */
export class Unreachable extends Error {
  /** @param {string} message @param {number} [retryAfter] seconds, when the server asked for them */
  constructor(message, retryAfter = 0) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

/** The sign-in has ended: nothing can be sent until the person signs in again. */
export class SignedOut extends Error {}

/** The server refused, and says why. */
export class Refused extends Error {
  /** @param {number} status @param {Problem} problem */
  constructor(status, problem) {
    super(problem.detail);
    this.status = status;
    this.problem = problem;
  }
}

/** Longer than a slow network takes, shorter than a person's patience. */
const PATIENCE = 20_000;

/**
 * One exchange with the server, without any sign-in. A body that is a file is sent as it is. It throws Unreachable or Refused.
 * @param {string} method
 * @param {string} path
 * @param {{body?: any, headers?: Record<string, string>}} [options]
 * @returns {Promise<{status: number, data: any, headers: Headers}>}
 */
export async function exchange(method, path, { body, headers = {} } = {}) {
  /** @type {Response} */
  let answer;
  let text;
  try {
    answer = await fetch(`/api/v1${path}`, {
      method,
      headers: {
        Accept: 'application/json',
        'X-Requested-With': 'statuspage',
        ...(body === undefined ? {} : { 'Content-Type': body instanceof Blob ? body.type : 'application/json' }),
        ...headers,
      },
      body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
      cache: 'no-store',
      signal: AbortSignal.timeout(PATIENCE),
    });
    text = await answer.text();
  } catch {
    throw new Unreachable('We could not reach the server.');
  }
  const data = parse(text, answer);
  if (answer.ok) return { status: answer.status, data, headers: answer.headers };
  if (retriable.has(answer.status)) {
    throw new Unreachable(data?.detail ?? 'The server cannot answer now.', Number(answer.headers.get('Retry-After')) || 0);
  }
  throw new Refused(answer.status, { code: 'internal', detail: `The server answered ${answer.status}.`, ...data });
}

/** Statuses that say nothing about the request itself: the same one may succeed later. */
const retriable = new Set([408, 425, 429, 502, 503, 504]);

/** @param {string} text @param {Response} answer */
function parse(text, answer) {
  if (text === '' && answer.status !== 200) return null;
  const type = answer.headers.get('Content-Type') ?? '';
  try {
    if (/^text\/csv|^application\/jsonl/.test(type)) return text;
    if (/json/.test(type)) return JSON.parse(text);
  } catch {
    // Cut short on the way: as good as no answer.
  }
  // A page of a captive portal or a proxy is no answer of ours, whatever its status.
  throw new Unreachable('Something between here and the server answered in its place.');
}

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
      return await exchange(method, path, { ...options, headers: { ...options.headers, Authorization: `Bearer ${token}` } });
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 401) throw error;
      if (again) throw new SignedOut('Your sign-in has ended.');
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
