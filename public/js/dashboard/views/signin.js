import { html } from '../../vendor/lit-html.js';
import { field } from '../form.js';
import { model, refused, waiting } from '../model.js';
import { count } from '../words.js';
import { door } from '../door.js';
import { openForm } from '../dialog.js';
import { signIn, signOut } from '../person.js';

/** Signs in again over the page, so that nothing on it is lost; where another issuer does it, what was typed is kept until one is back. */
export function signAgain() {
  if (door) return location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  openForm({
    key: 'signin',
    title: 'Sign in again',
    action: 'Sign in',
    plain: true,
    values: { email: model.identity?.user.email ?? '', password: '' },
    body: (form) => html`<p class="faint">${waiting().length ? `${count(waiting().length, 'change')} will be sent right after.` : 'You stay where you are.'}</p>
      ${field(form, { name: 'email', label: 'E-mail', type: 'email', autocomplete: 'username' })}
      ${field(form, { name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', focus: true })}`,
    send: (v) => signIn(v.email, v.password),
  });
}

/** Signs out; with something queued it asks first. */
export async function leave() {
  const unsent = waiting().length + refused().length;
  if (!unsent) return signOut();
  openForm({
    key: 'signout',
    title: `Sign out and drop ${count(unsent, 'change')}?`,
    action: 'Drop them and sign out',
    danger: true,
    plain: true,
    values: {},
    body: () => html`<p>${unsent === 1 ? 'This change has' : 'These changes have'} not reached the server. Signing out drops ${unsent === 1 ? 'it' : 'them'}:</p>
      <ul>${[...waiting(), ...refused()].map((item) => html`<li>${item.title}</li>`)}</ul>`,
    send: signOut,
  });
}
