/**
 * What goes around resolvers: who may have a field (`NeedsScope`), and what becomes of its failures (`FailuresAsPayload`,
 * `FailuresAsError`). With type-graphql's own ways, an auth checker and a middleware, a kick waits in eight functions here, and
 * each has to be kept while GenAuth takes its time.
 */
import {
  defaultFieldResolver,
  isObjectType,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLSchema,
} from 'graphql';
import { isPromise } from 'node:util/types';
import { findRefusal } from '../auth/needs-scope';
import type { Scope } from '../auth/scope';
import type { RequestContext } from '../context';

/** Returns what the field has instead, or throws. */
export type OnFailure = (error: unknown, context: RequestContext) => unknown;

/** What the decorators have left in a field's extensions. */
interface Guard {
  scopes?: readonly Scope[];
  onFailure?: OnFailure;
}

type Resolver = GraphQLFieldResolver<unknown, RequestContext>;
type Field = GraphQLField<unknown, RequestContext>;

/** Later, not at once: graphql-js would not go on to the fields behind, whose refusals are to be told and recorded too. */
async function fail(error: unknown): Promise<never> {
  throw error;
}

function guarded(resolve: Resolver, { scopes, onFailure }: Guard): Resolver {
  const ask: Resolver = (root, args, context, info) => {
    try {
      return resolve(root, args, context, info);
    } catch (error) {
      return fail(error);
    }
  };
  return (root, args, context, info) => {
    const refusal = scopes === undefined ? null : findRefusal(context.principal, scopes);
    if (refusal !== null) return fail(refusal);
    const value = ask(root, args, context, info);
    if (onFailure === undefined || !isPromise(value)) return value;
    return value.then(undefined, (error: unknown) => onFailure(error, context));
  };
}

function guardField(field: Field): void {
  const guard: Guard = field.extensions;
  const { resolve, subscribe } = field;
  field.resolve = guarded(resolve ?? defaultFieldResolver, guard);
  if (subscribe !== undefined) field.subscribe = guarded(subscribe, guard);
}

/** @throws when a root type has a field that doesn't say who may have it */
export function guardFields(schema: GraphQLSchema): void {
  const roots: unknown[] = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  for (const type of Object.values(schema.getTypeMap()).filter(isObjectType)) {
    for (const field of Object.values<Field>(type.getFields())) {
      const { scopes, onFailure } = field.extensions;
      if (roots.includes(type) && scopes === undefined) throw new Error(`Who may have ${type.name}.${field.name}?`);
      if (scopes !== undefined || onFailure !== undefined) guardField(field);
    }
  }
}
