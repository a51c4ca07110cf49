import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const PACKAGE = path.join(__dirname, '..', 'package.json');

/** Our own name and version, as package.json has them. */
export const PRODUCT = z
  .object({ name: z.string(), version: z.string() })
  .parse(JSON.parse(readFileSync(PACKAGE, 'utf8')));
