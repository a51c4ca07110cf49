/**
 * The list of operations that may run: the file `persisted-documents.json` that GraphQL Code Generator's client-preset
 * writes, hashes to documents. https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#persisted-documents
 */
import { readFileSync } from 'node:fs';
import { parse, type DocumentNode } from 'graphql';
import { codeOf } from '../errors';
import { isRecord } from '../is-record';
import { countNodes, normalise } from './normalise';

/** Documents by their hashes in hexadecimal, without the algorithm in front. */
export type Manifest = ReadonlyMap<string, string>;

export interface PersistedOperations {
  /** `log`: what is not in the manifest runs, and the log tells of it. `enforce`: it doesn't run. */
  mode: 'off' | 'log' | 'enforce';
  manifest: Manifest;
  isMember: (document: DocumentNode) => boolean;
}

/** The manifest can't be used; the message says why, after the name of the variable. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
}

const ALGORITHM = /^sha256:/;
/** `sha256:` may stand in front of a hash, in the file as in a request. */
export const bareHash = (hash: string): string => hash.replace(ALGORITHM, '');

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ManifestError(`cannot be read (${codeOf(error) || 'unreadable'})`);
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
  if (!isRecord(content)) {
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
 * Whether a document is one of the manifest's, however it is laid out. To put one into order takes its size times its depth, so
 * it is done only where there is one of as many nodes in the list; anybody may send any other.
 */
export function createMembership(manifest: Manifest): (document: DocumentNode) => boolean {
  const documents = [...manifest.values()].map((text) => parse(text));
  const members = new Set(documents.map(normalise));
  const sizes = new Set(documents.map(countNodes));
  const answers = new WeakMap<DocumentNode, boolean>();
  return (document) => {
    const known = answers.get(document) ?? (sizes.has(countNodes(document)) && members.has(normalise(document)));
    answers.set(document, known);
    return known;
  };
}

/** There is no list, and nobody asks for it. */
const OFF: PersistedOperations = { mode: 'off', manifest: new Map(), isMember: () => false };

/**
 * The operations that may run; the file is read only where the list is used.
 * @throws {ManifestError}
 */
export function readPersisted(mode: PersistedOperations['mode'] = 'off', file?: string): PersistedOperations {
  if (mode === 'off') return OFF;
  if (file === undefined) throw new ManifestError('is required when PERSISTED_OPERATIONS is log or enforce');
  const manifest = readManifest(file);
  return { mode, manifest, isMember: createMembership(manifest) };
}
