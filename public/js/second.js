// The second step of a sign-in, in the place of the form that was the first. It works by keyboard, and asks nothing of any other site.

import * as webauthn from './webauthn.js';
import { spoken } from './speak.js';
import { t } from './language.js';

/** @typedef {{challenge: string, kinds: string[], passkey: any, expires_at: string}} Asked */

/** @param {string} tag @param {Record<string, string|boolean>} attributes @param {...(string|Node)} inside */
function make(tag, attributes, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== false) element.setAttribute(name, value === true ? '' : value);
  element.append(...inside);
  return element;
}

/** A field with its label and what is wrong with it. @param {string} name @param {string} label @param {string} hint @param {Record<string, string|boolean>} more */
const field = (name, label, hint, more) =>
  make(
    'div',
    { class: 'field' },
    make('label', { for: name }, label),
    make('input', {
      id: name,
      name,
      'aria-describedby': `${name}-hint`,
      spellcheck: 'false',
      autocapitalize: 'none',
      ...more,
    }),
    make('p', { class: 'hint', id: `${name}-hint`, 'data-says': hint }, hint),
  );

/**
 * Sends a request of the sign-in.
 * @param {string} path @param {unknown} body
 * @returns {Promise<{ok: boolean, said: any}>}
 */
export async function send(path, body) {
  try {
    const answer = await fetch(`/api/v1/auth/${path}/`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json', 'X-Requested-With': 'statuspage' },
      body: JSON.stringify(body),
    });
    const said = await answer.json().catch(() => ({ detail: t`The server answered ${answer.status}.` }));
    return { ok: answer.ok, said: answer.ok ? said : { ...said, ...spoken(said) } };
  } catch {
    return { ok: false, said: { detail: t`We could not reach the server. Try again when you are online.` } };
  }
}

/**
 * Asks for the second factor in the place of a form's content. done hears of the sign-in.
 * @param {HTMLFormElement} form @param {Asked} asked @param {(said: any) => void} done
 */
export function secondStep(form, asked, done) {
  const has = (/** @type {string} */ kind) => asked.kinds.includes(kind);
  const problem = make('p', { class: 'note problem bad', id: 'problem', role: 'alert', hidden: true });
  const byPasskey = asked.passkey && webauthn.possible();
  const passkey = make('button', { class: 'button primary', type: 'button', id: 'by-passkey' }, t`Use a passkey`);
  const code = field('code', t`Code`, t`Six digits, from your authenticator application.`, {
    inputmode: 'numeric',
    autocomplete: 'one-time-code',
    maxlength: '11',
  });
  const recovery = field('recovery_code', t`Recovery code`, t`Each of them works once.`, {
    autocomplete: 'off',
    maxlength: '40',
  });
  const other = make('button', { class: 'button', type: 'button', id: 'by-recovery' }, t`Use a recovery code`);
  const submit = /** @type {HTMLButtonElement} */ (
    make('button', { class: 'button primary', type: 'submit' }, t`Sign in`)
  );
  const again = make('a', { href: location.pathname + location.search }, t`Start again`);

  recovery.hidden = has('totp') || !has('recovery');
  code.hidden = !has('totp');
  const typed = () => !code.hidden || !recovery.hidden;
  submit.hidden = !typed();
  const wholly = make('form', { class: 'sheet', id: 'second', method: 'post', novalidate: true });
  wholly.append(
    make('h1', { tabindex: '-1' }, t`Second factor`),
    make(
      'p',
      { class: 'faint' },
      byPasskey && has('totp')
        ? t`Show your passkey, or type a code.`
        : byPasskey
          ? t`Show your passkey to go on.`
          : has('totp')
            ? t`Type the code that your authenticator application shows.`
            : t`Your passkey is for another address of this installation, or this browser has none: type one of your recovery codes.`,
    ),
    problem,
    ...(byPasskey ? [passkey] : []),
    code,
    recovery,
    submit,
    ...(recovery.hidden && has('recovery') ? [other] : []),
    make('p', { class: 'faint' }, again),
    make('p', { class: 'faint' }, t`Lost all of them? The operator of this installation can remove them.`),
  );
  form.replaceWith(wholly);
  focus(byPasskey && !has('totp') ? passkey : null);

  /** @param {HTMLElement|null} first */
  function focus(first) {
    (first ?? wholly.querySelector('div:not([hidden]) > input') ?? wholly.querySelector('h1'))?.focus();
  }

  /** @param {{detail?: string, errors?: {field: string, message: string}[]}} said */
  function show(said) {
    for (const input of wholly.querySelectorAll('input')) {
      const error = said.errors?.find((e) => e.field === input.name);
      const hint = /** @type {HTMLElement} */ (document.getElementById(`${input.id}-hint`));
      input.setAttribute('aria-invalid', error ? 'true' : 'false');
      hint.textContent = error?.message ?? hint.dataset.says ?? '';
      hint.classList.toggle('bad', !!error);
    }
    problem.textContent = said.detail ?? '';
    problem.hidden = !said.detail;
  }

  /** @param {() => Promise<Record<string, unknown>>} what is shown @param {HTMLElement|null} back where to go on when it is refused */
  async function answer(what, back) {
    for (const b of wholly.querySelectorAll('button')) b.disabled = true;
    /** @type {{ok: boolean, said: any}} */
    let result;
    try {
      result = await send('factor', { challenge: asked.challenge, ...(await what()) });
    } catch (error) {
      result = { ok: false, said: { detail: /** @type {Error} */ (error).message } };
    }
    if (result.ok) return done(result.said);
    for (const b of wholly.querySelectorAll('button')) b.disabled = false;
    show(result.said);
    const over = result.said.errors?.some((/** @type {{field: string}} */ e) => e.field === 'challenge');
    if (over) again.focus();
    else focus(back);
  }

  passkey.addEventListener('click', () =>
    answer(async () => ({ passkey: await webauthn.get(asked.passkey) }), passkey),
  );
  other.addEventListener('click', () => {
    code.hidden = true;
    recovery.hidden = false;
    submit.hidden = false;
    other.remove();
    focus(null);
  });
  wholly.addEventListener('submit', (event) => {
    event.preventDefault();
    const name = recovery.hidden ? 'code' : 'recovery_code';
    const input = /** @type {HTMLInputElement} */ (wholly.querySelector(`#${name}`));
    answer(async () => ({ [name]: input.value }), input);
  });
}

/**
 * Signs in by a passkey alone.
 * @param {string} organization its slug, or ""
 * @returns {Promise<{ok: boolean, said: any}>}
 */
export async function byPasskeyAlone(organization) {
  const begun = await send('passkey/options', {});
  if (!begun.ok) return begun;
  try {
    const passkey = await webauthn.get(begun.said.passkey);
    return await send('passkey', {
      challenge: begun.said.challenge,
      passkey,
      ...(organization ? { organization } : {}),
    });
  } catch (error) {
    return { ok: false, said: { detail: /** @type {Error} */ (error).message } };
  }
}
