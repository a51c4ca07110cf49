import { rmSync } from 'node:fs';
import { takeAtTheEnd } from './global-state';

export default async function tearDown(): Promise<void> {
  const kept = takeAtTheEnd();
  if (kept === undefined) return;
  await kept.server?.stop();
  rmSync(kept.template, { recursive: true, force: true });
}
