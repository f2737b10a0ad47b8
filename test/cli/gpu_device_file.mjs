// For `node --import`: a machine with the device file of a GPU, as wgrad looks for one.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { existsSync } = fs;
fs.existsSync = (path) => path === '/dev/nvidia0' || existsSync(path);
syncBuiltinESMExports();
