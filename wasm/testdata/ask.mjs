// Asks the rules at an address what standard input lists, and prints the answers.
import { loadCore } from '../../public/js/core.js';

const core = await loadCore(process.argv[2]);
let text = '';
for await (const part of process.stdin.setEncoding('utf8')) text += part;
const answers = JSON.parse(text).map((message) => JSON.stringify(core.call(JSON.parse(message))));
process.stdout.write(JSON.stringify(answers));
