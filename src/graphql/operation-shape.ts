/**
 * What an operation looks like before it runs, whatever `@skip` and `@include` say. Each fragment is measured once, so
 * fragments that spread each other again and again cost no time; one that spreads itself, which validation refuses
 * before this, adds nothing.
 */
import {
  Kind,
  OperationTypeNode,
  visit,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

interface Folding<T> {
  ofField: (field: FieldNode, foldChildren: (set: SelectionSetNode | undefined) => T) => T;
  none: T;
  join: (a: T, b: T) => T;
}

/** Folds a selection set of a document, with the fragments in their places. */
function foldSelections<T>(
  document: DocumentNode,
  selectionSet: SelectionSetNode,
  { ofField, none, join }: Folding<T>,
): T {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const known = new Map<string, T>();
  const ofFragment = (name: string): T => {
    const before = known.get(name);
    if (before !== undefined) return before;
    known.set(name, none);
    const value = fold(fragments.get(name)?.selectionSet);
    known.set(name, value);
    return value;
  };
  const ofSelection = (selection: SelectionNode): T => {
    if (selection.kind === Kind.FIELD) return ofField(selection, fold);
    return selection.kind === Kind.INLINE_FRAGMENT ? fold(selection.selectionSet) : ofFragment(selection.name.value);
  };
  const fold = (set: SelectionSetNode | undefined): T => (set?.selections ?? []).map(ofSelection).reduce(join, none);
  return fold(selectionSet);
}

/** `__typename`, `__schema` and `__type` ask about the schema, which bounds the answer by itself. */
const isMeta = ({ name }: FieldNode): boolean => name.value.startsWith('__');

/** Fields below fields; what asks about the schema is left out. */
export const depthOf = (document: DocumentNode, operation: OperationDefinitionNode): number =>
  foldSelections<number>(document, operation.selectionSet, {
    ofField: (field, fold) => (isMeta(field) ? 0 : 1 + fold(field.selectionSet)),
    none: 0,
    join: (a, b) => Math.max(a, b),
  });

/** Fields at all depths, those of a fragment as often as it is spread. Grows without bound where fragments multiply. */
export const countSelected = (document: DocumentNode, operation: OperationDefinitionNode): number =>
  foldSelections<number>(document, operation.selectionSet, {
    ofField: (field, fold) => 1 + fold(field.selectionSet),
    none: 0,
    join: (a, b) => a + b,
  });

/** How often the operation selects a field of its root type, under whatever name; what asks about the schema is left out. */
export const countRootFields = (document: DocumentNode, operation: OperationDefinitionNode): number =>
  foldSelections<number>(document, operation.selectionSet, {
    ofField: (field) => (isMeta(field) ? 0 : 1),
    none: 0,
    join: (a, b) => a + b,
  });

/** The fields of its root type that the operation selects, by their names in the schema, each once. */
export const rootFieldNames = (document: DocumentNode, operation: OperationDefinitionNode): string[] => [
  ...foldSelections<ReadonlySet<string>>(document, operation.selectionSet, {
    ofField: (field) => new Set(isMeta(field) ? [] : [field.name.value]),
    none: new Set(),
    join: (a, b) => new Set([...a, ...b]),
  }),
];

const isCondition = ({ name }: DirectiveNode): boolean => name.value === 'skip' || name.value === 'include';

/** Whether a subscription of the document makes what stands at its root depend on `@skip` or `@include`. */
export function hasConditionalSubscription({ definitions }: DocumentNode): boolean {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of definitions) if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const seen = new Set<string>();
  const isConditional = (selection: SelectionNode): boolean => {
    if (selection.directives?.some(isCondition) === true) return true;
    if (selection.kind === Kind.FIELD) return false;
    if (selection.kind === Kind.INLINE_FRAGMENT) return selection.selectionSet.selections.some(isConditional);
    const { value: name } = selection.name;
    if (seen.has(name)) return false;
    seen.add(name);
    return fragments.get(name)?.selectionSet.selections.some(isConditional) ?? false;
  };
  return definitions.some(
    (node) =>
      node.kind === Kind.OPERATION_DEFINITION &&
      node.operation === OperationTypeNode.SUBSCRIPTION &&
      node.selectionSet.selections.some(isConditional),
  );
}

export interface WrittenCounts {
  fields: number;
  aliases: number;
  directives: number;
}

/** What is written in a document, each fragment once, used or not. */
export function countWritten(document: DocumentNode): WrittenCounts {
  const counts: WrittenCounts = { fields: 0, aliases: 0, directives: 0 };
  visit(document, {
    Field: ({ alias }) => {
      counts.fields += 1;
      if (alias !== undefined) counts.aliases += 1;
    },
    Directive: () => {
      counts.directives += 1;
    },
  });
  return counts;
}
