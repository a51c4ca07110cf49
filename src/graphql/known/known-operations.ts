/**
 * Operations that front ends send over and over, as Apollo has found them: parsed, valid, allowed by the list. What depends
 * on the request (limits, variables, scopes, input) is checked for each request as ever.
 */
import type { DocumentNode, OperationDefinitionNode } from 'graphql';
import { makeRoom } from '../../make-room';
import type { OperationSeen } from '../operation-seen';
import { rootFieldNames } from '../operation-shape';

/** So many texts are remembered; the one that was asked for longest ago makes room. */
const MAX_TEXTS = 100;
/** Characters. */
const MAX_TEXT_LENGTH = 4 * 1024;

/** An operation that can be run without Apollo. */
export interface KnownOperation {
  /** As it came first, spaces and all. */
  text: string;
  document: DocumentNode;
  operation: OperationDefinitionNode;
  seen: NonNullable<OperationSeen['operation']>;
}

export class KnownOperations {
  /** By the text as it came, spaces and all; the latest last. */
  private readonly entries = new Map<string, KnownOperation>();
  private latest: KnownOperation | null = null;

  find(text: string): KnownOperation | null {
    // To compare two texts takes a fraction of what looking one up does, as each has to be hashed first.
    if (text === this.latest?.text) return this.latest;
    const known = this.entries.get(text);
    if (known === undefined) return null;
    this.latest = known;
    this.entries.delete(text);
    this.entries.set(text, known);
    return known;
  }

  /** An operation that has gone well at Apollo's, the only one of its document. */
  note(text: string, document: DocumentNode, operation: OperationDefinitionNode): void {
    if (text.length > MAX_TEXT_LENGTH || this.entries.has(text)) return;
    makeRoom(this.entries, MAX_TEXTS);
    const fields = rootFieldNames(document, operation);
    const seen = { name: operation.name?.value ?? null, type: operation.operation, fields };
    const known = { text, document, operation, seen };
    this.latest = known;
    this.entries.set(text, known);
  }
}
