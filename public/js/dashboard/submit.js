import * as database from './database.js';
import * as outbox from './outbox.js';
import * as page from './page.js';
import * as rules from './rules.js';
import * as session from './session.js';
import { changed, mark, model, toast, unmark } from './model.js';
import { describe, landed } from './command.js';
import { touchedBy } from './rebase.js';
import { uuid7 } from './id.js';
import { t } from '../language.js';

/** @typedef {import('./types.js').Command} Command */
/** @typedef {import('./types.js').Identity} Identity */
/** @typedef {import('./types.js').Item} Item */
/** @typedef {import('./types.js').Problem} Problem */

// A command on its way in, and what became of it.

/** Whether a command puts words before people. @param {Command} command */
export const publishes = ({ kind, resolved_at }) =>
  !resolved_at && ['open_incident', 'update_incident', 'plan_maintenance'].includes(kind);

/** @type {(item: Item, sent: boolean) => boolean} */
let offer = () => false;

/** @param {typeof offer} how what was sent, or is kept to be sent, is offered to be undone; false where it is not */
export const undoBy = (how) => (offer = how);

/** Items that were confirmed: by their message or by their answer, whichever came first. */
const confirmed = new Set();

/** @param {Item} item */
export function confirm(item) {
  if (confirmed.has(item.id)) return;
  confirmed.add(item.id);
  const ids = touchedBy(item);
  mark(ids, 'sent');
  setTimeout(() => {
    unmark(ids, 'sent');
    changed();
  }, 3000);
  settle(item.id, { done: true });
  if (!offer(item, true)) toast(t`Done: ${item.title}.`, 'good');
}

/** @param {Item} item */
export async function refusedByServer(item) {
  const taken =
    item.attempts > 0 &&
    item.problem?.code === 'conflict' &&
    item.problem.errors?.some((e) => e.field === 'id' || e.field === 'update_id');
  if (taken && model.view && landed(item.command, model.view)) {
    await outbox.take(item.id);
    confirm(item);
    return;
  }
  if (!settle(item.id, { problem: item.problem })) {
    toast(t`Refused: ${item.title}. ${item.problem?.detail ?? ''}`, 'bad', {
      href: '/dashboard/queue',
      link: t`Look at it`,
    });
  }
  outbox.refresh();
}

/** Forms that wait for what the server says, by item. @type {Map<string, (outcome: {done?: boolean, problem?: Problem}) => void>} */
const awaited = new Map();

/** @param {string} id @param {{done?: boolean, problem?: Problem}} outcome */
function settle(id, outcome) {
  const tellForm = awaited.get(id);
  awaited.delete(id);
  tellForm?.(outcome);
  return tellForm !== undefined && outcome.problem !== undefined;
}

/**
 * Decides a command here and queues it; where it cannot be decided here, the server's answer is awaited.
 * @param {Command} command
 * @param {{remote?: boolean, instead?: string, draft?: string, undoes?: string}} [how] instead names a queued item that this one
 *   replaces, draft the text that becomes the command, undoes what it takes back, in words
 * @returns {Promise<{problem?: Problem, unchanged?: boolean}>}
 */
export async function submit(command, { remote = false, instead, draft, undoes } = {}) {
  const at = new Date().toISOString();
  const here = rules.ready() && !remote && !instead;
  if (here) {
    const verdict = rules.decide(command, at);
    if (verdict.error) return { problem: verdict.error };
    if (verdict.events?.length === 0) {
      if (draft) await database.remove('drafts', draft);
      return { unchanged: true };
    }
  }
  const title = undoes ? t`Undo: ${undoes}` : describe(command, model.view);
  const next = {
    id: uuid7(),
    secret: uuid7(),
    command,
    at,
    core: remote ? '' : rules.coreVersion(),
    seq: page.base.seq,
    title,
  };
  if (instead) {
    await outbox.replace(instead, next);
    return {};
  }
  const identity = /** @type {Identity} */ (model.identity);
  const outcome = here ? null : new Promise((resolve) => awaited.set(next.id, resolve));
  /** @type {Item} */
  const item = {
    ...next,
    owner: session.owner(identity),
    state: 'waiting',
    attempts: 0,
    failures: 0,
    remote: remote || undefined,
    hold: (publishes(command) && command.notify !== false) || undefined,
    untold: undoes !== undefined || undefined,
  };
  await outbox.add(item, draft);
  if (model.link !== 'live') {
    if (!model.expired) offer(item, false);
    toast(
      model.expired
        ? t`Kept here. It will be sent when you have signed in again.`
        : t`We could not reach the server. Your change is kept here and will be sent.`,
      'calm',
      { href: '/dashboard/queue', link: t`Show what waits` },
    );
    return {};
  }
  if (!outcome) return {};
  const said = await Promise.race([outcome, new Promise((resolve) => setTimeout(() => resolve({}), 10_000))]);
  // A form that is still open keeps the text itself.
  if (said.problem) await outbox.take(next.id);
  awaited.delete(next.id);
  return said;
}
