import { render } from 'preact';
import { open } from './control.ts';
import { Studio } from './studio.tsx';

render(<Studio />, document.getElementById('studio')!);
await open();
