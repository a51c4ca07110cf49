/**
 * Operations that front ends send over and over, as they were found good by Apollo: parsed, validated and, after some
 * times, compiled. What depends on the request (limits, variables, scopes, input) is checked for each request as ever.
 */
import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { OperationSeen } from '../operation-seen';
import { rootFieldNames } from '../operation-shape';
import { compileOperation, type RunOperation } from './compile-operation';

/** So many texts are remembered; the oldest one makes room. */
const MAX_TEXTS = 100;
/** Characters. */
const MAX_TEXT_LENGTH = 8 * 1024;
/** An operation is compiled when it has gone well so often: compiling takes as long as some tens of requests. */
const COMPILED_AFTER = 10;

/** An operation that can be run without Apollo. */
export interface KnownOperation {
  document: DocumentNode;
  operation: OperationDefinitionNode;
  seen: NonNullable<OperationSeen['operation']>;
  run: RunOperation;
}

interface Entry {
  times: number;
  /** Null: not yet, or never. */
  known: KnownOperation | null;
}

export class KnownOperations {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly schema: GraphQLSchema) {}

  /** By the text as it came, spaces and all. */
  find(text: string): KnownOperation | null {
    return this.entries.get(text)?.known ?? null;
  }

  /** An operation that has gone well at Apollo's, the only one of its document. */
  async note(text: string, document: DocumentNode, operation: OperationDefinitionNode): Promise<void> {
    if (text.length > MAX_TEXT_LENGTH) return;
    const entry = this.entryOf(text);
    entry.times++;
    if (entry.times !== COMPILED_AFTER) return;
    const run = await compileOperation(this.schema, document, operation);
    if (run === null) return;
    const fields = rootFieldNames(document, operation);
    const seen = { name: operation.name?.value ?? null, type: operation.operation, fields };
    entry.known = { document, operation, seen, run };
  }

  private entryOf(text: string): Entry {
    const known = this.entries.get(text);
    if (known !== undefined) return known;
    const entry: Entry = { times: 0, known: null };
    const [oldest] = this.entries.keys();
    if (this.entries.size >= MAX_TEXTS && oldest !== undefined) this.entries.delete(oldest);
    this.entries.set(text, entry);
    return entry;
  }
}
