import { render } from 'preact';
import { open } from './features/run/model.ts';
import { Studio } from './studio.tsx';

render(<Studio />, document.getElementById('studio')!);
await open();
