import { say } from './say.js';
import { t } from './words.js';

/**
 * Shows at once what a frame says of a service, before the whole page is fetched, and puts the news into words.
 * @param {{type: string, data?: any}} frame
 */
export function apply({ type, data = {} }) {
  switch (type) {
    case 'service_status_update':
      return service(data);
    case 'incident_update':
      return say(`${t(data.status_display)}: ${data.title}.`);
    case 'maintenance_update':
      return data.deleted || say(`${t(`Maintenance ${data.status_display.toLowerCase()}`)}: ${data.title}.`);
  }
}

/** @param {any} data */
function service({ id, name, status, status_display }) {
  const row = document.getElementById(`s-${id}`);
  if (!row || row.dataset.state === status) return;
  row.dataset.state = status;
  const state = row.querySelector('.state');
  if (state instanceof HTMLElement) {
    state.dataset.state = status;
    state.querySelector('use')?.setAttribute('href', `#i-${status}`);
    const words = state.querySelector('span');
    if (words) words.textContent = t(status_display);
  }
  say(`${name}: ${t(status_display)}.`);
}
