import { spoken } from '../speak.js';
import { t } from '../language.js';

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

/** The region that writes, as the last answer named it. Fly's proxy takes a write straight there instead of replaying it. */
let primary = '';

const reads = new Set(['GET', 'HEAD']);

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
        ...(primary === '' || reads.has(method) ? {} : { 'fly-prefer-region': primary }),
        ...(body === undefined ? {} : { 'Content-Type': body instanceof Blob ? body.type : 'application/json' }),
        ...headers,
      },
      body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
      cache: 'no-store',
      signal: AbortSignal.timeout(PATIENCE),
    });
    text = await answer.text();
    primary = answer.headers.get('Status-Primary') ?? primary;
  } catch {
    throw new Unreachable(t`We could not reach the server.`);
  }
  const data = parse(text, answer);
  if (answer.ok) return { status: answer.status, data, headers: answer.headers };
  if (retriable.has(answer.status)) {
    throw new Unreachable(
      data?.detail ?? t`The server cannot answer now.`,
      Number(answer.headers.get('Retry-After')) || 0,
    );
  }
  throw new Refused(
    answer.status,
    spoken({ code: 'internal', detail: t`The server answered ${answer.status}.`, ...data }),
  );
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
  throw new Unreachable(t`Something between here and the server answered in its place.`);
}
