import { loadCore } from '../../public/js/core.js';

await loadCore(process.argv[2]).then(() => console.log('loaded'), (error) => console.log(error.message));
