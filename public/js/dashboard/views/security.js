import { changed, mayWrite, model, toast } from '../model.js';
import { html, live, nothing } from '../../vendor/lit-html.js';
import { call } from '../request.js';
import { door } from '../door.js';

/** What the organisation asks of its people, as the server said it last. @type {{of: string, asks: boolean|undefined, busy: boolean}} */
const state = { of: '', asks: undefined, busy: false };

/** The setting by which an organisation asks its people for a second factor. */
export function security() {
  if (door || !mayWrite()) return nothing;
  const of = model.identity?.organization?.id ?? '';
  if (state.of !== of) {
    Object.assign(state, { of, asks: undefined });
    read();
  }
  return html`<section aria-labelledby="security"><h2 id="security">Security</h2>
    <label class="tick"><input type="checkbox" id="second-factor" .checked=${live(state.asks ?? false)} ?disabled=${state.asks === undefined || state.busy} @change=${change} aria-describedby="second-factor-hint" /><span>Ask everybody for a second factor</span></label>
    <p class="hint" id="second-factor-hint">Members who have none are led to set one up, and see nothing of this organisation before. API keys are not people, and work on.</p></section>`;
}

async function read() {
  try {
    state.asks = (await call('GET', '/organization/security/')).data.second_factor;
  } catch {
    state.of = ''; // looked at again when the view is drawn anew
    return;
  }
  changed();
}

/** @param {Event} event */
async function change(event) {
  const wish = /** @type {HTMLInputElement} */ (event.target).checked;
  state.busy = true;
  changed();
  try {
    state.asks = (await call('PATCH', '/organization/security/', { body: { second_factor: wish } })).data.second_factor;
    toast(
      wish ? 'Everybody is asked for a second factor now.' : 'Nobody is asked for a second factor any more.',
      'good',
    );
  } catch (error) {
    toast(/** @type {Error} */ (error).message, 'bad');
  }
  state.busy = false;
  changed();
}
