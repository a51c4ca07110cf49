/** What one request can do at most, and how it is told when it asks for more. The README has the same table. */
import {
  getVariableValues,
  GraphQLBoolean,
  GraphQLError,
  GraphQLInt,
  GraphQLString,
  Kind,
  OperationTypeNode,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { ApolloServerErrorCode } from '@apollo/server/errors';
import { isRecord } from '../is-record';
import { costOf } from './operation-cost';
import { VARIABLE_MESSAGE } from './variable-errors';
import { countRootFields, countSelected, countWritten, depthOf, rootFieldNames } from './operation-shape';

/** So many faults of a document are told at most. */
export const MAX_VALIDATION_ERRORS = 20;

/** Room for seven times the largest operation of schema/operations, and for the introspection of any tool. */
export const LIMITS = {
  /** Of a document; longer ones are not even parsed. */
  characters: 32 * 1024,
  /** Lexical tokens of a document, comments not counted; no more are parsed. */
  tokens: 1000,
  /** Fields as they are written, those of a fragment once. */
  fields: 250,
  aliases: 20,
  directives: 20,
  /** Fields below fields. */
  depth: 10,
  /** Fields with fragments in their places, before lists multiply them. */
  selected: 2000,
  /** See operation-cost.ts. */
  cost: 10_000,
  rootMutations: 1,
  /** Bytes of a request's body; the HTTP server takes more only for the one operation that may be long. */
  bodyBytes: 64 * 1024,
  /** Of any list in the variables. What one may really have is told by its field; this is what is looked at for that. */
  listItems: 20_000,
} as const;

/** The one mutation that takes thousands of users in its variables. */
const LONG_MUTATION = 'startKickJob';

/** The closed list of codes for operations that ask for too much. */
export const LimitCode = {
  PAYLOAD_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  SUBSCRIPTION_NOT_SUPPORTED: 'SUBSCRIPTION_NOT_SUPPORTED',
  TOO_MANY_MUTATIONS: 'TOO_MANY_MUTATIONS',
  TOO_MANY_FIELDS: 'TOO_MANY_FIELDS',
  TOO_MANY_ALIASES: 'TOO_MANY_ALIASES',
  TOO_MANY_DIRECTIVES: 'TOO_MANY_DIRECTIVES',
  OPERATION_TOO_DEEP: 'OPERATION_TOO_DEEP',
  OPERATION_TOO_COMPLEX: 'OPERATION_TOO_COMPLEX',
} as const;
export type LimitCode = (typeof LimitCode)[keyof typeof LimitCode];

/** A request whose document is valid and whose operation is known. */
export interface LimitedRequest {
  schema: GraphQLSchema;
  document: DocumentNode;
  operation: OperationDefinitionNode;
  variables: Readonly<Record<string, unknown>>;
  bodyBytes: number;
}

type Refusal = [code: LimitCode, message: string];

function refuseBody({ document, operation, variables, bodyBytes }: LimitedRequest): Refusal | null {
  if (bodyBytes <= LIMITS.bodyBytes) return null;
  const names = rootFieldNames(document, operation);
  if (names.length !== 1 || names[0] !== LONG_MUTATION) {
    return [LimitCode.PAYLOAD_TOO_LARGE, `Only ${LONG_MUTATION} may take more than ${LIMITS.bodyBytes} bytes.`];
  }
  if (!hasLongList(variables)) return null;
  return [
    LimitCode.PAYLOAD_TOO_LARGE,
    `A list may have at most ${LIMITS.listItems} items; fewer where its field says so.`,
  ];
}

function refuseShape({ document, operation }: LimitedRequest): Refusal | null {
  const isMutation = operation.operation === OperationTypeNode.MUTATION;
  if (isMutation && countRootFields(document, operation) > LIMITS.rootMutations) {
    return [LimitCode.TOO_MANY_MUTATIONS, 'One operation makes one mutation; send the others by themselves.'];
  }
  const written = countWritten(document);
  if (written.fields > LIMITS.fields) {
    return [LimitCode.TOO_MANY_FIELDS, `A document may have at most ${LIMITS.fields} fields.`];
  }
  if (written.aliases > LIMITS.aliases) {
    return [LimitCode.TOO_MANY_ALIASES, `A document may have at most ${LIMITS.aliases} aliases.`];
  }
  if (written.directives > LIMITS.directives) {
    return [LimitCode.TOO_MANY_DIRECTIVES, `A document may have at most ${LIMITS.directives} directives.`];
  }
  if (depthOf(document, operation) > LIMITS.depth) {
    return [LimitCode.OPERATION_TOO_DEEP, `An operation may be at most ${LIMITS.depth} fields deep.`];
  }
  return null;
}

/** Below the variables themselves there is an input and its lists. */
const LIST_DEPTH = 3;

function hasLongList(value: unknown, depth = LIST_DEPTH): boolean {
  if (Array.isArray(value)) return value.length > LIMITS.listItems;
  return depth > 0 && isRecord(value) && Object.values(value).some((each) => hasLongList(each, depth - 1));
}

/** Variables in a body of so many bytes can't have so many faults that telling them takes long. */
const FEW_FAULTS_BYTES = 4096;

function firstVariableFault({ schema, operation, variables }: LimitedRequest): string | null {
  const { errors } = getVariableValues(schema, operation.variableDefinitions ?? [], variables, { maxErrors: 1 });
  return errors?.[0]?.message ?? null;
}

/**
 * Bad variables are told by GraphQL itself when it runs the operation. But it prints the whole value for each fault of it, so
 * it must not get at variables with many: what is wrong where, is found out for the answer (variable-errors.ts).
 */
function refuseVariables({ bodyBytes }: LimitedRequest, fault: string): GraphQLError | null {
  if (bodyBytes <= FEW_FAULTS_BYTES) return null;
  const [, name = ''] = VARIABLE_MESSAGE.exec(fault) ?? [];
  const extensions = { code: ApolloServerErrorCode.BAD_USER_INPUT, http: { status: 400 } };
  return new GraphQLError(`Variable "$${name}" has no valid value.`, { extensions });
}

/** Types of variables that costs may depend on. */
const MOVES_COST: ReadonlySet<string> = new Set([GraphQLInt.name, GraphQLString.name, GraphQLBoolean.name]);

const TOO_COMPLEX: Refusal = [
  LimitCode.OPERATION_TOO_COMPLEX,
  `An operation may cost at most ${LIMITS.cost}; ask for fewer fields or smaller pages.`,
];

const toError = ([code, message]: Refusal, status = 400): GraphQLError =>
  new GraphQLError(message, { extensions: { code, http: { status } } });

/** The variables are right; a bad argument would only be told half-way through the operation. */
function explainNoCost(error: unknown): GraphQLError {
  if (!(error instanceof GraphQLError)) throw error;
  if (error.extensions['code'] !== undefined) return error;
  const extensions = { code: ApolloServerErrorCode.BAD_USER_INPUT, http: { status: 400 } };
  return new GraphQLError('An argument has no valid value.', { nodes: error.nodes ?? null, extensions });
}

/**
 * Whether no variables that are right by themselves can change what the operation costs, nor make an argument invalid:
 * pages are counted by Ints and begin at cursors, which are Strings, fields are skipped by Booleans, and only a null can be
 * right for a variable and wrong for its place.
 */
const isCostFixed = ({ variableDefinitions = [] }: OperationDefinitionNode): boolean =>
  variableDefinitions.every(({ type }) => {
    if (type.kind !== Kind.NON_NULL_TYPE || type.type.kind !== Kind.NAMED_TYPE) return false;
    return !MOVES_COST.has(type.type.name.value);
  });

function findCostFault(request: LimitedRequest): GraphQLError | null {
  const { schema, document, operation, variables } = request;
  if (countSelected(document, operation) > LIMITS.selected) return toError(TOO_COMPLEX);
  try {
    return costOf(schema, document, operation, variables) <= LIMITS.cost ? null : toError(TOO_COMPLEX);
  } catch (error) {
    return explainNoCost(error);
  }
}

/**
 * Operations that keep all limits whatever their variables are. Apollo keeps documents, so the same text comes with the
 * same nodes, and is measured once.
 */
const harmless = new WeakSet<OperationDefinitionNode>();

/**
 * The first limit that a request breaks, as the error to answer with its HTTP status; null when it may run.
 * @param servesSubscriptions true at the one address that does
 */
export function findBrokenLimit(request: LimitedRequest, servesSubscriptions = false): GraphQLError | null {
  const body = refuseBody(request);
  if (body !== null) return toError(body, 413);
  if (request.operation.operation === OperationTypeNode.SUBSCRIPTION && !servesSubscriptions) {
    return toError([LimitCode.SUBSCRIPTION_NOT_SUPPORTED, 'Subscriptions are not served at this address.']);
  }
  if (harmless.has(request.operation) && request.bodyBytes <= FEW_FAULTS_BYTES) return null;
  const shape = refuseShape(request);
  if (shape !== null) return toError(shape);
  const wrong = firstVariableFault(request);
  if (wrong !== null) return refuseVariables(request, wrong);
  const fault = findCostFault(request);
  if (fault === null && isCostFixed(request.operation)) harmless.add(request.operation);
  return fault;
}
