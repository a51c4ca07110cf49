/** Documents that Apollo has parsed, kept by what they really take. */
import { InMemoryLRUCache } from '@apollo/utils.keyvaluecache';
import type { DocumentNode } from 'graphql';

/** Bytes. */
const MAX_SIZE = 30 * 1024 * 1024;
/** A token has a hundred bytes and may stand at every second character: comments have tokens as well, that no limit counts. */
const BYTES_A_CHARACTER = 64;

/**
 * By itself Apollo weighs a document as its JSON, which has neither the text nor its tokens: a few thousand documents that are
 * little but comments would fill the heap, those that are refused included, as it keeps them before it looks at limits.
 */
export const createDocumentStore = (): InMemoryLRUCache<DocumentNode> =>
  new InMemoryLRUCache<DocumentNode>({
    maxSize: MAX_SIZE,
    sizeCalculation: ({ loc }) => (loc?.source.body.length ?? 0) * BYTES_A_CHARACTER + 1,
  });
