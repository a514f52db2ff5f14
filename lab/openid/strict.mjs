// A strict OpenID provider on loopback: oidc-provider, which is certified, as it comes. What an operator has to say is said here: who there is,
// that access tokens for this installation are JWTs, and that they name organisation and role.
// One argument, JSON: {client, secret, callback, audience, refresh, seconds}. It prints its issuer's address once it listens.
import http from 'node:http';
import Provider from 'oidc-provider';

const { client, secret, callback, audience, refresh, seconds } = JSON.parse(process.argv[2]);
const server = http.createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
const people = { ada: { name: 'Ada Lovelace', email: 'ada@acme.example' } };

const provider = new Provider(issuer, {
  clients: [{
    client_id: client, client_secret: secret, redirect_uris: [callback], response_types: ['code'],
    grant_types: refresh ? ['authorization_code', 'refresh_token'] : ['authorization_code'],
  }],
  cookies: { keys: ['of a test'] },
  claims: { openid: ['sub'], email: ['email'], profile: ['name'] },
  findAccount: (ctx, id) => (people[id] ? { accountId: id, claims: () => ({ sub: id, ...people[id] }) } : undefined),
  extraTokenClaims: (ctx, token) => (token.kind === 'AccessToken'
    ? { org_id: 'org-1', org_name: 'acme-inc', 'https://statuspage/roles': ['admin'], ...people[token.accountId] } : undefined),
  features: {
    devInteractions: { enabled: false },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: '', audience, accessTokenFormat: 'jwt', accessTokenTTL: seconds, jwt: { sign: { alg: 'RS256' } } }),
    },
  },
  interactions: { url: (ctx, { uid }) => `/interaction/${uid}` },
});

const page = (body) => `<!doctype html><meta charset="utf-8"><title>Provider</title><body>${body}`;

/** Asks who it is, then whether this application may. */
async function interact(req, res) {
  const { uid, prompt, params, session, grantId } = await provider.interactionDetails(req, res);
  if (req.method === 'GET') {
    const what = prompt.name === 'login'
      ? '<label>Login <input id="login" name="login"></label>'
      : `<p id="scope">${params.scope ?? ''}</p>`;
    res.setHeader('Content-Type', 'text/html');
    return res.end(page(`<form method="post" action="/interaction/${uid}" data-prompt="${prompt.name}">${what}<button type="submit">Go on</button></form>`));
  }
  let text = '';
  for await (const part of req) text += part;
  if (prompt.name === 'login') {
    return provider.interactionFinished(req, res, { login: { accountId: new URLSearchParams(text).get('login') } });
  }
  const grant = (grantId && (await provider.Grant.find(grantId))) || new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  if (prompt.details.missingOIDCScope) grant.addOIDCScope(prompt.details.missingOIDCScope.join(' '));
  if (prompt.details.missingOIDCClaims) grant.addOIDCClaims(prompt.details.missingOIDCClaims);
  for (const [resource, scopes] of Object.entries(prompt.details.missingResourceScopes ?? {})) grant.addResourceScope(resource, scopes.join(' '));
  return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
}

const others = provider.callback();
server.on('request', (req, res) => {
  if (!req.url.startsWith('/interaction/')) return others(req, res);
  interact(req, res).catch((error) => { res.statusCode = 500; res.end(String(error)); });
});
console.log(issuer);
process.stdin.on('end', () => process.exit()).resume(); // with whoever started it
