import { html, nothing, repeat } from '../../vendor/lit-html.js';
import * as webauthn from '../../webauthn.js';
import { ago, short } from '../time.js';
import { changed, model, toast } from '../model.js';
import { empty, heading } from './list.js';
import { known, load, own } from '../factors.js';
import { openForm, openSheet } from '../dialog.js';
import { call } from '../request.js';
import { door } from '../door.js';
import { field } from '../form.js';
import { icon } from '../icon.js';
import { resume } from '../person.js';
import { secret } from './secret.js';
import { many, t } from '../../language.js';

/** @typedef {import('../factors.js').Factor} Factor */
/** @typedef {import('../factors.js').Factors} Factors */

/** The part of the account that is about second factors. */
export function secondFactors() {
  if (door) return nothing;
  const data = known();
  return html`<section aria-labelledby="factors"><h2 id="factors">${t`Second factor`}</h2>
    <p class="faint">${t`Whoever knows your password alone does not come in. Every other sign-in of yours ends when something changes here.`}</p>
    ${model.provable ? html`<p class="note">${t`Nobody has proved your address yet. Prove it first: factors that you add before end with the proof.`}</p>` : nothing}
    ${data ? list(data) : own.problem ? html`<p class="note bad">${own.problem} <button type="button" class="button small" @click=${load}>${t`Try again`}</button></p>` : html`<div class="skeleton" role="status" aria-busy="true" aria-label=${t`Loading`}></div>`}</section>`;
}

/** All that there is to see where an organisation asks for a second factor that this session has not shown. */
export function factorGate() {
  const data = known();
  const org = model.identity?.organization?.name ?? t`Your organisation`;
  return html`${heading(t`Second factor`)}
    <div class="strip warn" role="status"><p><strong>${t`${org} asks for a second factor.`}</strong> ${
      data?.factors.length
        ? t`You have one, and signed in here without it. Show it, and you go on.`
        : t`Set one up, and you go on.`
    }</p></div>
    ${data?.factors.length ? html`<p><button type="button" class="button primary" @click=${() => confirmed(resume)}>${t`Show my second factor`}</button></p>` : nothing}
    ${secondFactors()}`;
}

/** @param {Factors} data */
function list(data) {
  const totp = data.factors.some((f) => f.kind === 'totp');
  return html`${
    data.factors.length
      ? html`<div class="scroll"><table class="list"><thead><tr><th scope="col">${t`What`}</th><th scope="col" class="wide-only">${t`Since`}</th><th scope="col">${t`Last used`}</th><th scope="col"><span class="sr">${t`Actions`}</span></th></tr></thead>
          <tbody>${repeat(data.factors, (f) => f.id, row)}</tbody></table></div>`
      : empty(
          t`None yet`,
          t`A passkey lives in your device or password manager, and nobody can guess or phish it. An authenticator application shows a code of six digits.`,
        )
  }
    <div class="row">
      ${webauthn.possible() ? html`<button type="button" class="button" id="add-passkey" @click=${() => confirmed(addPasskey)}>${icon('plus')}${t`Add a passkey`}</button>` : nothing}
      ${totp ? nothing : html`<button type="button" class="button" id="add-totp" @click=${() => confirmed(addTOTP)}>${icon('plus')}${t`Add an authenticator application`}</button>`}
    </div>
    ${webauthn.possible() ? nothing : html`<p class="hint">${t`Passkeys need a host name and https, and a browser that has them.`}</p>`}
    ${
      data.factors.length
        ? html`<p>${data.recovery_codes ? many(data.recovery_codes, '{0} recovery code left.', '{0} recovery codes left.') : html`<strong>${t`No recovery codes left.`}</strong>`} ${t`They let you in when you have lost the rest.`} <button type="button" class="button small" id="new-codes" @click=${() => confirmed(newCodes)}>${t`Make new ones`}</button></p>`
        : nothing
    }`;
}

