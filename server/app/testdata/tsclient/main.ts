// Somebody else's program: it signs in, opens an incident and resolves it. What it may send and what it gets is typed by what openapi-typescript
// makes of the OpenAPI document.
import createClient from 'openapi-fetch';
import type { paths } from './api.js';

declare const process: { argv: string[] };
const [address, email, password] = process.argv.slice(2) as [string, string, string];
const api = createClient<paths>({ baseUrl: address });

function must<T>(what: string, answer: { data?: T; error?: unknown }): T {
  if (answer.data === undefined) throw new Error(`${what}: ${JSON.stringify(answer.error)}`);
  return answer.data;
}

const signedIn = must('login', await api.POST('/api/v1/auth/login/', { body: { email, password } }));
api.use({
  onRequest({ request }) {
    request.headers.set('Authorization', `Bearer ${signedIn.access_token}`);
    return request;
  },
});
const services = must('services', await api.GET('/api/v1/services/'));
const service = services.results[0]?.id;
if (!service) throw new Error('there is no service');
const opened = must('open', await api.POST('/api/v1/incidents/', { body: { title: 'Down', service, to_state: 'major_outage' } }));
const path = { id: opened.id };
must('resolve', await api.POST('/api/v1/incidents/{id}/updates/', { params: { path }, body: { status: 'resolved', body: 'It is up again.' } }));
const now = must('read', await api.GET('/api/v1/incidents/{id}/', { params: { path } }));
console.log(now.title, now.status);
