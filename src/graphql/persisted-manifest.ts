/**
 * The list of operations that may run: the file `persisted-documents.json` that GraphQL Code Generator's client-preset
 * writes, hashes to documents. https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#persisted-documents
 */
import { readFileSync } from 'node:fs';
import { parse } from 'graphql';

/** Documents by their hashes in hexadecimal, without the algorithm in front. */
export type Manifest = ReadonlyMap<string, string>;

export interface PersistedOperations {
  /** `log`: what is not in the manifest runs, and the log tells of it. `enforce`: it doesn't run. */
  mode: 'off' | 'log' | 'enforce';
  manifest: Manifest;
}

/** The manifest can't be used; the message says why, after the name of the variable. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
}

const ALGORITHM = /^sha256:/;
/** `sha256:` may stand in front of a hash, in the file as in a request. */
export const bareHash = (hash: string): string => hash.replace(ALGORITHM, '');

const systemCode = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unreadable';

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ManifestError(`cannot be read (${systemCode(error)})`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ManifestError('is not JSON');
  }
}

function isDocument(text: unknown): text is string {
  try {
    return typeof text === 'string' && parse(text).definitions.length > 0;
  } catch {
    return false;
  }
}

/** @throws {ManifestError} when there is no such file, or it is no manifest, or an empty one */
function readManifest(file: string): Manifest {
  const content = parseJson(readText(file));
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new ManifestError('is not an object of hashes and documents');
  }
  const entries = Object.entries(content).map(([hash, text]: [string, unknown]): [string, string] => {
    if (!isDocument(text)) throw new ManifestError('holds something that is not a GraphQL document');
    return [bareHash(hash), text];
  });
  if (entries.length === 0) throw new ManifestError('holds no operation');
  return new Map(entries);
}

/**
 * The operations that may run; the file is read only where the list is used.
 * @throws {ManifestError}
 */
export function readPersisted(mode: PersistedOperations['mode'] = 'off', file?: string): PersistedOperations {
  if (mode === 'off') return { mode, manifest: new Map() };
  if (file === undefined) throw new ManifestError('is required when PERSISTED_OPERATIONS is log or enforce');
  return { mode, manifest: readManifest(file) };
}

/** What keeps the configured list from being used, as a line for the report of the configuration. */
export function findPersistedFaults(mode?: PersistedOperations['mode'], file?: string): string[] {
  try {
    readPersisted(mode, file);
    return [];
  } catch (error) {
    if (error instanceof ManifestError) return [`PERSISTED_OPERATIONS_FILE ${error.message}`];
    throw error;
  }
}
