/** Which operations may be compiled: those that both executors are known to carry out alike. */
import {
  BREAK,
  Kind,
  OperationTypeNode,
  visit,
  type ASTNode,
  type DocumentNode,
  type OperationDefinitionNode,
} from 'graphql';

/**
 * Directives have their meaning worked out in another way. Literals of arguments become code, and graphql-jit takes some
 * strings in them (`__MAGIC_DATE__` and its kin) for expressions to run: no text of a caller's may get there. In objects
 * and lists it puts null for a variable that is not given, where a default may be meant.
 */
const ODD_KINDS: ReadonlySet<Kind> = new Set([Kind.DIRECTIVE, Kind.STRING, Kind.OBJECT, Kind.LIST]);

/** As a key in code it names the prototype, not a field or a variable. */
const isOddName = (node: ASTNode): boolean => node.kind === Kind.NAME && node.value === '__proto__';

export function isPlain(document: DocumentNode, operation: OperationDefinitionNode): boolean {
  let isOdd = operation.operation === OperationTypeNode.SUBSCRIPTION;
  visit(document, {
    enter(node) {
      isOdd ||= ODD_KINDS.has(node.kind) || isOddName(node);
      return isOdd ? BREAK : undefined;
    },
  });
  return !isOdd;
}
