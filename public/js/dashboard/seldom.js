// What the first screen has no use for. The build makes a file of its own of it, which later.js asks for.

export { account } from './views/account.js';
export { audit } from './views/audit.js';
export { drafts } from './views/draft.js';
export { editQueuedSettings, leaveSettings, settings } from './views/organization.js';
export { factorGate } from './views/factor.js';
export { keys } from './views/apikey.js';
export { monitors } from './views/monitor.js';
export { subscribers } from './views/subscriber.js';
export { team } from './views/team.js';
export { templates } from './views/template_list.js';
