import {
  print,
  visit,
  type ArgumentNode,
  type ASTNode,
  type ASTVisitor,
  type DirectiveNode,
  type DocumentNode,
} from 'graphql';

const byText = <T extends ASTNode>(nodes: readonly T[]): T[] =>
  nodes
    .map((node) => ({ node, text: print(node) }))
    .sort((a, b) => (a.text < b.text ? -1 : Number(a.text > b.text)))
    .map(({ node }) => node);

interface Laden {
  arguments?: readonly ArgumentNode[];
  directives?: readonly DirectiveNode[];
}

const inOrder = <T extends Laden>(node: T): T => ({
  ...node,
  ...(node.arguments && { arguments: byText(node.arguments) }),
  ...(node.directives && { directives: byText(node.directives) }),
});

const IN_ORDER: ASTVisitor = {
  Document: { leave: (node) => ({ ...node, definitions: byText(node.definitions) }) },
  OperationDefinition: {
    leave: (node) => ({
      ...inOrder(node),
      description: undefined,
      variableDefinitions: byText(node.variableDefinitions ?? []),
    }),
  },
  VariableDefinition: { leave: (node) => ({ ...inOrder(node), description: undefined }) },
  FragmentDefinition: { leave: (node) => ({ ...inOrder(node), description: undefined }) },
  SelectionSet: { leave: (node) => ({ ...node, selections: byText(node.selections) }) },
  Field: { leave: inOrder },
  FragmentSpread: { leave: inOrder },
  InlineFragment: { leave: inOrder },
  Directive: { leave: inOrder },
  ObjectValue: { leave: (node) => ({ ...node, fields: byText(node.fields) }) },
  StringValue: { leave: (node) => ({ ...node, block: false }) },
};

/** Of the document as `normalise` has it. */
export function countNodes(document: DocumentNode): number {
  let count = 0;
  visit(document, {
    enter: (_, key) => {
      if (key === 'description') return false;
      count++;
      return undefined;
    },
  });
  return count;
}

/**
 * A document without what doesn't change its meaning: comments, descriptions, spaces, and the order of selections and arguments, as
 * client-preset sorts them before it prints. The one field of a mutation leaves no order to lose.
 */
export const normalise = (document: DocumentNode): string => print(visit(document, IN_ORDER));
