import * as database from '../database.js';
import { html, live, nothing } from '../../vendor/lit-html.js';
import { changed, toast } from '../model.js';
import { choose, field, tick } from '../form.js';
import { downStates, serviceOptions } from './proposal.js';
import { call } from '../request.js';
import { count } from '../words.js';
import { icon } from '../icon.js';
import { openForm } from '../dialog.js';
import { span } from '../time.js';
import { templateOptions } from './template.js';
import { t } from '../../language.js';

/** @typedef {import('../form.js').Form} Form */
/** @typedef {{at: string, region: string, ok: boolean, ms: number, error: string, body: string}} Look */
/** @typedef {{on: string, op: string, value?: string|number}} Condition */
/** @typedef {{id: string, name: string, kind: string, target: string, heartbeat_url?: string, service: string|null, interval_s: number, timeout_ms: number, conditions: Condition[], header_names: string[], method: string, body: string, regions: string[], failures: number, successes: number, quorum: string|number, action: string, to_state: string, template: string|null, shown: boolean, paused: boolean, state: string, since: string|null, last: Record<string, {at: string, ok: boolean, ms: number, error: string}>, version: number}} Monitor */

/** What there is to watch: its name, and an example of a target. @type {Record<string, {name: string, target: string}>} */
export const kinds = {
  http: { name: 'HTTP', target: 'https://example.com/health' },
  tcp: { name: t`TCP port`, target: 'db.example.com:5432' },
  dns: { name: t`DNS name`, target: 'example.com' },
  tls: { name: t`TLS certificate`, target: 'example.com' },
  icmp: { name: t`Ping`, target: 'example.com' },
  grpc: { name: t`gRPC health`, target: 'api.example.com:443' },
  heartbeat: { name: t`Heartbeat`, target: '' },
  page: { name: t`Another status page`, target: 'https://www.githubstatus.com' },
};

const subjects = ['status', 'time', 'body', 'json:/path', 'header:Name', 'certificate', 'dns', 'dns:mx'];

/** @type {[string, string][]} */
const operators = [
  ['eq', t`is`],
  ['ne', t`is not`],
  ['lt', t`is less than`],
  ['le', t`is at most`],
  ['gt', t`is more than`],
  ['ge', t`is at least`],
  ['contains', t`contains`],
  ['not_contains', t`does not contain`],
  ['matches', t`matches`],
  ['not_matches', t`does not match`],
  ['exists', t`is there`],
  ['absent', t`is not there`],
];

/** What was seen, in a sentence. @param {Look} look */
export const looked = (look) =>
  look.ok ? t`It works: ${look.ms} ms from ${look.region}.` : t`It fails from ${look.region}: ${look.error}.`;

/** Adds a monitor, or edits one. @param {Monitor|undefined} m @param {() => void} done */
export function editMonitor(m, done) {
  // Headers are secrets: they are in no draft.
  const side = { headers: '', wrote: false, tried: '', trying: false, asked: '', said: '', timer: 0 };
  const key = m ? `monitor:${m.id}` : 'monitor';
  const was = m ?? /** @type {any} */ ({ kind: 'http', interval_s: 60, timeout_ms: 10_000, failures: 3, successes: 2 });
  openForm({
    key,
    title: m ? t`Edit ${m.name}` : t`Add a monitor`,
    action: m ? t`Save` : t`Add`,
    values: {
      name: was.name ?? '',
      kind: was.kind,
      target: was.target ?? '',
      service: was.service ?? '',
      interval_s: was.interval_s,
      timeout_ms: was.timeout_ms,
      conditions: was.conditions ?? [],
      method: was.method ?? 'GET',
      body: was.body ?? '',
      regions: (was.regions ?? []).join(', '),
      failures: was.failures,
      successes: was.successes,
      quorum: was.quorum ?? 'majority',
      action: was.action ?? 'show',
      to_state: was.to_state ?? 'major_outage',
      template: was.template ?? '',
      shown: !!was.shown,
      paused: !!was.paused,
    },
    body: (form) => fields(form, m, side),
    send: async (v) => {
      const body = written(v, side);
      await (m
        ? call('PATCH', `/monitors/${m.id}/`, { body, headers: { 'If-Match': `"${m.version}"` } })
        : call('POST', '/monitors/', { body }));
      await database.remove('drafts', key).catch(() => {});
    },
    done: (form) => {
      toast(t`“${form.values.name}” is saved.`, 'good');
      done();
    },
  });
}

/** @typedef {{headers: string, wrote: boolean, tried: string, trying: boolean, asked: string, said: string, timer: number}} Side */

/** @param {any} text */
const number = (text) => (text === '' || Number.isNaN(Number(text)) ? text : Number(text));

