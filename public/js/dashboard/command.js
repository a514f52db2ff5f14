import { commands } from './commands.js';
import { declared, objects } from './nouns.js';
import { stateName } from './words.js';
import { phrase, t } from '../language.js';

/** @typedef {import('./types.js').Command} Command */
/** @typedef {import('./types.js').View} View */
/** @typedef {import('./types.js').Frame} Frame */
/** @typedef {import('./types.js').Verdict} Verdict */

/** What is said of a command once. @param {Command} command */
const specOf = (command) => commands[/** @type {import('./commands.js').Kind} */ (command.kind)];

/** @param {Command} command */
export const nounOf = (command) => specOf(command)?.noun;

/** Whether a command makes an object of its own. @param {Command} command */
export const creates = (command) => specOf(command)?.effect === 'creates';

/** Whether it takes its object away. @param {Command} command */
export const deletes = (command) => specOf(command)?.effect === 'deletes';

/** The id of the object that a command is about. @param {Command} command @returns {string} */
export function targetOf(command) {
  const spec = specOf(command);
  if (!spec) return command.id ?? '';
  return spec.id ? (command[spec.id] ?? '') : 'page';
}

/** The object that a command is about, as the page has it. @param {Command} command @param {View|null} view @returns {any} */
export function objectOf(command, view) {
  const noun = nounOf(command);
  if (noun === 'organization') return view?.org;
  const kind = declared(noun);
  return view && kind ? objects(kind, view).find((x) => x.id === targetOf(command)) : undefined;
}

/** Every object whose change can get in a command's way. @param {Command} command @returns {Set<string>} */
export function touches(command) {
  const ids = new Set([targetOf(command)]);
  if (creates(command)) for (const s of command.services ?? []) ids.add(s.id ?? s);
  return ids;
}

/**
 * The REST call that carries a command. The same item makes the same bytes each time: a key stands for one body.
 * @param {Pick<import('./types.js').Item, 'id'|'command'|'core'|'hold'|'untold'>} item its id is what the event's message will name
 *   as its command
 * @param {string|undefined} secret the rest of the Idempotency-Key, which nobody else hears of
 */
export function toRequest({ id, command, core, hold, untold }, secret) {
  const { method, path: template, entry } = specOf(command);
  const query = hold ? '?hold=10' : untold && !entry ? '?untold=true' : '';
  const path = `${template}${query}`
    .replace(':id', encodeURIComponent(targetOf(command)))
    .replace(':update', encodeURIComponent(command[entry] ?? ''));
  const { kind, version, incident, ...body } = command;
  if (method !== 'POST') delete body.id;
  /** @type {Record<string, string>} */
  const headers = { 'Idempotency-Key': secret ? `${id}.${secret}` : id };
  if (core) headers['Status-Core'] = core;
  if (version !== undefined) headers['If-Match'] = `"${version}"`;
  return { method, path, options: { headers, body: method === 'DELETE' ? undefined : body } };
}

/** Whether what a command makes is on the page already, so that refusing it as taken says that it had arrived. @param {Command} command @param {View} view */
export function landed(command, view) {
  const object = objectOf(command, view);
  if (creates(command)) return object !== undefined;
  const [entry] = specOf(command)?.made ?? [];
  return !!entry && !!object?.updates.some((/** @type {{id: string}} */ u) => u.id === command[entry]);
}

/**
 * Words for commands that do one thing or another; of all others the table's are enough.
 * @type {Partial<Record<import('./commands.js').Kind, (command: Command, name: string) => string>>}
 */
const told = {
  edit_service(command, name) {
    if (command.status && Object.keys(command).every((k) => ['kind', 'id', 'status', 'version'].includes(k)))
      return t`Set ${name} to ${stateName(command.status)}`;
    return command.position !== undefined && command.name === undefined ? t`Move ${name}` : t`Change service “${name}”`;
  },
  update_incident: (command, name) =>
    command.status === 'resolved'
      ? t`Resolve “${name}”`
      : command.status
        ? t`Update “${name}”: ${stateName(command.status)}`
        : t`Update “${name}”`,
  edit_incident(command, name) {
    if (command.postmortem !== undefined) return t`Explain “${name}”`;
    if (command.excluded_reason !== undefined)
      return command.excluded_reason ? t`Leave “${name}” out of the uptime` : t`Count “${name}” in the uptime`;
    return t`Correct the text of “${name}”`;
  },
  edit_maintenance: (command, name) =>
    command.status ? t`Maintenance “${name}”: ${stateName(command.status)}` : t`Change maintenance “${name}”`,
  edit_page: () => t`Change the page’s settings`,
};

/** What is there no more. @type {Record<string, string>} */
const unnamed = { service: t`a service`, incident: t`an incident`, maintenance: t`a maintenance` };

/** What a command does, in words. @param {Command} command @param {View|null} view @returns {string} */
export function describe(command, view) {
  const spec = specOf(command);
  if (!spec) return command.kind;
  const typed = command.name ?? command.title;
  const name = (creates(command) && typed) || nameOf(command, view);
  return (
    told[/** @type {import('./commands.js').Kind} */ (command.kind)]?.(command, name) ??
    phrase(`${spec.does} “{0}”`, name)
  );
}

/** @param {Command} command @param {View|null} view @returns {string} */
function nameOf(command, view) {
  const noun = nounOf(command);
  if (noun === 'organization') return t`the page`;
  const object = objectOf(command, view);
  return object?.name ?? object?.title ?? command.name ?? command.title ?? unnamed[noun];
}

/** Where to look at what a command is about. @param {Command} command @returns {string} */
export function placeOf(command) {
  const kind = declared(nounOf(command));
  if (!kind) return '/dashboard/settings';
  return `/dashboard/${kind.name}${kind.alone && !deletes(command) ? `/${targetOf(command)}` : ''}`;
}
