import { nouns } from './nouns.js';

/** @typedef {{name: string, label: string, icon: string, admin?: boolean}} Entry */

/** The menu. @returns {Entry[]} */
export const entries = () => [
  { name: 'overview', label: 'Overview', icon: 'overview' },
  ...nouns.map(({ name, label }) => ({ name, label, icon: name })),
  { name: 'monitors', label: 'Monitors', icon: 'monitors' },
  { name: 'drafts', label: 'Drafts', icon: 'edit' },
  { name: 'templates', label: 'Templates', icon: 'template', admin: true },
  { name: 'subscribers', label: 'Subscribers', icon: 'subscribers' },
  { name: 'team', label: 'Team', icon: 'team' },
  { name: 'keys', label: 'API keys', icon: 'keys', admin: true },
  { name: 'audit', label: 'Audit log', icon: 'audit' },
  { name: 'settings', label: 'Settings', icon: 'settings' },
];

/** Where an entry leads. @param {string} name */
export const hrefOf = (name) => (name === 'overview' ? '/dashboard' : `/dashboard/${name}`);