/** The body of a request. @param {Record<string, any>} v @param {Side} side */
function written(v, side) {
  const { target, method, body, ...rest } = v;
  const asks = v.kind === 'http' || v.kind === 'page';
  /** @type {Record<string, string>} */
  const headers = {};
  for (const line of side.headers.split('\n')) {
    const at = line.indexOf(':');
    if (line.trim()) headers[line.slice(0, at < 0 ? undefined : at).trim()] = at < 0 ? '' : line.slice(at + 1).trim();
  }
  return {
    ...rest,
    ...(v.kind === 'heartbeat' ? {} : { target: target.trim() }),
    ...(v.kind === 'http' ? { method } : {}),
    ...(v.kind === 'http' || v.kind === 'grpc' ? { body } : {}),
    ...(asks && side.wrote ? { headers } : {}),
    service: v.service || null,
    template: v.template || null,
    regions: v.regions.split(/[\s,]+/).filter(Boolean),
    quorum: v.quorum === '' ? 'majority' : number(v.quorum),
    ...Object.fromEntries(['interval_s', 'timeout_ms', 'failures', 'successes'].map((n) => [n, number(v[n])])),
  };
}

/** @param {Form} form @param {Monitor|undefined} m @param {Side} side */
function fields(form, m, side) {
  const v = form.values;
  const asks = v.kind === 'http' || v.kind === 'page';
  const asked = v.kind !== 'heartbeat';
  return html`${
    m
      ? nothing
      : choose(form, {
          name: 'kind',
          label: t`Watch`,
          options: Object.entries(kinds).map(([k, x]) => [k, x.name]),
          focus: true,
        })
  }
    ${field(form, { name: 'name', label: t`Name`, max: 200, focus: !!m, placeholder: 'API' })}
    ${
      asked
        ? field(form, { name: 'target', label: t`Target`, max: 2000, placeholder: kinds[v.kind].target })
        : html`<p class="hint">${t`Your program asks for an address of ours when it has done its work; you see the address when the monitor is made.`}</p>`
    }
    <div class="pair">${field(form, { name: 'interval_s', label: asked ? t`Every (seconds)` : t`At least every (seconds)`, type: 'number' })}${asked ? field(form, { name: 'timeout_ms', label: t`Timeout (ms)`, type: 'number' }) : nothing}</div>
    ${
      v.kind === 'http'
        ? html`<details class="more"><summary>${t`Request`}</summary>${choose(form, { name: 'method', label: t`Method`, options: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((x) => [x, x]) })}
          ${field(form, { name: 'body', label: t`Body`, rows: 3, max: 20000, optional: true })}</details>`
        : v.kind === 'grpc'
          ? field(form, { name: 'body', label: t`gRPC service`, optional: true })
          : nothing
    }
    ${asks ? headers(form, m, side) : nothing}
    ${asked ? conditions(form) : nothing}
    <div class="pair">${field(form, { name: 'failures', label: t`Down after failures`, type: 'number' })}${field(form, { name: 'successes', label: t`Up after successes`, type: 'number' })}
      ${asked ? html`${field(form, { name: 'quorum', label: t`Regions that agree`, hint: t`majority, or a number` })}${field(form, { name: 'regions', label: t`Regions`, optional: true, hint: t`None: all of them.`, placeholder: 'fra, iad' })}` : nothing}</div>
    ${choose(form, {
      name: 'action',
      label: t`When it is down`,
      options: [
        ['show', t`Only show it`],
        ['propose', t`Propose an incident to the team`],
        ['act', t`Open an incident, and resolve it`],
      ],
    })}
    <div class="pair">${choose(form, { name: 'service', label: t`Service`, options: serviceOptions(t`None`) })}
      ${v.action === 'show' ? nothing : html`${choose(form, { name: 'to_state', label: t`It is then`, options: downStates })}${choose(form, { name: 'template', label: t`Words`, options: [['', t`Ours`], ...templateOptions()] })}`}</div>
    ${tick(form, 'shown', t`Visitors see its response times`, t`On the page of its service.`)}
    ${tick(form, 'paused', t`Paused`)}
    ${asked ? trial(form, m, side) : nothing}
    ${m ? replay(form, m, side) : nothing}`;
}

