import { changed, set } from './model.js';

// The service worker keeps the dashboard's own files, so that it starts without a network. It never touches what is queued.

/** Installs the worker, and notices when another version of the files has taken over. Says whether there is one. */
export async function start() {
  const workers = navigator.serviceWorker;
  if (!workers) return false;
  let had = workers.controller !== null;
  workers.addEventListener('controllerchange', () => {
    // The first worker of all brings nothing new.
    set({ newVersion: had });
    had = true;
    changed();
  });
  try {
    const registration = await workers.register(address(), { scope: '/dashboard', updateViaCache: 'none' });
    setInterval(() => registration.update().catch(() => {}), 30 * 60_000);
    return true;
  } catch {
    return false; // without it the dashboard works as long as there is a network
  }
}

/** Under Trusted Types a worker's address must come from a policy; ours knows this one. @returns {any} */
function address() {
  const types = /** @type {any} */ (globalThis).trustedTypes;
  return types ? types.createPolicy('dashboard', { createScriptURL: () => '/sw.js' }).createScriptURL('') : '/sw.js';
}

export const reload = () => location.reload();
