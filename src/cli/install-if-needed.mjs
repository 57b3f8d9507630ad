// Installs what the lock names when a fresh clone, or a clone whose lock moved on, is started.
import { execSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';

const installed = 'node_modules/.package-lock.json';
const wanted = 'package-lock.json';
const stale = () => statSync(wanted).mtimeMs > statSync(installed).mtimeMs;

if (!existsSync(installed) || stale()) execSync('npm ci', { stdio: 'inherit' });
