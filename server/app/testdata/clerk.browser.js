// A stand-in for Clerk's script: what we use of it, as its documentation has it. Who is signed in is kept where Clerk keeps it, in the
// origin's own storage.
(() => {
  const host = new URL(document.currentScript.src).origin;
  const key = document.currentScript.dataset.clerkPublishableKey;
  const read = () => JSON.parse(localStorage.getItem('standin') ?? '{}');
  const write = (state) => localStorage.setItem('standin', JSON.stringify(state));
  const orgs = [{ id: 'org_1', slug: 'acme', name: 'Acme' }, { id: 'org_2', slug: 'globex', name: 'Globex' }];
  const clerk = {
    loaded: false,
    async load() {
      if (!key) throw new Error('no key');
      await fetch(`${host}/v1/client`); // as the policy has to let it
      this.loaded = true;
    },
    get user() {
      return read().user ? { id: read().user, getOrganizationMemberships: async () => ({ total_count: orgs.length, data: orgs.map((organization) => ({ organization })) }) } : null;
    },
    get organization() {
      return orgs.find((o) => o.id === read().org) ?? null;
    },
    get session() {
      return read().user ? { getToken: async ({ skipCache }) => (await fetch(`${host}/token?user=${read().user}&org=${read().org ?? ''}&fresh=${skipCache}`)).text() } : null;
    },
    mountSignIn(node, { forceRedirectUrl }) {
      if (!this.loaded) throw new Error('not loaded');
      for (const name of ['Ada', 'Eve']) {
        const button = document.createElement('button');
        button.textContent = `Continue as ${name}`;
        button.setAttribute('style', 'display: block'); // styles in the page, as Clerk's form has them
        button.onclick = () => {
          write({ user: `user_${name.toLowerCase()}` });
          location.assign(forceRedirectUrl);
        };
        node.append(button);
      }
    },
    unmountSignIn: (node) => node.replaceChildren(),
    setActive: async ({ organization }) => write({ ...read(), org: organization }),
    signOut: async (callback) => {
      write({});
      await callback();
    },
  };
  window.Clerk = clerk;
})();
