import { html, nothing, repeat } from '../../vendor/lit-html.js';
import * as webauthn from '../../webauthn.js';
import { ago, short } from '../time.js';
import { changed, model, toast } from '../model.js';
import { empty, heading } from './list.js';
import { known, load, own } from '../factors.js';
import { openForm, openSheet } from '../dialog.js';
import { call } from '../request.js';
import { count } from '../words.js';
import { door } from '../door.js';
import { field } from '../form.js';
import { icon } from '../icon.js';
import { resume } from '../person.js';
import { secret } from './secret.js';

/** @typedef {import('../factors.js').Factor} Factor */
/** @typedef {import('../factors.js').Factors} Factors */

/** The part of the account that is about second factors. */
export function secondFactors() {
  if (door) return nothing;
  const data = known();
  return html`<section aria-labelledby="factors"><h2 id="factors">Second factor</h2>
    <p class="faint">Whoever knows your password alone does not come in. Every other sign-in of yours ends when something changes here.</p>
    ${model.provable ? html`<p class="note">Nobody has proved your address yet. Prove it first: factors that you add before end with the proof.</p>` : nothing}
    ${data ? list(data) : own.problem ? html`<p class="note bad">${own.problem} <button type="button" class="button small" @click=${load}>Try again</button></p>` : html`<div class="skeleton" role="status" aria-busy="true" aria-label="Loading"></div>`}</section>`;
}

/** All that there is to see where an organisation asks for a second factor that this session has not shown. */
export function factorGate() {
  const data = known();
  const org = model.identity?.organization?.name ?? 'Your organisation';
  return html`${heading('Second factor')}
    <div class="strip warn" role="status"><p><strong>${org} asks for a second factor.</strong> ${
      data?.factors.length
        ? 'You have one, and signed in here without it. Show it, and you go on.'
        : 'Set one up, and you go on.'
    }</p></div>
    ${data?.factors.length ? html`<p><button type="button" class="button primary" @click=${() => confirmed(resume)}>Show my second factor</button></p>` : nothing}
    ${secondFactors()}`;
}

/** @param {Factors} data */
function list(data) {
  const totp = data.factors.some((f) => f.kind === 'totp');
  return html`${
    data.factors.length
      ? html`<div class="scroll"><table class="list"><thead><tr><th scope="col">What</th><th scope="col" class="wide-only">Since</th><th scope="col">Last used</th><th scope="col"><span class="sr">Actions</span></th></tr></thead>
          <tbody>${repeat(data.factors, (f) => f.id, row)}</tbody></table></div>`
      : empty(
          'None yet',
          'A passkey lives in your device or password manager, and nobody can guess or phish it. An authenticator application shows a code of six digits.',
        )
  }
    <div class="row">
      ${webauthn.possible() ? html`<button type="button" class="button" id="add-passkey" @click=${() => confirmed(addPasskey)}>${icon('plus')}Add a passkey</button>` : nothing}
      ${totp ? nothing : html`<button type="button" class="button" id="add-totp" @click=${() => confirmed(addTOTP)}>${icon('plus')}Add an authenticator application</button>`}
    </div>
    ${webauthn.possible() ? nothing : html`<p class="hint">Passkeys need a host name and https, and a browser that has them.</p>`}
    ${
      data.factors.length
        ? html`<p>${data.recovery_codes ? `${count(data.recovery_codes, 'recovery code')} left.` : html`<strong>No recovery codes left.</strong>`} They let you in when you have lost the rest.
          <button type="button" class="button small" id="new-codes" @click=${() => confirmed(newCodes)}>Make new ones</button></p>`
        : nothing
    }`;
}

/** @param {Factor} f */
const row = (f) => html`<tr>
  <td class="main"><span class="strong">${f.name}</span><span class="faint block">${f.kind === 'passkey' ? `Passkey for ${f.hostname}` : 'Codes of six digits'}</span></td>
  <td class="wide-only faint nowrap">${short(f.created_at)}</td>
  <td class="faint nowrap">${f.last_used_at ? ago(f.last_used_at) : 'Never'}</td>
  <td class="tools"><button type="button" class="quiet-button" aria-label="Remove ${f.name}" title="Remove" @click=${() => confirmed(() => remove(f))}>${icon('trash')}</button></td>
</tr>`;

/** @param {unknown} error */
const complain = (error) => toast(/** @type {Error} */ (error).message, 'bad');

