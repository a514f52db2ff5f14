import { html, live, nothing } from '../../vendor/lit-html.js';
import { changed, toast } from '../model.js';
import { t } from '../../language.js';

/** @typedef {import('../types.js').View} View */

/** What the badge is of: '', 'group=…' or 'service=…'. */
let of = '';

/** Where the page is: on its own host name once that is proved. @param {any} org */
const home = (org) =>
  org.hostname && org.hostname_proved_at ? `https://${org.hostname}` : `${location.origin}/status/${org.slug}`;

/** @param {string} text */
const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** What other sites put in, by name. @param {any} org @returns {[string, string, string][]} */
function snippets(org) {
  const page = home(org);
  const badge = `${page}/badge.svg${of ? `?${of}` : ''}`;
  const shields = `https://img.shields.io/endpoint?url=${encodeURIComponent(`${page}/shields.json`)}`;
  return [
    [
      t`Badge, in HTML`,
      `<a href="${page}"><img src="${badge}" alt="${escaped(org.name)} status"></a>`,
      t`For your site, or a mail’s signature.`,
    ],
    [t`Badge, in Markdown`, `[![${org.name.replace(/[[\]\\]/g, '\\$&')} status](${badge})](${page})`, t`For a README.`],
    [t`Badge of shields.io`, shields, t`In the style of your other badges; of the whole page.`],
    [t`Pill`, `<script src="${page}/embed.js" async></script>`, t`The state, where the script stands.`],
    [
      t`Banner`,
      `<script src="${page}/embed.js" data-mode="banner" async></script>`,
      t`In the corner, while something is wrong.`,
    ],
    [t`Frame`, frame(page, org.name), t`For sites that load no scripts of others.`],
    [t`Calendar`, `${page}/calendar.ics`, t`Maintenance, in any calendar that subscribes to an address.`],
  ];
}

/** @param {string} page @param {string} name */
const frame = (page, name) =>
  `<iframe src="${page}/embed" title="${escaped(name)} status" width="260" height="30" style="border:0"></iframe>`;

/** @param {string} text */
export const copy = (text) =>
  navigator.clipboard.writeText(text).then(
    () => toast(t`Copied.`, 'good'),
    () => toast(t`Select and copy it by hand.`, 'bad'),
  );

/** What others put on their sites. @param {View} view */
export function embeds(view) {
  const groups = [...new Set(view.services.map((s) => s.group).filter(Boolean))];
  const pick = (/** @type {Event} */ e) => {
    of = /** @type {HTMLSelectElement} */ (e.target).value;
    changed();
  };
  const option = (/** @type {string} */ value, /** @type {string} */ words) =>
    html`<option value=${value} .selected=${live(of === value)}>${words}</option>`;
  const image = `/status/${view.org.slug}/badge.svg${of ? `?${of}` : ''}`;
  return html`<section class="column" aria-labelledby="embeds"><h2 id="embeds">${t`On other sites`}</h2>
    <p class="row"><label for="embed-of">${t`Badge of`}</label>
      <select id="embed-of" @change=${pick}>${option('', t`The whole page`)}
        ${groups.length ? html`<optgroup label=${t`Groups`}>${groups.map((g) => option(`group=${encodeURIComponent(g)}`, g))}</optgroup>` : nothing}
        <optgroup label=${t`Services`}>${view.services.map((s) => option(`service=${s.id}`, s.name))}</optgroup></select>
      <img src=${image} alt=${t`The badge`} height="20" /></p>
    ${snippets(view.org).map(
      ([name, text, why]) => html`<div class="snippet"><h3>${name}</h3><p class="faint">${why}</p>
      <p class="row"><code class="secret" tabindex="0">${text}</code>
        <button type="button" class="button small" aria-label=${t`Copy: ${name}`} @click=${() => copy(text)}>${t`Copy`}</button></p></div>`,
    )}
  </section>`;
}
