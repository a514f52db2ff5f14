import { html } from '../../vendor/lit-html.js';
import { Form, field, notices } from '../form.js';
import { heading, mark } from './list.js';
import { mayWrite, toast } from '../model.js';

/** @typedef {import('../types.js').View} View */
/** @typedef {import('../types.js').Organization} Organization */

const labels = { name: 'Name', description: 'Description', url: 'Web site', hostname: 'Host name', time_zone: 'Time zone', accent: 'Accent colour' };
const names = /** @type {(keyof typeof labels)[]} */ (Object.keys(labels));

/** @type {Form|null} */
let form = null;

/** @param {Organization} org */
const valuesOf = (org) => Object.fromEntries(names.map((n) => [n, org[n]]));

/** @param {Organization} org @param {any} [from] a queued command to edit @param {string} [instead] */
function make(org, from, instead) {
  const next = new Form({
    key: 'edit_page',
    title: 'Settings',
    action: 'Save',
    values: { ...valuesOf(org), ...from },
    labels,
    instead,
    about: (view) => view.org,
    // Only what was changed is sent, so that two people can change two things.
    toCommand: (v, f) => ({ kind: 'edit_page', version: f.version ?? org.version, ...Object.fromEntries(names.filter((n) => v[n] !== f.spec.values[n] || from?.[n] !== undefined).map((n) => [n, v[n]])) }),
    body: () => null,
    done: () => (form = null),
  });
  next.restore();
  return next;
}

/** Leaving the view keeps what was typed, and starts from what is published the next time. */
export function leaveSettings() {
  form?.keep();
  form = null;
}

/** Edits queued settings. @param {View} view @param {any} command @param {string} instead */
export function editQueuedSettings(view, command, instead) {
  const { kind, version, ...values } = command;
  form = make(view.org, values, instead);
}

/** @param {View} view */
export function settings(view) {
  if (!mayWrite()) return html`${heading('Settings')}<dl class="facts-list">${names.map((n) => html`<div><dt>${labels[n]}</dt><dd>${view.org[n] || '–'}</dd></div>`)}</dl>`;
  // A form that nobody has touched shows what is published.
  if (!form || (!form.touched.size && !form.restored && !form.busy && form.version !== view.org.version)) form = make(view.org);
  const f = form;
  const dirty = names.some((n) => f.values[n] !== view.org[n]);
  const submit = (/** @type {Event} */ e) => {
    e.preventDefault();
    if (dirty) f.submit();
    else toast('There is nothing to save.');
  };
  return html`${heading('Settings', '', html`<p class="faint">How your organisation appears to visitors. ${mark('page')}</p>`)}
    <form class="form inline" novalidate @submit=${submit}>
      ${notices(f)}
      ${field(f, { name: 'name', label: labels.name, max: 200 })}
      ${field(f, { name: 'description', label: labels.description, rows: 3, max: 20000, optional: true, hint: 'A sentence under the name.' })}
      ${field(f, { name: 'url', label: labels.url, type: 'url', optional: true, placeholder: 'https://example.com' })}
      ${field(f, { name: 'hostname', label: labels.hostname, optional: true, placeholder: 'status.example.com', hint: 'Point it at this server, and your page is there too.' })}
      <div class="pair">
        ${field(f, { name: 'time_zone', label: labels.time_zone, list: 'zones', hint: 'For days and mails; visitors see their own.' })}
        <div class="swatch">${field(f, { name: 'accent', label: labels.accent, optional: true, placeholder: '#0a66c2', hint: 'Buttons and links.' })}
          <input type="color" aria-label="Pick the accent colour" .value=${/^#[0-9a-f]{6}$/i.test(f.values.accent) ? f.values.accent : '#4250af'} @input=${(/** @type {Event} */ e) => f.set('accent', /** @type {HTMLInputElement} */ (e.target).value)} /></div>
      </div>
      <datalist id="zones">${Intl.supportedValuesOf('timeZone').map((z) => html`<option value=${z}></option>`)}</datalist>
      <footer><button type="submit" class="button primary" ?disabled=${f.busy}>Save</button>
        ${dirty ? html`<button type="button" class="button" @click=${() => f.discard()}>Undo</button><span class="faint">Not saved yet; kept as a draft.</span>` : ''}</footer>
    </form>`;
}
