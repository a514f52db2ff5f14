import { html } from '../../vendor/lit-html.js';
import { toast } from '../model.js';
import { t } from '../../language.js';

/** What is shown once, to be copied. @param {string} text */
export const secret = (text) => html`<p>${t`Copy it now. It is shown this once and kept nowhere.`}</p>
  <p class="row"><code class="secret" tabindex="0">${text}</code>
  <button type="button" class="button" @click=${() =>
    navigator.clipboard.writeText(text).then(
      () => toast(t`Copied.`, 'good'),
      () => toast(t`Select and copy it by hand.`, 'bad'),
    )}>${t`Copy`}</button></p>`;
