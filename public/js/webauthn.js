// Passkeys: what the server asks for, as JSON, and what the browser's device answers (WebAuthn, level 3, section 5.1.8 to 5.1.10).

import { t } from './language.js';

/** @param {string} text base64url @returns {Uint8Array<ArrayBuffer>} */
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));

/** @param {ArrayBuffer|null|undefined} buffer @returns {string} base64url */
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer ?? new ArrayBuffer(0))))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '');

/** Whether this browser has passkeys, at this address. */
export const possible = () =>
  isSecureContext && 'PublicKeyCredential' in window && !/^[\d.]+$|^\[/.test(location.hostname);

/** @param {any[]|undefined} list */
const credentials = (list) => (list ?? []).map((c) => ({ ...c, id: bytes(c.id) }));

/** Shows one of somebody's passkeys. @param {any} options of the server @returns {Promise<any>} for the server */
export async function get(options) {
  const shown = /** @type {PublicKeyCredential} */ (
    await asked(() =>
      navigator.credentials.get({
        publicKey: {
          ...options,
          challenge: bytes(options.challenge),
          allowCredentials: credentials(options.allowCredentials),
        },
      }),
    )
  );
  const said = /** @type {AuthenticatorAssertionResponse} */ (shown.response);
  return answer(shown, {
    authenticatorData: text(said.authenticatorData),
    signature: text(said.signature),
    ...(said.userHandle ? { userHandle: text(said.userHandle) } : {}),
  });
}

/** Makes a passkey. @param {any} options of the server @returns {Promise<any>} for the server */
export async function create(options) {
  const made = /** @type {PublicKeyCredential} */ (
    await asked(() =>
      navigator.credentials.create({
        publicKey: {
          ...options,
          challenge: bytes(options.challenge),
          user: { ...options.user, id: bytes(options.user.id) },
          excludeCredentials: credentials(options.excludeCredentials),
        },
      }),
    )
  );
  const said = /** @type {AuthenticatorAttestationResponse} */ (made.response);
  return answer(made, { attestationObject: text(said.attestationObject), transports: said.getTransports?.() ?? [] });
}

/** @param {PublicKeyCredential} shown @param {Record<string, unknown>} response */
const answer = (shown, response) => ({
  id: shown.id,
  rawId: text(shown.rawId),
  type: shown.type,
  clientExtensionResults: {},
  response: { clientDataJSON: text(shown.response.clientDataJSON), ...response },
});

/** Says in words why no passkey came. @param {() => Promise<Credential|null>} ask */
async function asked(ask) {
  try {
    const found = await ask();
    if (found) return found;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'InvalidStateError')
      throw new Error(t`This device has a passkey for your account already.`);
    if (error instanceof DOMException && error.name === 'SecurityError')
      throw new Error(t`Passkeys are for another address of this installation than this one.`);
  }
  throw new Error(t`No passkey was shown. Try again, or take another way.`);
}
