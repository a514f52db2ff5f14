import { html } from '../../vendor/lit-html.js';
import { toast } from '../model.js';

/** What is shown once, to be copied. @param {string} text */
export const secret = (text) => html`<p>Copy it now. It is shown this once and kept nowhere.</p>
  <p class="row"><code class="secret" tabindex="0">${text}</code>
  <button type="button" class="button" @click=${() =>
    navigator.clipboard.writeText(text).then(
      () => toast('Copied.', 'good'),
      () => toast('Select and copy it by hand.', 'bad'),
    )}>Copy</button></p>`;
