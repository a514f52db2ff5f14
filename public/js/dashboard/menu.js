import { nouns } from './nouns.js';
import { t } from '../language.js';

/** @typedef {{name: string, label: string, icon: string, admin?: boolean}} Entry */

/** The menu. @returns {Entry[]} */
export const entries = () => [
  { name: 'overview', label: t`Overview`, icon: 'overview' },
  ...nouns.map(({ name, label }) => ({ name, label, icon: name })),
  { name: 'monitors', label: t`Monitors`, icon: 'monitors' },
  { name: 'drafts', label: t`Drafts`, icon: 'edit' },
  { name: 'templates', label: t`Templates`, icon: 'template', admin: true },
  { name: 'subscribers', label: t`Subscribers`, icon: 'subscribers' },
  { name: 'team', label: t`Team`, icon: 'team' },
  { name: 'keys', label: t`API keys`, icon: 'keys', admin: true },
  { name: 'audit', label: t`Audit log`, icon: 'audit' },
  { name: 'settings', label: t`Settings`, icon: 'settings' },
];

/** Where an entry leads. @param {string} name */
export const hrefOf = (name) => (name === 'overview' ? '/dashboard' : `/dashboard/${name}`);
