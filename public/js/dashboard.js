import { changed, mayWrite, model, onChange, set, waiting } from './dashboard/model.js';
import { fold, shell } from './dashboard/shell.js';
import { html, keyed, render } from './vendor/lit-html.js';
import './dashboard/views/incident.js';
import './dashboard/views/maintenance.js';
import * as clerk from './dashboard/clerk.js';
import * as dialogs from './dashboard/dialog.js';
import * as mail from './dashboard/mail.js';
import * as keyboard from './dashboard/keys.js';
import * as router from './dashboard/router.js';
import * as storage from './dashboard/storage.js';
import * as update from './dashboard/update.js';
import './dashboard/undo.js';
import { publishKey } from './publish_key.js';
import { accent } from './dashboard/accent.js';
import { empty } from './dashboard/views/list.js';
import './dashboard/desk.js';
import { later, load, loaded } from './dashboard/later.js';
import { fail, open, reconnect } from './dashboard/person.js';
import { objects, shownIn } from './dashboard/nouns.js';
import { openIncident } from './dashboard/views/incident_form.js';
import { overview } from './dashboard/views/overview.js';
import { queue } from './dashboard/views/queue.js';
import { settle } from './dashboard/views/service.js';
import { learnTemplates } from './dashboard/views/template.js';
import { t } from './language.js';

/** @typedef {import('./dashboard/types.js').View} View */

const account = later('account');

/** @type {Record<string, (view: View, id: string) => unknown>} */
const views = {
  overview,
  monitors: later('monitors'),
  drafts: later('drafts'),
  templates: later('templates'),
  subscribers: later('subscribers'),
  team: later('team'),
  keys: later('keys'),
  audit: later('audit'),
  settings: later('settings'),
  account,
  queue,
  missing: () =>
    empty(
      t`Nothing here`,
      t`This address leads nowhere.`,
      html`<a class="button" href="/dashboard">${t`Overview`}</a>`,
    ),
};

const titles = /** @type {Record<string, string>} */ ({
  overview: t`Overview`,
  monitors: t`Monitors`,
  drafts: t`Drafts`,
  templates: t`Templates`,
  subscribers: t`Subscribers`,
  team: t`Team`,
  keys: t`API keys`,
  audit: t`Audit log`,
  settings: t`Settings`,
  account: t`Account`,
  queue: t`Waiting to be sent`,
  missing: t`Not found`,
});

const root = /** @type {HTMLElement} */ (document.getElementById('app'));

function content() {
  const { name, id } = router.route();
  if (model.failure && !model.view) {
    return empty(
      t`The dashboard cannot start`,
      model.failure,
      html`<button type="button" class="button" @click=${() => {
        set({ failure: '' });
        reconnect();
      }}>${t`Try again`}</button>
      ${clerk.used ? html`<a class="button" href="/login">${t`Another account`}</a>` : ''}`,
    );
  }
  if (model.identity && !model.identity.organization) return account(null, '');
  if (model.identity?.lacksFactor) return later(name === 'account' ? name : 'factorGate')(null, '');
  if (!model.view) return html`<div class="skeleton tall" aria-busy="true" aria-label=${t`Opening`}></div>`;
  return keyed(`${name}/${id}`, (shownIn(name)?.show ?? views[name])(model.view, id));
}

/** What is open, where that has a name of its own. */
function opened() {
  const { name, id } = router.route();
  const noun = shownIn(name);
  if (!id || !noun?.alone || !model.view) return undefined;
  return objects(noun, model.view).find((x) => x.id === id)?.title;
}

let drawn = false;

function draw() {
  const { name } = router.route();
  if (name !== 'settings') loaded()?.leaveSettings();
  render(shell(content()), root);
  dialogs.settle();
  settle();
  learnTemplates();
  accent(model.view?.org.accent ?? '');
  if (model.view && !drawn) {
    drawn = true;
    performance.mark('drawn'); // how long a start took
  }
  const org = model.view?.org.name ?? model.identity?.organization?.name;
  document.title = `${opened() ?? shownIn(name)?.label ?? titles[name]}${org ? ` · ${org}` : ''}`;
}

/** After a move to another view, reading starts at its heading. */
function arrive() {
  fold();
  changed();
  setTimeout(
    () => /** @type {HTMLElement|null} */ (document.querySelector('main h1'))?.focus({ preventScroll: true }),
    0,
  );
}

// What was typed is asked about before it is lost, where nothing keeps it.
addEventListener('beforeunload', (leaving) => {
  if (model.unkept && (waiting().length || document.querySelector('dialog[open]'))) leaving.preventDefault();
});
onChange(draw);
router.start(arrive);
keyboard.start();
publishKey();
draw();
// Where no worker keeps the other files, they are taken while there is a network.
update.start().then((kept) => {
  if (!kept) load().catch(() => {});
});
storage.learn();
open(document.documentElement.dataset.core ?? '').then(
  () => {
    mail.start();
    // The installed application's shortcut.
    if (!router.route().query.has('new') || !model.view || !mayWrite()) return;
    router.go(location.pathname, { replace: true });
    openIncident();
  },
  (error) => fail(error instanceof Error ? error.message : String(error)),
);