/** @param {Form} form @param {Monitor|undefined} m @param {Side} side */
function headers(form, m, side) {
  const error = form.error('headers');
  const kept = m?.header_names.length
    ? t`Kept: ${m.header_names.join(', ')}. Their values are never shown; what you write takes their place.`
    : t`One on each line. They are never shown again.`;
  return html`<div class="field"><label for="f-headers">${t`Headers`} <span class="faint">${t`optional`}</span></label>
    <textarea id="f-headers" rows="2" autocomplete="off" spellcheck="false" placeholder="Authorization: Bearer …" aria-invalid=${error ? 'true' : 'false'} aria-describedby="f-headers-hint" .value=${live(side.headers)} @input=${(
      /** @type {Event} */ e,
    ) => {
      side.headers = /** @type {HTMLTextAreaElement} */ (e.target).value;
      side.wrote = true;
      form.problem = null;
      changed();
    }}></textarea><p class="hint ${error ? 'bad' : ''}" id="f-headers-hint">${error || kept}</p></div>`;
}

/** @param {Form} form */
function conditions(form) {
  const all = /** @type {Condition[]} */ (form.values.conditions);
  const change = (/** @type {number} */ i, /** @type {Partial<Condition>} */ what) =>
    form.set(
      'conditions',
      all.map((c, k) => (k === i ? { ...c, ...what } : c)),
    );
  const typed = (/** @type {Event} */ e) => /** @type {HTMLInputElement} */ (e.target).value;
  const error = form.error('conditions');
  return html`<fieldset class="field"><legend>${t`What must hold`}</legend>
    ${all.map(
      (c, i) => html`<div class="condition">
        <input aria-label=${t`What`} list="subjects" autocomplete="off" .value=${live(c.on)} @input=${(/** @type {Event} */ e) => change(i, { on: typed(e) })} />
        <select aria-label=${t`How`} @change=${(/** @type {Event} */ e) => change(i, { op: typed(e) })}>${operators.map(([op, words]) => html`<option value=${op} .selected=${live(op === c.op)}>${words}</option>`)}</select>
        <input aria-label=${t`Value`} autocomplete="off" ?disabled=${c.op === 'exists' || c.op === 'absent'} .value=${live(String(c.value ?? ''))} @input=${(/** @type {Event} */ e) => change(i, { value: typed(e) })} />
        <button type="button" class="quiet-button" aria-label=${t`Remove this condition`} title=${t`Remove`} @click=${() =>
          form.set(
            'conditions',
            all.filter((_, k) => k !== i),
          )}>${icon('close')}</button></div>`,
    )}
    <datalist id="subjects">${subjects.map((s) => html`<option value=${s}></option>`)}</datalist>
    <div><button type="button" class="button small" @click=${() => form.set('conditions', [...all, { on: all.length ? 'time' : 'status', op: all.length ? 'lt' : 'eq', value: all.length ? '1000' : '200' }])}>${icon('plus')}${t`Add a condition`}</button></div>
    <p class="hint ${error ? 'bad' : ''}">${error || (all.length || form.values.kind !== 'http' ? '' : t`None: any answer from 200 to 299 is well.`)}</p></fieldset>`;
}

/** One look with what is typed. @param {Form} form @param {Monitor|undefined} m @param {Side} side */
function trial(form, m, side) {
  const now = async () => {
    side.trying = true;
    side.tried = t`Looking…`;
    changed();
    try {
      const { data } = await call('POST', m ? `/monitors/${m.id}/test/` : '/monitors/test/', {
        body: written(form.values, side),
      });
      side.tried = looked(data);
    } catch (error) {
      const e = /** @type {any} */ (error);
      side.tried = e.problem?.errors?.[0]?.message ?? e.message;
    }
    side.trying = false;
    changed();
  };
  return html`<div class="row"><button type="button" class="button small" ?disabled=${side.trying} @click=${now}>${icon('again')}${t`Test now`}</button><span class="grow" role="status">${side.tried}</span></div>`;
}

/** How long the form is left alone before its settings are replayed, in milliseconds. */
const PAUSE = 500;

/** What the last day would have been under these settings. @param {Form} form @param {Monitor} m @param {Side} side */
function replay(form, m, side) {
  const body = written(form.values, side);
  const text = JSON.stringify(body);
  if (text !== side.asked) {
    side.asked = text;
    clearTimeout(side.timer);
    side.timer = setTimeout(async () => {
      try {
        const { data } = await call('POST', `/monitors/${m.id}/preview/`, { body });
        if (text !== side.asked) return;
        side.said = data.results
          ? [
              form.values.action === 'act'
                ? t`Over the last day these settings would have opened ${count(data.incidents, 'incident')} (${count(data.results, 'look')}).`
                : t`Over the last day these settings would have found ${count(data.incidents, 'incident')} (${count(data.results, 'look')}).`,
              data.down_s ? t`It would have been down for ${span(data.down_s * 1000)} together.` : '',
            ].join(' ')
          : t`Nothing was seen in the last day to replay.`;
      } catch {
        side.said = '';
      }
      changed();
    }, PAUSE);
  }
  return html`<p class="note preview" role="status">${side.said || t`Replaying the last day…`}</p>`;
}
