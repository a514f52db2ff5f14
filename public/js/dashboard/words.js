// The words of CONTRACT.md, section 2, for places that have a state and no object beside it.

/** @type {Record<string, string>} */
const names = {
  operational: 'Operational',
  degraded_performance: 'Degraded Performance',
  partial_outage: 'Partial Outage',
  major_outage: 'Major Outage',
  under_maintenance: 'Under Maintenance',
  investigating: 'Investigating',
  identified: 'Identified',
  monitoring: 'Monitoring',
  resolved: 'Resolved',
  scheduled: 'Scheduled',
  in_progress: 'In Progress',
  verifying: 'Verifying',
  completed: 'Completed',
  cancelled: 'Cancelled',
};

/** @param {string} state */
export const stateName = (state) => names[state] ?? state;

/** The colour that stands for a state; never alone. @type {Record<string, string>} */
const tones = {
  operational: 'operational',
  degraded_performance: 'degraded',
  partial_outage: 'partial',
  major_outage: 'major',
  under_maintenance: 'maintenance',
  investigating: 'quiet',
  identified: 'quiet',
  monitoring: 'quiet',
  resolved: 'operational',
  scheduled: 'quiet',
  in_progress: 'maintenance',
  verifying: 'maintenance',
  completed: 'operational',
  cancelled: 'quiet',
  none: 'operational',
  minor: 'degraded',
  major: 'partial',
  critical: 'major',
  maintenance: 'maintenance',
};

/** @param {string} state */
export const toneOf = (state) => tones[state] ?? 'quiet';

/** The colour of an incident: what it does to visitors. @param {string} impact */
export const impactTone = (impact) => (impact === 'none' ? 'quiet' : tones[impact] ?? 'quiet');

/** What an event did, as the end of a sentence. @type {Record<string, string>} */
const happened = {
  page_changed: 'the page’s settings were changed',
  service_created: 'it was created',
  service_changed: 'it was changed',
  service_deleted: 'it was deleted',
  incident_opened: 'an incident was opened',
  incident_updated: 'it was updated',
  incident_resolved: 'it was resolved',
  incident_edited: 'its text was changed',
  incident_deleted: 'it was deleted',
  maintenance_planned: 'it was planned',
  maintenance_changed: 'it was changed',
  maintenance_moved: 'it moved on',
  maintenance_deleted: 'it was deleted',
};

/** @param {import('./types.js').Frame} frame */
export function tellEvent(frame) {
  const name = frame.data?.title ?? frame.data?.name ?? '';
  const state = frame.data?.status && frame.event !== 'incident_deleted' && frame.event !== 'service_deleted' ? ` (now ${stateName(frame.data.status)})` : '';
  return `${name ? `“${name}”: ` : ''}${happened[frame.event] ?? 'it was changed'}${state}`;
}

/** @param {number} n @param {string} one @param {string} [many] */
export const count = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;
