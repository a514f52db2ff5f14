import { html, live, nothing } from '../../vendor/lit-html.js';
import { field } from '../form.js';
import { model } from '../model.js';
import { language as spoken, t } from '../../language.js';

/** @typedef {import('../form.js').Form} Form */
/** @typedef {{name: string, label: string, max: number, rows?: number}} Text a text that may be said in other languages */

/** @type {Text} */ export const title = { name: 'title', label: t`Title`, max: 200 };
/** @type {Text} */ export const description = { name: 'description', label: t`Message`, max: 20000, rows: 4 };
/** @type {Text} */ export const message = { name: 'body', label: t`Message`, max: 20000, rows: 4 };

/** Every language that pages speak (shared/status, Languages). */
const all = 'en de fr es pt-BR it nl sv pl cs uk tr ja ko zh-Hans ar he'.split(' ');

/** What a language calls itself. @param {string} tag */
const nameOf = (tag) => new Intl.DisplayNames([tag], { type: 'language' }).of(tag) ?? tag;

/** The values of a form that begins with some translations. @param {any[]|undefined} list @param {Text[]} texts */
export const told = (list, texts) => ({
  told: (list ?? []).filter((said) => texts.some((x) => said[x.name])).map((said) => said.language),
  ...Object.fromEntries(
    (list ?? []).flatMap((said) => texts.map((x) => [`${x.name}.${said.language}`, said[x.name] ?? ''])),
  ),
});

/** The translations that a form says, beside other texts of an object's own. @param {Record<string, any>} v @param {Text[]} texts @param {any[]} [own] */
export const translations = (v, texts, own = []) =>
  [...new Set([...own.map((said) => said.language), ...v.told])].map((language) => ({
    ...own.find((said) => said.language === language),
    language,
    ...Object.fromEntries(texts.map((x) => [x.name, (v.told.includes(language) && v[`${x.name}.${language}`]) || ''])),
  }));

/** The member of a command, where there is something to say of it. @param {string} member @param {Record<string, any>} v @param {Text[]} texts @param {any[]} [own] */
export const saying = (member, v, texts, own = []) =>
  v.told.length || own.length ? { [member]: translations(v, texts, own) } : {};

/**
 * The part of a form for other languages.
 * @param {Form} form
 * @param {Text[]} texts
 * @param {{member?: string, original?: string}} [of] the command's member, and the language of the original
 */
export function inOtherLanguages(form, texts, { member = 'translations', original } = {}) {
  const org = model.view?.org;
  const own = original || org?.language || 'en';
  /** @type {string[]} */ const chosen = form.values.told;
  const left = (org?.languages?.length ? org.languages : all).filter((tag) => tag !== own && !chosen.includes(tag));
  const error = form.error(member);
  return html`<details class="more" ?open=${chosen.length > 0}><summary>${t`In other languages`}</summary>
    <p class="faint">${t`Readers of a language that is not here get the original.`}</p>
    ${chosen.map(
      (tag) => html`<fieldset class="field" lang=${tag} dir="auto"><legend>${nameOf(tag)}</legend>
        ${texts.map((x) => field(form, { ...x, name: `${member}.${tag}.${x.name}`, of: `${x.name}.${tag}`, optional: true }))}
        <button type="button" class="link" lang=${spoken} @click=${() =>
          form.set(
            'told',
            chosen.filter((other) => other !== tag),
          )}>${t`Leave out ${nameOf(tag)}`}</button></fieldset>`,
    )}
    ${error ? html`<p class="hint bad" role="alert">${error}</p>` : nothing}
    ${
      left.length
        ? html`<div class="field"><label for="f-into">${t`Add a language`}</label>
          <select id="f-into" @change=${(/** @type {Event} */ e) => {
            const tag = /** @type {HTMLSelectElement} */ (e.target).value;
            if (tag) form.set('told', [...chosen, tag]);
          }}>
            <option value="" .selected=${live(true)}>${t`Choose one`}</option>
            ${left.map((tag) => html`<option value=${tag} lang=${tag}>${nameOf(tag)}</option>`)}
          </select></div>`
        : nothing
    }</details>`;
}
