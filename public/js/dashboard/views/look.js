import { choose, field, tick } from '../form.js';
import { html, nothing } from '../../vendor/lit-html.js';
import { call } from '../request.js';
import { icon } from '../icon.js';
import { looks } from '../setting.js';
import { toast } from '../model.js';
import { t } from '../../language.js';

/** @typedef {import('../form.js').Form} Form */
/** @typedef {import('../types.js').Organization} Organization */

/** @type {[string, string][]} */
const shapes = [
  ['plain', t`Plain`],
  ['soft', t`Soft`],
  ['lines', t`Lines`],
  ['print', t`Print`],
];

/** @type {[string, string][]} */
const densities = [
  ['comfortable', t`Comfortable`],
  ['compact', t`Compact`],
];

/** Links as they are typed: one a line, the name, the address and the place. @param {Organization} org */
export const linkLines = (org) => (org.links ?? []).map((l) => `${l.name} ${l.url} ${l.place}`).join('\n');

/** @param {string} text */
export const linksOf = (text) =>
  text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((parts) => parts[0])
    .map((parts) => {
      const place = parts.at(-1) === 'head' || parts.at(-1) === 'foot' ? /** @type {string} */ (parts.pop()) : 'foot';
      const url = parts.pop() ?? '';
      return { name: parts.join(' '), url, place };
    });

/** How the page looks. @param {Form} f @param {Organization} org */
export function look(f, org) {
  return html`<div class="pair">${choose(f, { name: 'look', label: looks.look, options: shapes })}
      ${choose(f, {
        name: 'theme',
        label: looks.theme,
        options: [
          ['auto', t`As each visitor has it`],
          ['light', t`Light`],
          ['dark', t`Dark`],
        ],
      })}</div>
    ${choose(f, { name: 'density', label: looks.density, options: densities })}
    ${picture(org, 'logo_dark', 'logo-dark', t`Logo on dark grounds`, t`Where it is empty, the logo stands there, too.`)}
    ${picture(org, 'favicon', 'favicon', t`Picture in browser tabs`, t`Where it is empty, the symbol of the state stands there.`)}
    ${field(f, { name: 'header_text', label: looks.header_text, max: 500, optional: true })}
    ${field(f, { name: 'links', label: t`Links`, rows: 3, optional: true, placeholder: t`Our shop https://shop.example foot`, hint: t`One a line: its name, its address, and head or foot.` })}
    ${field(f, { name: 'custom_css', label: looks.custom_css, rows: 5, max: 20000, optional: true, hint: t`Served on your own host name alone. Colours, fonts, borders and room; it loads nothing and reaches no control.` })}
    ${tick(f, 'indexing', t`Search engines may show the page`)}
    ${choose(f, {
      name: 'reports',
      label: looks.reports,
      options: [
        ['private', t`Taken; only the team sees how many`],
        ['shown', t`Taken; who reports sees how many did in the last hour`],
        ['off', t`Not taken`],
      ],
    })}`;
}

/** @param {Organization} org @param {'logo_dark'|'favicon'} name @param {string} path @param {string} label @param {string} hint */
function picture(org, name, path, label, hint) {
  return html`<div class="field"><span class="label">${label}</span>
    <div class="row">${org[name] ? html`<img class="face" src="/status/${org.slug}/logo/${org[name]}" alt="" />` : nothing}
      <label class="button small file">${icon('up')}${t`Choose a picture`}<input class="sr" type="file" accept="image/png,image/jpeg" aria-label=${label} @change=${(
        /** @type {Event} */ e,
      ) => {
        const input = /** @type {HTMLInputElement} */ (e.target);
        if (input.files?.[0]) send('PUT', path, input.files[0]);
        input.value = '';
      }} /></label>
      ${org[name] ? html`<button type="button" class="button small" @click=${() => send('DELETE', path)}>${icon('close')}${t`Take it off`}</button>` : nothing}</div>
    <p class="hint">${t`${hint} PNG or JPEG, up to 128 KB.`}</p></div>`;
}

/** @param {string} method @param {string} path @param {File} [body] */
async function send(method, path, body) {
  try {
    await call(method, `/organization/${path}/`, { body });
    toast(t`The page shows it so now.`, 'good');
  } catch (error) {
    toast(/** @type {Error} */ (error).message, 'bad');
  }
}
