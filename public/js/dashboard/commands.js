// Made by go generate of shared/page/commands.go and event.go: change those.

/** @typedef {'create_service'|'edit_service'|'delete_service'|'open_incident'|'edit_incident'|'delete_incident'|'update_incident'|'correct_update'|'withdraw_update'|'plan_maintenance'|'edit_maintenance'|'delete_maintenance'|'edit_page'|'prove_host'} Kind of a command */

/**
 * @typedef {object} Spec what is said of a command once
 * @property {'service'|'incident'|'maintenance'|'organization'} noun
 * @property {string} method "" is a command that only the server itself gives
 * @property {string} path below /api/v1; :id is the object's, :update the entry's
 * @property {'creates'|'adds'|'changes'|'deletes'} effect
 * @property {string} id the member that names the object; "" is the organisation
 * @property {string} entry the member that names the entry of a timeline that it adds or corrects, or ""
 * @property {string[]} made the members with ids of what it makes
 * @property {string} does in words, before the object's name
 * @property {string} did likewise, in the audit log
 */

/** @type {Record<Kind, Spec>} */
export const commands = {
  create_service: {
    noun: 'service', method: 'POST', path: '/services/', effect: 'creates',
    id: 'id', entry: '', made: ['id'], does: 'Add service', did: 'Added the service',
  },
  edit_service: {
    noun: 'service', method: 'PATCH', path: '/services/:id/', effect: 'changes',
    id: 'id', entry: '', made: [], does: 'Change service', did: 'Changed the service',
  },
  delete_service: {
    noun: 'service', method: 'DELETE', path: '/services/:id/', effect: 'deletes',
    id: 'id', entry: '', made: [], does: 'Delete service', did: 'Deleted the service',
  },
  open_incident: {
    noun: 'incident', method: 'POST', path: '/incidents/', effect: 'creates',
    id: 'id', entry: '', made: ['id', 'update_id'], does: 'Open incident', did: 'Opened the incident',
  },
  edit_incident: {
    noun: 'incident', method: 'PATCH', path: '/incidents/:id/', effect: 'changes',
    id: 'id', entry: '', made: ['update_id'], does: 'Correct the text of', did: 'Changed the incident',
  },
  delete_incident: {
    noun: 'incident', method: 'DELETE', path: '/incidents/:id/', effect: 'deletes',
    id: 'id', entry: '', made: [], does: 'Delete incident', did: 'Deleted the incident',
  },
  update_incident: {
    noun: 'incident', method: 'POST', path: '/incidents/:id/updates/', effect: 'adds',
    id: 'incident', entry: 'id', made: ['id'], does: 'Update', did: 'Updated the incident',
  },
  correct_update: {
    noun: 'incident', method: 'PATCH', path: '/incidents/:id/updates/:update/', effect: 'changes',
    id: 'incident', entry: 'id', made: [], does: 'Correct a message of', did: 'Corrected a message of',
  },
  withdraw_update: {
    noun: 'incident', method: 'DELETE', path: '/incidents/:id/updates/:update/', effect: 'changes',
    id: 'incident', entry: 'id', made: [], does: 'Withdraw the last message of', did: 'Withdrew a message of',
  },
  plan_maintenance: {
    noun: 'maintenance', method: 'POST', path: '/maintenances/', effect: 'creates',
    id: 'id', entry: '', made: ['id'], does: 'Plan maintenance', did: 'Planned the maintenance',
  },
  edit_maintenance: {
    noun: 'maintenance', method: 'PATCH', path: '/maintenances/:id/', effect: 'changes',
    id: 'id', entry: '', made: ['update_id'], does: 'Change maintenance', did: 'Changed the maintenance',
  },
  delete_maintenance: {
    noun: 'maintenance', method: 'DELETE', path: '/maintenances/:id/', effect: 'deletes',
    id: 'id', entry: '', made: [], does: 'Delete maintenance', did: 'Deleted the maintenance',
  },
  edit_page: {
    noun: 'organization', method: 'PATCH', path: '/organization/', effect: 'changes',
    id: '', entry: '', made: [], does: 'Change the settings of', did: 'Changed the settings of',
  },
  prove_host: {
    noun: 'organization', method: '', path: '', effect: 'changes',
    id: '', entry: '', made: [], does: 'Prove the host name of', did: 'Proved the host name of',
  },
};

/** What an event did, as the end of a sentence. @type {Record<string, string>} */
export const happened = {
  service_created: 'it was created',
  service_changed: 'it was changed',
  service_deleted: 'it was deleted',
  incident_opened: 'an incident was opened',
  incident_updated: 'it was updated',
  update_withdrawn: 'its last message was withdrawn',
  incident_resolved: 'it was resolved',
  incident_edited: 'its text was changed',
  incident_explained: 'its post-mortem was published',
  incident_deleted: 'it was deleted',
  maintenance_planned: 'it was planned',
  maintenance_changed: 'it was changed',
  maintenance_moved: 'it moved on',
  maintenance_deleted: 'it was deleted',
  page_created: 'the page was created',
  page_changed: 'the page’s settings were changed',
};
