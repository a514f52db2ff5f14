import * as database from './database.js';
import * as outbox from './outbox.js';
import { expire, fail, lacksFactor, resume } from './person.js';
import { link, onDenied } from './connection.js';
import { confirm, refusedByServer } from './submit.js';
import { listen } from './tabs.js';
import { changed, model, set } from './model.js';
import { rebase } from './rebase.js';
import { t } from '../language.js';

// Where the parts meet: who is here (person), the page, the queue on top of it (rebase, outbox), and the connection.

outbox.handle({
  changed: rebase,
  sent: confirm,
  refused: refusedByServer,
  reached: () => link.retry(),
  signedOut: expire,
});

database.onUnkept(() => {
  set({ unkept: true });
  changed();
});

onDenied(async (code) => {
  if (code === 4401) expire();
  else if (code === 4403 && (await lacksFactor())) resume();
  else
    fail(
      code === 4403 ? t`You are no longer a member of this organisation.` : t`This organisation is no longer there.`,
    );
});

listen((note) => {
  if (note.type === 'queue') outbox.refresh();
  if (note.type === 'signed-out') location.assign('/login');
  if (note.type === 'signed-in' && model.expired) resume();
});
