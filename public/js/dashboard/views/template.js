import { html, live, nothing, repeat } from '../../vendor/lit-html.js';
import * as database from '../database.js';
import { blanksOf, fill, lay } from '../blank.js';
import { changed, model } from '../model.js';
import { call } from '../request.js';
import { t } from '../../language.js';

/** @typedef {import('../form.js').Form} Form */

/**
 * @typedef {object} Template
 * @property {string} id
 * @property {string} name
 * @property {string} title
 * @property {string} body
 * @property {string} status of the update that it is for; "" is any
 * @property {{id: string, to_state?: string}[]} services that are suggested
 * @property {number} version
 */

/** All of them, kept in the browser so that they are there in a tunnel, too. @type {Template[]} */
let known = [];
let asked = 0;
let restored = false;

const keyOf = () => `templates ${model.identity?.organization?.id}`;

/** Asks for the templates once in a while, before a form needs them: one that grows under the hand is a nuisance. */
export async function learnTemplates() {
  if (!model.identity?.organization || Date.now() - asked < 60_000) return;
  if (!restored) {
    restored = true;
    known = (await database.get('session', keyOf()).catch(() => undefined))?.results ?? [];
  }
  if (model.link !== 'live') return;
  asked = Date.now();
  try {
    const { data } = await call('GET', '/templates/?page_size=100');
    known = data.results;
    await database.put('session', { key: keyOf(), results: known });
    changed();
  } catch {
    // The kept ones serve.
  }
}

/** They have changed, and are asked for again. */
export const forgetTemplates = () => {
  asked = 0;
};

/** @returns {[string, string][]} */
export const templateOptions = () => known.map((t) => [t.id, t.name]);

/** The choice of a template, and the blanks that it leaves. @param {Form} form */
export function fromTemplate(form) {
  const opening = 'title' in form.values;
  const fitting = known.filter((t) => !t.status || t.status === (opening ? 'investigating' : form.values.status));
  const blanks = blanksOf(form);
  if (!fitting.length && !blanks.length) return nothing;
  const apply = (/** @type {Event} */ e) => {
    const template = known.find((t) => t.id === /** @type {HTMLSelectElement} */ (e.target).value);
    if (template) use(form, template, opening);
  };
  return html`${
    fitting.length
      ? html`<div class="field"><label for="f-template">${t`Template`}</label><select id="f-template" @change=${apply}><option value="">${t`None`}</option>${fitting.map((t) => html`<option value=${t.id} .selected=${live(form.values.template === t.id)}>${t.name}</option>`)}</select></div>`
      : nothing
  }
    ${
      blanks.length
        ? html`<fieldset class="field"><legend>${t`Fill in`}</legend><div class="blanks">${repeat(
            blanks,
            (b) => b,
            (b) => blankField(form, b),
          )}</div></fieldset>`
        : nothing
    }`;
}

/** @param {Form} form @param {string} name */
function blankField(form, name) {
  const value = form.values.blanks?.[name] ?? '';
  return html`<input aria-label=${name} placeholder=${name} autocomplete="off" maxlength="200" aria-invalid=${form.tried && !value ? 'true' : 'false'} .value=${live(value)}
    @input=${(/** @type {Event} */ e) => fill(form, name, /** @type {HTMLInputElement} */ (e.target).value)}
    @keydown=${(/** @type {KeyboardEvent} */ e) => e.key === 'Enter' && !e.ctrlKey && !e.metaKey && e.preventDefault()} />`;
}

/** @param {Form} form @param {Template} template @param {boolean} opening */
function use(form, template, opening) {
  form.set('template', template.id);
  if (!opening) return lay(form, 'body', template.body);
  if (template.title) lay(form, 'title', template.title);
  lay(form, 'description', template.body);
  const states = { ...form.values.states };
  for (const { id, to_state } of template.services) {
    const next = model.view?.services.find((s) => s.id === id)?.next_by_incident ?? [];
    if (!states[id] && next.length) states[id] = to_state && next.includes(to_state) ? to_state : next[0];
  }
  form.set('states', states);
}
