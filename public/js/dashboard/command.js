import { stateName } from './words.js';

/** @typedef {import('./types.js').Command} Command */
/** @typedef {import('./types.js').View} View */
/** @typedef {import('./types.js').Frame} Frame */
/** @typedef {import('./types.js').Verdict} Verdict */

/** Which object of the page a command is about. @type {Record<string, 'service'|'incident'|'maintenance'|'org'>} */
const nouns = {
  create_service: 'service',
  edit_service: 'service',
  delete_service: 'service',
  open_incident: 'incident',
  edit_incident: 'incident',
  update_incident: 'incident',
  correct_update: 'incident',
  delete_incident: 'incident',
  plan_maintenance: 'maintenance',
  edit_maintenance: 'maintenance',
  delete_maintenance: 'maintenance',
  edit_page: 'org',
};

/** Method and path, of the object's id and the command's own. @type {Record<string, (id: string, own: string) => [string, string]>} */
const routes = {
  create_service: () => ['POST', '/services/'],
  edit_service: (id) => ['PATCH', `/services/${id}/`],
  delete_service: (id) => ['DELETE', `/services/${id}/`],
  open_incident: () => ['POST', '/incidents/'],
  edit_incident: (id) => ['PATCH', `/incidents/${id}/`],
  update_incident: (id) => ['POST', `/incidents/${id}/updates/`],
  correct_update: (id, own) => ['PATCH', `/incidents/${id}/updates/${own}/`],
  delete_incident: (id) => ['DELETE', `/incidents/${id}/`],
  plan_maintenance: () => ['POST', '/maintenances/'],
  edit_maintenance: (id) => ['PATCH', `/maintenances/${id}/`],
  delete_maintenance: (id) => ['DELETE', `/maintenances/${id}/`],
  edit_page: () => ['PATCH', '/organization/'],
};

/** @param {Command} command */
export const nounOf = (command) => nouns[command.kind];

/** The id of the object that a command is about. @param {Command} command @returns {string} */
export const targetOf = (command) => (command.kind === 'update_incident' || command.kind === 'correct_update' ? command.incident : command.kind === 'edit_page' ? 'page' : command.id) ?? '';

/** Every object whose change can get in a command's way. @param {Command} command @returns {Set<string>} */
export function touches(command) {
  const ids = new Set([targetOf(command)]);
  if (command.kind === 'open_incident') for (const s of command.services ?? []) ids.add(s.id);
  if (command.kind === 'plan_maintenance') for (const id of command.services ?? []) ids.add(id);
  return ids;
}

/**
 * The REST call that carries a command. The same item makes the same bytes each time: a key stands for one body.
 * @param {string} id the Idempotency-Key
 * @param {Command} command
 */
export function toRequest(id, command) {
  const [method, path] = routes[command.kind](encodeURIComponent(targetOf(command)), encodeURIComponent(command.id ?? ''));
  const { kind, version, incident, ...body } = command;
  if (method !== 'POST') delete body.id;
  /** @type {Record<string, string>} */
  const headers = { 'Idempotency-Key': id };
  if (version !== undefined) headers['If-Match'] = `"${version}"`;
  return { method, path, options: { headers, body: method === 'DELETE' ? undefined : body } };
}

/** Whether what a command makes is on the page already, so that refusing it as taken says that it had arrived. @param {Command} command @param {View} view */
export function landed(command, view) {
  switch (command.kind) {
    case 'create_service':
      return view.services.some((s) => s.id === command.id);
    case 'open_incident':
      return view.incidents.some((i) => i.id === command.id);
    case 'plan_maintenance':
      return view.maintenances.some((m) => m.id === command.id);
    case 'update_incident':
      return view.incidents.some((i) => i.id === command.incident && i.updates.some((u) => u.id === command.id));
    case 'edit_maintenance':
      return view.maintenances.some((m) => m.id === command.id && m.updates.some((u) => u.id === command.update_id));
  }
  return false;
}

/** What a command does, in words. @param {Command} command @param {View|null} view @returns {string} */
export function describe(command, view) {
  const name = () => nameOf(command, view);
  switch (command.kind) {
    case 'create_service':
      return `Add service “${command.name}”`;
    case 'edit_service':
      if (command.status && Object.keys(command).every((k) => ['kind', 'id', 'status', 'version'].includes(k))) return `Set ${name()} to ${stateName(command.status)}`;
      return command.position !== undefined && command.name === undefined ? `Move ${name()}` : `Change service “${name()}”`;
    case 'delete_service':
      return `Delete service “${name()}”`;
    case 'open_incident':
      return `Open incident “${command.title}”`;
    case 'update_incident':
      return command.status === 'resolved' ? `Resolve “${name()}”` : `Update “${name()}”${command.status ? `: ${stateName(command.status)}` : ''}`;
    case 'correct_update':
      return `Correct a message of “${name()}”`;
    case 'edit_incident':
      if (command.postmortem !== undefined) return `Explain “${name()}”`;
      if (command.excluded_reason !== undefined) return command.excluded_reason ? `Leave “${name()}” out of the uptime` : `Count “${name()}” in the uptime`;
      return `Correct the text of “${name()}”`;
    case 'delete_incident':
      return `Delete incident “${name()}”`;
    case 'plan_maintenance':
      return `Plan maintenance “${command.title}”`;
    case 'edit_maintenance':
      return command.status ? `Maintenance “${name()}”: ${stateName(command.status)}` : `Change maintenance “${name()}”`;
    case 'delete_maintenance':
      return `Delete maintenance “${name()}”`;
    case 'edit_page':
      return 'Change the page’s settings';
  }
  return command.kind;
}

/** @param {Command} command @param {View|null} view @returns {string} */
function nameOf(command, view) {
  const id = targetOf(command);
  switch (nounOf(command)) {
    case 'service':
      return view?.services.find((s) => s.id === id)?.name ?? command.name ?? 'a service';
    case 'incident':
      return view?.incidents.find((i) => i.id === id)?.title ?? command.title ?? 'an incident';
    case 'maintenance':
      return view?.maintenances.find((m) => m.id === id)?.title ?? command.title ?? 'a maintenance';
  }
  return 'the page';
}

/** Where to look at what a command is about. @param {Command} command @returns {string} */
export function placeOf(command) {
  switch (nounOf(command)) {
    case 'service':
      return '/dashboard/services';
    case 'incident':
      return command.kind === 'delete_incident' ? '/dashboard/incidents' : `/dashboard/incidents/${targetOf(command)}`;
    case 'maintenance':
      return command.kind === 'delete_maintenance' ? '/dashboard/maintenance' : `/dashboard/maintenance/${targetOf(command)}`;
  }
  return '/dashboard/settings';
}