/** Does something for which a password or a factor must have been given just now: else it is asked for first. @param {() => unknown} what */
function confirmed(what) {
  const data = own.data;
  const gate = model.identity?.lacksFactor && data?.factors.length;
  if (!gate && data && Date.parse(data.confirmed_until) > Date.now() + 60_000) {
    what();
    return;
  }
  const has = (/** @type {string} */ kind) => !!data?.factors.some((f) => f.kind === kind);
  const values = {
    how: has('totp') ? 'code' : gate && data?.recovery_codes ? 'recovery_code' : gate ? '' : 'password',
    password: '',
    code: '',
    recovery_code: '',
  };
  const passkey = has('passkey') && webauthn.possible();
  openForm({
    key: 'confirm',
    title: gate ? 'Show your second factor' : 'Is it you?',
    action: 'Go on',
    plain: true,
    values,
    body: (f) => html`<p>${gate ? 'By one of these.' : 'What changes here opens your account. Show that it is you.'}</p>
      ${
        passkey
          ? html`<p><button type="button" class="button" id="confirm-passkey" @click=${() => {
              f.values.how = 'passkey';
              f.submit();
            }}>Use a passkey</button></p>`
          : nothing
      }
      ${
        f.values.how === 'password'
          ? field(f, {
              name: 'password',
              label: 'Password',
              type: 'password',
              autocomplete: 'current-password',
              focus: true,
            })
          : has('totp') && f.values.how !== 'recovery_code'
            ? field(f, {
                name: 'code',
                label: 'Code of your authenticator application',
                autocomplete: 'one-time-code',
                focus: true,
              })
            : f.values.how === 'recovery_code'
              ? field(f, { name: 'recovery_code', label: 'Recovery code', focus: true })
              : nothing
      }
      ${gate ? nothing : html`<p><button type="button" class="button small" @click=${() => f.set('how', f.values.how === 'password' ? 'code' : 'password')} ?hidden=${!has('totp')}>${f.values.how === 'password' ? 'Use a code' : 'Use my password'}</button></p>`}`,
    send: (v) => confirm(v, passkey && !has('totp') && gate ? 'passkey' : v.how),
    done: async () => {
      await load();
      await what();
    },
  });
}

/** @param {Record<string, string>} values @param {string} how */
async function confirm(values, how) {
  if (how === 'password') return call('POST', '/users/me/confirmation/', { body: { password: values.password } });
  const { data } = await call('POST', '/users/me/confirmation/challenge/', { body: {} });
  const shown = how === 'passkey' ? { passkey: await webauthn.get(data.passkey) } : { [how]: values[how] };
  return call('POST', '/users/me/confirmation/', { body: { challenge: data.challenge, ...shown } });
}

async function addPasskey() {
  try {
    const { data } = await call('POST', '/users/me/passkey/', { body: {} });
    const passkey = await webauthn.create(data.passkey);
    openForm({
      key: 'name_passkey',
      title: 'A name for your passkey',
      action: 'Add it',
      plain: true,
      values: { name: '' },
      body: (f) =>
        field(f, {
          name: 'name',
          label: 'Name',
          optional: true,
          max: 100,
          focus: true,
          hint: 'Where it lives, such as your telephone or a key on your key ring.',
        }),
      send: async (v) =>
        added(await call('POST', '/users/me/factors/', { body: { challenge: data.challenge, name: v.name, passkey } })),
      done: shownAfterwards,
    });
  } catch (error) {
    complain(error);
  }
}

async function addTOTP() {
  try {
    const { data } = await call('POST', '/users/me/authenticator/', { body: {} });
    openForm({
      key: 'add_totp',
      title: 'An authenticator application',
      action: 'Add it',
      plain: true,
      values: { code: '' },
      body: (
        f,
      ) => html`<p>Read this with the application, or type the secret into it. Then type the code that it shows.</p>
        <p><img class="qr" src=${data.qr} width="240" height="240" alt="The secret as a picture for a camera" /></p>
        ${secret(data.secret)}
        ${field(f, { name: 'code', label: 'Code', autocomplete: 'one-time-code', focus: true })}`,
      send: async (v) =>
        added(await call('POST', '/users/me/factors/', { body: { challenge: data.challenge, code: v.code } })),
      done: shownAfterwards,
    });
  } catch (error) {
    complain(error);
  }
}

/** @type {string[]} */
let codes = [];

/** @param {{data: {recovery_codes: string[]}}} answer */
function added({ data }) {
  codes = data.recovery_codes;
}

async function shownAfterwards() {
  toast('The factor is added. Your other sign-ins have ended.', 'good');
  const goOn = model.identity?.lacksFactor;
  await load();
  if (codes.length) showCodes(codes);
  codes = [];
  if (goOn) await resume();
}

async function newCodes() {
  try {
    const { data } = await call('POST', '/users/me/recovery-codes/', { body: {} });
    await load();
    showCodes(data.recovery_codes);
  } catch (error) {
    complain(error);
  }
}

/** @param {string[]} list */
function showCodes(list) {
  openSheet({
    title: 'Recovery codes',
    body: () => html`<p>Print or write these down, and keep them where your telephone is not. Each lets you in once when you have lost your factors. They are shown this once.</p>
      <ol class="codes" id="codes">${list.map((code) => html`<li><code>${code}</code></li>`)}</ol>`,
  });
  changed();
}

/** @param {Factor} f */
function remove(f) {
  const last = own.data?.factors.length === 1;
  openForm({
    key: `remove_factor:${f.id}`,
    title: `Remove ${f.name}?`,
    action: 'Remove it',
    danger: true,
    plain: true,
    values: {},
    body: () =>
      html`<p>${last ? 'It is your only one: afterwards your password alone lets you in, and your recovery codes end.' : 'It lets you in no more.'}${last && own.data?.required ? html` <strong>An organisation of yours asks for one</strong>, and shows you nothing without it.` : nothing}</p>`,
    send: () => call('DELETE', `/users/me/factors/${f.id}/`),
    done: async () => {
      toast('The factor is removed. Your other sign-ins have ended.', 'good');
      await load();
      await resume();
    },
  });
}
