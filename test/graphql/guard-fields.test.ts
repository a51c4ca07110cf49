/** Scopes and failures go around resolvers by what the fields say of themselves; one that says nothing must not be served. */
import { buildSchema, GraphQLInt, GraphQLObjectType, GraphQLSchema, type GraphQLFieldConfig } from 'graphql';
import { AppError, ErrorCode } from '../../src/errors';
import type { Principal } from '../../src/auth/principal';
import { Scope } from '../../src/auth/scope';
import type { RequestContext } from '../../src/context';
import { guardFields } from '../../src/graphql/guard-fields';

const contextOf = (...scopes: Scope[]) => ({ principal: { scopes: new Set(scopes) } as Partial<Principal> });

/** What a guarded field answers, or a promise of it. @throws as the field does */
function ask(field: Partial<GraphQLFieldConfig<unknown, RequestContext>>, context: object = contextOf(Scope.KICK)) {
  const fields = { field: { type: GraphQLInt, ...field } };
  const schema = new GraphQLSchema({ query: new GraphQLObjectType({ name: 'Query', fields }) });
  guardFields(schema);
  return schema.getQueryType()!.getFields()['field']!.resolve!({}, {}, context, {} as never);
}

const failure = new AppError(ErrorCode.REJECTED, 'No.');
const onFailure = (error: unknown) => (error === failure ? 'told' : 'else');
const scopes = [Scope.KICK];

describe('a field', () => {
  it('of a root type says who may have it, or there is no schema', () => {
    expect(() => guardFields(buildSchema('type Query { bare: Int }'))).toThrow(/^Who may have Query\.bare\?$/);
    expect(() => ask({ extensions: { onFailure } })).toThrow(/^Who may have Query\.field\?$/);
  });

  it('is not resolved for a caller without its scope, who is not told of it as of a failure', async () => {
    const resolve = jest.fn();
    const extensions = { scopes, onFailure };
    const field = { resolve, extensions };
    await expect(ask(field, contextOf(Scope.READ))).rejects.toThrow('The token lacks the scope users:kick.');
    await expect(ask(field, { principal: null })).rejects.toThrow('A valid bearer token is needed.');
    expect(resolve).not.toHaveBeenCalled();
  });

  it('has what becomes of its failures in their place, at once or later', async () => {
    const extensions = { scopes, onFailure };
    const fail = (): never => {
      throw failure;
    };
    await expect(ask({ resolve: fail, extensions })).resolves.toBe('told');
    await expect(ask({ resolve: async () => fail(), extensions })).resolves.toBe('told');
    await expect(ask({ resolve: async () => 7, extensions })).resolves.toBe(7);
    await expect(ask({ resolve: fail, extensions: { scopes } })).rejects.toBe(failure);
  });
});
