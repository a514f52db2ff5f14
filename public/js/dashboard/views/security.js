import { changed, mayWrite, model, toast } from '../model.js';
import { html, live, nothing } from '../../vendor/lit-html.js';
import { call } from '../request.js';
import { door } from '../door.js';
import { t } from '../../language.js';

/** @typedef {'second_factor'|'second_person'} Name */

/** @typedef {{of: string, asks: Record<Name, boolean>|undefined, busy: boolean}} State */

/** What the organisation asks of its people, as the server said it last. @type {State} */
const state = { of: '', asks: undefined, busy: false };

/** The settings by which an organisation asks its people for a second factor, and its drafts for a second person. */
export function security() {
  if (!mayWrite()) return nothing;
  const of = model.identity?.organization?.id ?? '';
  if (state.of !== of) {
    Object.assign(state, { of, asks: undefined });
    read();
  }
  return html`<section aria-labelledby="security"><h2 id="security">${t`Security`}</h2>
    ${
      door
        ? nothing
        : setting(
            'second_factor',
            t`Ask everybody for a second factor`,
            t`Members who have none are led to set one up, and see nothing of this organisation before. API keys are not people, and work on.`,
          )
    }
    ${setting(
      'second_person',
      t`Publish drafts only when a second person has approved them`,
      t`It holds for drafts alone: an incident can still be published directly, at any hour.`,
    )}</section>`;
}

/** @param {Name} name @param {string} words @param {string} hint */
function setting(name, words, hint) {
  const id = name.replace('_', '-');
  return html`<label class="tick"><input type="checkbox" id=${id} .checked=${live(state.asks?.[name] ?? false)}
      ?disabled=${!state.asks || state.busy} @change=${(/** @type {Event} */ e) => change(name, e)}
      aria-describedby="${id}-hint" /><span>${words}</span></label>
    <p class="hint" id="${id}-hint">${hint}</p>`;
}

async function read() {
  try {
    state.asks = (await call('GET', '/organization/security/')).data;
  } catch {
    state.of = ''; // looked at again when the view is drawn anew
    return;
  }
  changed();
}

/** @type {Record<Name, [string, string]>} what is said when it is asked for, and when it is not any more */
const done = {
  second_factor: [t`Everybody is asked for a second factor now.`, t`Nobody is asked for a second factor any more.`],
  second_person: [t`Drafts need a second person now.`, t`Drafts can be published without a second person.`],
};

/** @param {Name} name @param {Event} event */
async function change(name, event) {
  const wish = /** @type {HTMLInputElement} */ (event.target).checked;
  state.busy = true;
  changed();
  try {
    state.asks = (await call('PATCH', '/organization/security/', { body: { [name]: wish } })).data;
    toast(done[name][wish ? 0 : 1], 'good');
  } catch (error) {
    toast(/** @type {Error} */ (error).message, 'bad');
  }
  state.busy = false;
  changed();
}
