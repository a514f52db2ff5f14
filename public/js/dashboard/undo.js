import * as outbox from './outbox.js';
import { changed, model, say, set, toast } from './model.js';
import { go } from './router.js';
import { openIncident, openUpdate } from './views/incident_form.js';
import { publishes, submit, undoBy } from './submit.js';
import { planMaintenance } from './views/maintenance.js';
import { t } from '../language.js';

/** @typedef {import('./types.js').Command} Command */
/** @typedef {import('./types.js').Item} Item */

// What was just published can be taken back for as long as the server holds what subscribers would hear of it.

/** As long as `hold` in the request. */
const OFFERED = 10_000;

let timer = 0;

function withdraw() {
  clearTimeout(timer);
  set({ undo: null });
  changed();
}

/** Offers to take an item back. @param {Item} item @param {boolean} sent */
function offer(item, sent) {
  if (!publishes(item.command)) return false;
  clearTimeout(timer);
  const told = item.hold ? t`Subscribers are told in 10 seconds.` : t`No subscriber is told.`;
  const text = sent ? t`Done: ${item.title}. ${told}` : t`Kept here, and sent later: ${item.title}.`;
  set({ undo: { text, run: () => void undo(item) } });
  say(t`${text} The key Z undoes it.`);
  timer = setTimeout(withdraw, OFFERED);
  return true;
}

undoBy(offer);

/** @param {Item} item */
async function undo(item) {
  withdraw();
  const { command } = item;
  const waits = model.queue.find((i) => i.id === item.id);
  if (waits?.state === 'waiting' && !waits.attempts) {
    await outbox.take(item.id);
    outbox.refresh();
  } else {
    const about = model.view?.incidents.find((i) => i.id === (command.incident ?? command.id));
    const answer = await submit(inverse(command), { remote: true, undoes: item.title });
    if (answer.problem) return toast(t`It could not be undone. ${answer.problem.detail}`, 'bad');
    await gone(command);
    if (command.kind === 'open_incident') await putBack(about?.services ?? []);
  }
  again(command);
}

/** @param {Command} command @returns {Command} */
function inverse(command) {
  if (command.kind === 'update_incident')
    return { kind: 'withdraw_update', incident: command.incident, id: command.id };
  const list = command.kind === 'open_incident' ? model.view?.incidents : model.view?.maintenances;
  const { version } = list?.find((x) => x.id === command.id) ?? {};
  const kind = command.kind === 'open_incident' ? 'delete_incident' : 'delete_maintenance';
  return { kind, id: command.id, ...(version ? { version } : {}) };
}

/** Waits a moment until the page shows it no more. @param {Command} command */
async function gone(command) {
  const shows = () =>
    command.kind === 'update_incident'
      ? model.view?.incidents.some((i) => i.updates.some((u) => u.id === command.id))
      : [...(model.view?.incidents ?? []), ...(model.view?.maintenances ?? [])].some((x) => x.id === command.id);
  for (let n = 0; n < 40 && shows(); n++) await new Promise((later) => setTimeout(later, 50));
}

/**
 * Services that somebody had set by hand are set so again: a deleted incident leaves them operational.
 * @param {import('./types.js').Affected[]} services
 */
async function putBack(services) {
  for (const { id, from_state } of services) {
    const now = model.view?.services.find((s) => s.id === id);
    if (from_state !== 'operational' && now?.status === 'operational')
      await submit({ kind: 'edit_service', id, status: from_state });
  }
}

/** Offers the words again: nothing that was typed is lost. @param {Command} command */
function again({ id, update_id, resolution_id, ...from }) {
  if (from.kind === 'update_incident') {
    const incident = model.view?.incidents.find((i) => i.id === from.incident);
    if (incident) openUpdate(incident, { from, status: from.status, fresh: true });
    return;
  }
  const opens = from.kind === 'open_incident';
  go(opens ? '/dashboard/incidents' : '/dashboard/maintenance');
  if (opens) openIncident({ from, fresh: true });
  else planMaintenance({ from, fresh: true });
}
