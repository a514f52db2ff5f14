import { commands, happened } from './commands.js';
import { count, phrase, t } from '../language.js';

// The words of CONTRACT 2, for places that have a state and no object beside it.

/** @type {Record<string, string>} */
const names = {
  operational: t`Operational`,
  degraded_performance: t`Degraded Performance`,
  partial_outage: t`Partial Outage`,
  major_outage: t`Major Outage`,
  under_maintenance: t`Under Maintenance`,
  investigating: t`Investigating`,
  identified: t`Identified`,
  monitoring: t`Monitoring`,
  resolved: t`Resolved`,
  scheduled: t`Scheduled`,
  in_progress: t`In Progress`,
  verifying: t`Verifying`,
  completed: t`Completed`,
  cancelled: t`Cancelled`,
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
export const impactTone = (impact) => (impact === 'none' ? 'quiet' : (tones[impact] ?? 'quiet'));

/** @param {string} action */
export const deed = (action) =>
  phrase(commands[/** @type {import('./commands.js').Kind} */ (action)]?.did ?? sentence(action));

/** A name of ours, such as revoke_api_key, as the beginning of a sentence. @param {string} name */
export const sentence = (name) => (name.charAt(0).toUpperCase() + name.slice(1)).replaceAll('_', ' ');

/** @param {import('./types.js').Frame} frame */
export function tellEvent(frame) {
  const name = frame.data?.title ?? frame.data?.name ?? '';
  const state =
    frame.data?.status && frame.event !== 'incident_deleted' && frame.event !== 'service_deleted'
      ? ` (${t`now ${stateName(frame.data.status)}`})`
      : '';
  return `${name ? `“${name}”: ` : ''}${phrase(happened[frame.event] ?? 'it was changed')}${state}`;
}

export { count };

/** What a new password must be, said before it is typed: auth.PasswordRule of the server. */
export const passwordRule = t`At least 10 characters. A few words are better than a few signs.`;
