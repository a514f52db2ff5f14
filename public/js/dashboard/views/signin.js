import { html, nothing } from '../../vendor/lit-html.js';
import * as webauthn from '../../webauthn.js';
import { field } from '../form.js';
import { model, refused, waiting } from '../model.js';
import { count } from '../words.js';
import { door } from '../door.js';
import { openForm } from '../dialog.js';
import { showFactor, signIn, signOut } from '../person.js';
import { many, t } from '../../language.js';

/** @typedef {import('../form.js').Form} Form */

/** Signs in again over the page, so that nothing on it is lost; where another issuer does it, what was typed is kept until one is back. */
export function signAgain() {
  if (door) return location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  openForm({
    key: 'signin',
    title: t`Sign in again`,
    action: t`Sign in`,
    plain: true,
    values: {
      email: model.identity?.user.email ?? '',
      password: '',
      code: '',
      recovery_code: '',
      asked: null,
      lost: false,
    },
    body: (
      form,
    ) => html`<p class="faint">${waiting().length ? many(waiting().length, '{0} change will be sent right after.', '{0} changes will be sent right after.') : t`You stay where you are.`}</p>
      ${
        form.values.asked
          ? second(form)
          : html`${field(form, { name: 'email', label: t`E-mail`, type: 'email', autocomplete: 'username' })}
      ${field(form, { name: 'password', label: t`Password`, type: 'password', autocomplete: 'current-password', focus: true })}`
      }`,
    send: (v, form) => (v.asked ? shown(v, form) : signIn(v.email, v.password).catch((error) => asked(error, form))),
  });
}

/** The password was right, and the account has a second factor. @param {any} error @param {Form} form @returns {never} */
function asked(error, form) {
  form.values.asked = error.problem?.second_factor ?? null;
  throw error;
}

/** @param {Form} form */
function second(form) {
  const { kinds, passkey } = form.values.asked;
  const lost = form.values.lost || !kinds.includes('totp');
  return html`${
    passkey && webauthn.possible()
      ? html`<p><button type="button" class="button" id="show-passkey" @click=${() => {
          form.values.passkey = true;
          form.submit();
        }}>${t`Use a passkey`}</button></p>`
      : nothing
  }
    ${lost ? nothing : field(form, { name: 'code', label: t`Code of your authenticator application`, autocomplete: 'one-time-code', focus: true })}
    ${lost && kinds.includes('recovery') ? field(form, { name: 'recovery_code', label: t`Recovery code`, focus: true }) : nothing}
    ${!lost && kinds.includes('recovery') ? html`<p><button type="button" class="button small" @click=${() => form.set('lost', true)}>${t`Use a recovery code`}</button></p>` : nothing}`;
}

/** @param {Record<string, any>} v @param {Form} form */
async function shown(v, form) {
  const usesPasskey = v.passkey;
  form.values.passkey = false;
  try {
    const what = usesPasskey
      ? { passkey: await webauthn.get(v.asked.passkey) }
      : v.recovery_code
        ? { recovery_code: v.recovery_code }
        : { code: v.code };
    await showFactor(v.asked.challenge, what);
  } catch (error) {
    // What waited for the factor waits no more: the password is asked for again.
    const errors = /** @type {{field: string}[]} */ (/** @type {any} */ (error).problem?.errors ?? []);
    if (errors.some((e) => e.field === 'challenge')) form.values.asked = null;
    throw error;
  }
}

/** Signs out; with something queued it asks first. */
export async function leave() {
  const unsent = waiting().length + refused().length;
  if (!unsent) return signOut();
  openForm({
    key: 'signout',
    title: t`Sign out and drop ${count(unsent, 'change')}?`,
    action: t`Drop them and sign out`,
    danger: true,
    plain: true,
    values: {},
    body: () => html`<p>${many(unsent, 'This change has not reached the server. Signing out drops it:', 'These changes have not reached the server. Signing out drops them:')}</p>
      <ul>${[...waiting(), ...refused()].map((item) => html`<li>${item.title}</li>`)}</ul>`,
    send: signOut,
  });
}