/** @param {Factor} f */
const row = (f) => html`<tr>
  <td class="main"><span class="strong">${f.name}</span><span class="faint block">${f.kind === 'passkey' ? t`Passkey for ${f.hostname}` : t`Codes of six digits`}</span></td>
  <td class="wide-only faint nowrap">${short(f.created_at)}</td>
  <td class="faint nowrap">${f.last_used_at ? ago(f.last_used_at) : t`Never`}</td>
  <td class="tools"><button type="button" class="quiet-button" aria-label=${t`Remove ${f.name}`} title=${t`Remove`} @click=${() => confirmed(() => remove(f))}>${icon('trash')}</button></td>
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
    title: gate ? t`Show your second factor` : t`Is it you?`,
    action: t`Go on`,
    plain: true,
    values,
    body: (
      f,
    ) => html`<p>${gate ? t`By one of these.` : t`What changes here opens your account. Show that it is you.`}</p>
      ${
        passkey
          ? html`<p><button type="button" class="button" id="confirm-passkey" @click=${() => {
              f.values.how = 'passkey';
              f.submit();
            }}>${t`Use a passkey`}</button></p>`
          : nothing
      }
      ${
        f.values.how === 'password'
          ? field(f, {
              name: 'password',
              label: t`Password`,
              type: 'password',
              autocomplete: 'current-password',
              focus: true,
            })
          : has('totp') && f.values.how !== 'recovery_code'
            ? field(f, {
                name: 'code',
                label: t`Code of your authenticator application`,
                autocomplete: 'one-time-code',
                focus: true,
              })
            : f.values.how === 'recovery_code'
              ? field(f, { name: 'recovery_code', label: t`Recovery code`, focus: true })
              : nothing
      }
      ${gate ? nothing : html`<p><button type="button" class="button small" @click=${() => f.set('how', f.values.how === 'password' ? 'code' : 'password')} ?hidden=${!has('totp')}>${f.values.how === 'password' ? t`Use a code` : t`Use my password`}</button></p>`}`,
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
      title: t`A name for your passkey`,
      action: t`Add it`,
      plain: true,
      values: { name: '' },
      body: (f) =>
        field(f, {
          name: 'name',
          label: t`Name`,
          optional: true,
          max: 100,
          focus: true,
          hint: t`Where it lives, such as your telephone or a key on your key ring.`,
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
      title: t`An authenticator application`,
      action: t`Add it`,
      plain: true,
      values: { code: '' },
      body: (
        f,
      ) => html`<p>${t`Read this with the application, or type the secret into it. Then type the code that it shows.`}</p>
        <p><img class="qr" src=${data.qr} width="240" height="240" alt=${t`The secret as a picture for a camera`} /></p>
        ${secret(data.secret)}
        ${field(f, { name: 'code', label: t`Code`, autocomplete: 'one-time-code', focus: true })}`,
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
  toast(t`The factor is added. Your other sign-ins have ended.`, 'good');
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
    title: t`Recovery codes`,
    body: () => html`<p>${t`Print or write these down, and keep them where your telephone is not. Each lets you in once when you have lost your factors. They are shown this once.`}</p>
      <ol class="codes" id="codes">${list.map((code) => html`<li><code>${code}</code></li>`)}</ol>`,
  });
  changed();
}

/** @param {Factor} f */
function remove(f) {
  const last = own.data?.factors.length === 1;
  openForm({
    key: `remove_factor:${f.id}`,
    title: t`Remove ${f.name}?`,
    action: t`Remove it`,
    danger: true,
    plain: true,
    values: {},
    body: () =>
      html`<p>${last ? t`It is your only one: afterwards your password alone lets you in, and your recovery codes end.` : t`It lets you in no more.`}${last && own.data?.required ? html` <strong>${t`An organisation of yours asks for one, and shows you nothing without it.`}</strong>` : nothing}</p>`,
    send: () => call('DELETE', `/users/me/factors/${f.id}/`),
    done: async () => {
      toast(t`The factor is removed. Your other sign-ins have ended.`, 'good');
      await load();
      await resume();
    },
  });
}
