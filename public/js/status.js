// What the public page does beyond being read: times in the visitor's zone, strips that can be walked, and, where the page
// says so (data-socket), news as it is written. Without this file the page is whole.
import { enhance } from './status/enhance.js';
import { keep } from './status/live.js';
import { links } from './status/link.js';
import { menu } from './status/menu.js';
import { strips } from './status/strip.js';
import { tick } from './status/time.js';

enhance(document);
strips();
menu();
links();
document.documentElement.dataset.script = 'on';
setInterval(() => tick(document), 30_000);

const page = document.getElementById('page');
if (page?.dataset.socket) keep(page);
