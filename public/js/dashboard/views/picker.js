import { html, live } from '../../vendor/lit-html.js';
import { badge } from '../icon.js';
import { model } from '../model.js';

/** @typedef {import('../form.js').Form} Form */

/** @param {Form} form */
export function servicePicker(form) {
  const error = form.error('services');
  const chosen = /** @type {string[]} */ (form.values.services);
  return html`<fieldset class="field picker" aria-describedby="services-hint"><legend>Services</legend>
    <div class="rows">${model.view?.services.map(
      (s) =>
        html`<div class="pick ${chosen.includes(s.id) ? 'on' : ''}"><label><input type="checkbox" .checked=${live(chosen.includes(s.id))} @change=${(
          /** @type {Event} */ e,
        ) =>
          form.set(
            'services',
            /** @type {HTMLInputElement} */ (e.target).checked ? [...chosen, s.id] : chosen.filter((id) => id !== s.id),
          )} /><span class="grow">${s.name}</span></label><span class="now">${badge(s.status, s.status_display)}</span></div>`,
    )}</div>
    <p class="hint ${error ? 'bad' : ''}" id="services-hint">${error || 'They are under maintenance from start to end.'}</p>
  </fieldset>`;
}
